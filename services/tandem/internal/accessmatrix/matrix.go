// Package accessmatrix says who may call what, for every RPC of the platform.
//
// It is made from the descriptors linked into the program: every RPC, tried by
// every kind of caller (each role on the state, on a district and on a school;
// machines by scope; services; somebody without a role; nobody) on every place a
// caller can stand to (their own school and district, the school beside, another
// district with the same ids, the state). Rows asks the same interceptor that
// guards the servers. A committed table (testdata/matrix.csv) is the expected
// answer, to be read and signed off; an RPC without a line in it fails the build.
//
// The end-to-end tests play the same rows over REST (Request and Places), and the
// reports for procurement are written from them (WriteCSV, WriteHTML).
package accessmatrix

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	// Every RPC of these services is a row.
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/dev/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"
	_ "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Outcome is what a caller meets.
type Outcome string

// The outcomes, as the table spells them.
const (
	Yes       Outcome = "yes"
	NoPeople  Outcome = "no people" // may read, every personal field is empty
	Refused   Outcome = "refused"   // sees that it exists, and may not
	Hidden    Outcome = "hidden"    // answered like what never existed
	SignIn    Outcome = "sign in"   // nobody knows who calls
	NotPlaced Outcome = "-"         // the RPC is about no place of the tree
)

// RPC is one RPC with its rule.
type RPC struct {
	Method protoreflect.MethodDescriptor
	Rule   *accessv1.Rule
}

// Name is the RPC as the API calls it, without the common prefix.
func (r RPC) Name() string { return strings.TrimPrefix(string(r.Method.FullName()), "tandem.") }

func (r RPC) fullMethod() string {
	return "/" + string(r.Method.Parent().FullName()) + "/" + string(r.Method.Name())
}

// RPCs lists every RPC of the platform, by name.
func RPCs() []RPC {
	var all []RPC
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "tandem.") || file.Package() == "tandem.echo.v1" {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				rule, _ := proto.GetExtension(methods.Get(j).Options(), accessv1.E_Rule).(*accessv1.Rule)
				all = append(all, RPC{methods.Get(j), rule})
			}
		}
		return true
	})
	slices.SortFunc(all, func(a, b RPC) int { return strings.Compare(a.Name(), b.Name()) })
	return all
}

// Row is an RPC, a caller, and what the caller meets at each of Places.
type Row struct {
	RPC      RPC
	Caller   Caller
	Outcomes []Outcome
}

// Rows tries every RPC as every caller at every place.
func Rows() ([]Row, error) {
	places := Places()
	callers := Callers()
	var rows []Row
	for _, rpc := range RPCs() {
		requests := make([]proto.Message, len(places))
		for i, place := range places {
			request, err := Request(rpc, place.Node)
			if err != nil {
				return nil, err
			}
			requests[i] = request
		}
		for _, caller := range callers {
			row := Row{RPC: rpc, Caller: caller}
			for i, place := range places {
				outcome, err := try(rpc, caller, requests[i], place)
				if err != nil {
					return nil, fmt.Errorf("%s by %s at %s: %w", rpc.Name(), caller.Name, place.Name, err)
				}
				row.Outcomes = append(row.Outcomes, outcome)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Request is an empty request that names a resource at the node, in the field that
// the rule of the RPC names.
func Request(rpc RPC, node string) (proto.Message, error) {
	request := dynamicpb.NewMessage(rpc.Method.Input())
	path := rpc.Rule.GetResource()
	if path == "" {
		return request, nil
	}
	at := request.ProtoReflect()
	fields := strings.Split(path, ".")
	for _, name := range fields[:len(fields)-1] {
		field := at.Descriptor().Fields().ByName(protoreflect.Name(name))
		if field == nil || field.Message() == nil {
			return nil, fmt.Errorf("%s: its rule names the field %s, which is not there", rpc.Name(), path)
		}
		at = at.Mutable(field).Message()
	}
	field := at.Descriptor().Fields().ByName(protoreflect.Name(fields[len(fields)-1]))
	if field == nil || field.Kind() != protoreflect.StringKind {
		return nil, fmt.Errorf("%s: its rule names the field %s, which is not there", rpc.Name(), path)
	}
	name := protoreflect.ValueOfString(strings.TrimPrefix(node+"/things/t", "/"))
	if field.IsList() {
		at.Mutable(field).List().Append(name)
		return request, nil
	}
	at.Set(field, name)
	return request, nil
}

// try asks the interceptor of the servers.
func try(rpc RPC, caller Caller, request proto.Message, place Place) (Outcome, error) {
	if rpc.Rule.GetResource() == "" && place.Node != "" {
		return NotPlaced, nil
	}
	ctx := context.Background()
	if !caller.Nobody {
		ctx = access.WithIdentity(ctx, caller.Identity)
	}
	_, err := access.UnaryInterceptor(nil)(ctx, request, &grpc.UnaryServerInfo{FullMethod: rpc.fullMethod()},
		func(context.Context, any) (any, error) { return nil, nil })
	switch {
	case err == nil:
		return shown(ctx, rpc, caller, place)
	case problem.Is(err, problem.KindDenied):
		return Refused, nil
	case problem.Is(err, problem.KindNotFound):
		return Hidden, nil
	case problem.Is(err, problem.KindUnauthenticated):
		return SignIn, nil
	default:
		return "", err
	}
}

// shown tells whether an allowed caller is shown people.
func shown(ctx context.Context, rpc RPC, caller Caller, place Place) (Outcome, error) {
	why, err := access.Explain(ctx, caller.Identity, rpc.Rule.GetAction(), place.Node, time.Now())
	if err != nil {
		return "", err
	}
	if why.Deidentified {
		return NoPeople, nil
	}
	return Yes, nil
}
