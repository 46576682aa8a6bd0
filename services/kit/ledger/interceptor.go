package ledger

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// UnaryInterceptor enters the calls that disclose. An answer without a record,
// and a refusal, disclose nothing.
func UnaryInterceptor(db *sqldb.DB) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		resp, err := handler(ctx, req)
		rule, ok := access.RuleOf(info.FullMethod)
		if err != nil || !ok || !rule.GetDiscloses() {
			return resp, err
		}
		asked := text(req, rule.GetResource())
		reading := Reading{Action: rule.GetAction(), Resource: asked, Records: count(resp, asked)}
		if err := Enter(ctx, db, reading); err != nil {
			return nil, err
		}
		return resp, nil
	}
}

// StreamInterceptor enters a stream that discloses, as one record, before the
// first message of its answer.
func StreamInterceptor(db *sqldb.DB) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		rule, ok := access.RuleOf(info.FullMethod)
		if !ok || !rule.GetDiscloses() {
			return handler(srv, stream)
		}
		return handler(srv, &enteredStream{ServerStream: stream, db: db, field: rule.GetResource(), reading: Reading{Action: rule.GetAction()}})
	}
}

type enteredStream struct {
	grpc.ServerStream
	db      *sqldb.DB
	field   string
	reading Reading
	entered bool
}

// RecvMsg notes what is asked for.
func (s *enteredStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil && s.reading.Resource == "" {
		s.reading.Resource = text(m, s.field)
	}
	return err
}

// SendMsg lets nothing out that is not entered.
func (s *enteredStream) SendMsg(m any) error {
	if !s.entered {
		s.reading.Records = map[string]int{audit.DistrictOf(s.reading.Resource): 1}
		if err := Enter(s.Context(), s.db, s.reading); err != nil {
			return err
		}
		s.entered = true
	}
	return s.ServerStream.SendMsg(m)
}

// count tells how many records of which districts an answer holds: the elements
// of its list, or itself. A record without a name is of the district asked for.
func count(resp any, asked string) map[string]int {
	msg, ok := resp.(proto.Message)
	if !ok {
		return map[string]int{audit.DistrictOf(asked): 1}
	}
	m := msg.ProtoReflect()
	list := listIn(m.Descriptor())
	if list == nil {
		return map[string]int{districtOf(m, asked): 1}
	}
	records := map[string]int{}
	for i := range m.Get(list).List().Len() {
		records[districtOf(m.Get(list).List().Get(i).Message(), asked)]++
	}
	return records
}

// listIn is the list of an answer that is a page of records: its first field
// that repeats a message, in a message that has no name of its own.
func listIn(d protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	if d.Fields().ByName("name") != nil {
		return nil
	}
	for i := range d.Fields().Len() {
		if f := d.Fields().Get(i); f.IsList() && f.Kind() == protoreflect.MessageKind {
			return f
		}
	}
	return nil
}

func districtOf(m protoreflect.Message, asked string) string {
	f := m.Descriptor().Fields().ByName("name")
	if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() || m.Get(f).String() == "" {
		return audit.DistrictOf(asked)
	}
	return audit.DistrictOf(m.Get(f).String())
}

// text reads the field of a request that names the resource.
func text(req any, field string) string {
	msg, ok := req.(proto.Message)
	if !ok || field == "" {
		return ""
	}
	f := msg.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(field))
	if f == nil || f.Kind() != protoreflect.StringKind || f.IsList() {
		return ""
	}
	return msg.ProtoReflect().Get(f).String()
}
