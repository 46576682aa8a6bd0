package records

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/ledger"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	pageSize = 1000
	piece    = 256 << 10 // bytes of a message of an export
)

// Register serves a keeper to the gateway.
func Register(to grpc.ServiceRegistrar, k *Keeper) {
	recordsv1.RegisterRecordKeeperServiceServer(to, &server{keeper: k})
}

type server struct {
	recordsv1.UnimplementedRecordKeeperServiceServer
	keeper *Keeper
}

// chain is the district id under which a chain is kept.
func chain(district string) string {
	if district == "" {
		return tenant.State
	}
	return district
}

// everything is for readers whose right the gateway has checked.
func everything(ctx context.Context) context.Context {
	return tenant.Everything(ctx, "the gateway has checked who may see the records of this district")
}

// ReadAudit reads a part of one chain.
func (s *server) ReadAudit(ctx context.Context, req *recordsv1.ReadAuditRequest) (*recordsv1.ReadAuditResponse, error) {
	entries, err := audit.List(everything(ctx), s.keeper.DB, audit.Query{
		District: chain(req.GetDistrict()), After: req.GetAfter(), Resource: req.GetResource(), Limit: bounded(req.GetLimit()),
	})
	if err != nil {
		return nil, err
	}
	resp := &recordsv1.ReadAuditResponse{}
	for _, e := range entries {
		resp.Entries = append(resp.Entries, Entry(e))
	}
	return resp, nil
}

// Entry is the message of an entry.
func Entry(e audit.Entry) *recordsv1.AuditEntry {
	name := fmt.Sprintf("auditEntries/%s-%d", e.Service, e.Sequence)
	if e.District != tenant.State {
		name = "districts/" + e.District + "/" + name
	}
	return &recordsv1.AuditEntry{
		Name: name, Service: e.Service, Sequence: e.Sequence, EventTime: timestamppb.New(e.Time), Actor: e.Actor, OnBehalfOf: e.OnBehalfOf,
		Action: e.Action, Resource: e.Resource, BeforeDigest: e.BeforeDigest, AfterDigest: e.AfterDigest, ReasonDigest: e.ReasonDigest,
		RequestId: e.RequestID, PreviousHash: e.PreviousHash, Hash: e.Hash,
	}
}

// VerifyAudit recomputes one chain, or all.
func (s *server) VerifyAudit(ctx context.Context, req *recordsv1.VerifyAuditRequest) (*recordsv1.VerifyAuditResponse, error) {
	ctx = everything(ctx)
	var chains []audit.Chain
	var err error
	if req.GetDistrict() == "-" {
		chains, err = audit.VerifyAll(ctx, s.keeper.DB, nil)
	} else {
		var c audit.Chain
		c, err = audit.Verify(ctx, s.keeper.DB, chain(req.GetDistrict()), audit.Head{})
		chains = []audit.Chain{c}
	}
	if err != nil {
		return nil, err
	}
	resp := &recordsv1.VerifyAuditResponse{}
	for _, c := range chains {
		resp.Chains = append(resp.Chains, s.chain(c))
	}
	return resp, nil
}

func (s *server) chain(c audit.Chain) *recordsv1.AuditChain {
	district := c.District
	if district == tenant.State {
		district = ""
	}
	return &recordsv1.AuditChain{
		Service: s.keeper.DB.Schema(), District: district, Entries: c.Entries, Head: c.Head.Hash, Intact: c.Intact,
		FirstBroken: c.FirstBroken, Problem: c.Problem, Unchained: c.Waiting,
	}
}

// ReadDisclosures reads a part of the ledger.
func (s *server) ReadDisclosures(ctx context.Context, req *recordsv1.ReadDisclosuresRequest) (*recordsv1.ReadDisclosuresResponse, error) {
	q := ledger.Query{
		District: chain(req.GetDistrict()), BeforeID: req.GetBeforeId(), Limit: bounded(req.GetLimit()),
		Subject: req.GetSubject(), Resource: req.GetResource(),
	}
	if req.GetBefore() != nil {
		q.Before = req.GetBefore().AsTime()
	}
	found, err := ledger.List(everything(ctx), s.keeper.DB, q)
	if err != nil {
		return nil, err
	}
	resp := &recordsv1.ReadDisclosuresResponse{}
	for _, d := range found {
		resp.Disclosures = append(resp.Disclosures, s.disclosure(d))
	}
	return resp, nil
}

func (s *server) disclosure(d ledger.Disclosure) *recordsv1.Disclosure {
	name := "disclosures/" + d.ID
	if d.District != tenant.State {
		name = "districts/" + d.District + "/" + name
	}
	return &recordsv1.Disclosure{
		Name: name, Service: s.keeper.DB.Schema(), EventTime: timestamppb.New(d.Time), Subject: d.Subject, Action: d.Action,
		Resource: d.Resource, Records: int32(d.Records), Purpose: d.Purpose, RequestId: d.RequestID, //nolint:gosec // records of one answer
	}
}

// CollectPerson returns the rows about a person.
func (s *server) CollectPerson(ctx context.Context, req *recordsv1.CollectPersonRequest) (*recordsv1.CollectPersonResponse, error) {
	found, err := s.keeper.Collect(ctx, req.GetPerson())
	if err != nil {
		return nil, err
	}
	resp := &recordsv1.CollectPersonResponse{}
	for _, r := range found {
		data, err := structpb.NewStruct(r.Row)
		if err != nil {
			return nil, fmt.Errorf("row of %s: %w", r.Table, err)
		}
		resp.Records = append(resp.Records, &recordsv1.PersonRecord{
			Service: s.keeper.DB.Schema(), Kind: r.Table, Resource: r.Resource, Data: data,
		})
	}
	return resp, nil
}

// CountDue counts what a disposition would delete.
func (s *server) CountDue(ctx context.Context, req *recordsv1.CountDueRequest) (*recordsv1.CountDueResponse, error) {
	lines, err := s.keeper.Due(ctx, Scope{
		Kind: Kind(req.GetKind()), District: req.GetDistrict(), Rule: req.GetRule(), Person: req.GetPerson(),
	})
	if err != nil {
		return nil, err
	}
	return &recordsv1.CountDueResponse{Lines: s.lines(lines)}, nil
}

// Dispose deletes it.
func (s *server) Dispose(ctx context.Context, req *recordsv1.DisposeRequest) (*recordsv1.DisposeResponse, error) {
	lines, err := s.keeper.Dispose(ctx, Scope{
		Kind: Kind(req.GetKind()), District: req.GetDistrict(), Rule: req.GetRule(), Person: req.GetPerson(),
	}, req.GetDisposition())
	if err != nil {
		return nil, err
	}
	return &recordsv1.DisposeResponse{Lines: s.lines(lines)}, nil
}

func (s *server) lines(lines []Line) (out []*recordsv1.DispositionLine) {
	for _, l := range lines {
		out = append(out, &recordsv1.DispositionLine{
			Service: s.keeper.DB.Schema(), Kind: l.Table, Records: l.Records, Treatment: string(l.Treatment),
		})
	}
	return out
}

// ExportDistrict streams all rows of a district, then its files. Messages of one
// table, or of one file, follow each other.
func (s *server) ExportDistrict(req *recordsv1.ExportDistrictRequest, stream grpc.ServerStreamingServer[recordsv1.ExportDistrictResponse]) error {
	out := &exporter{stream: stream}
	err := s.keeper.Export(stream.Context(), req.GetDistrict(), func(r Record) error {
		line, err := json.Marshal(r.Row)
		if err != nil {
			return err
		}
		return out.add(r.Table, append(line, '\n'))
	})
	if err != nil {
		return err
	}
	if err := out.flush(); err != nil {
		return err
	}
	for _, t := range s.keeper.Declaration.Tables {
		if t.Withheld != "" {
			if err := stream.Send(&recordsv1.ExportDistrictResponse{Table: t.Name, Withheld: t.Withheld}); err != nil {
				return err
			}
		}
	}
	if s.keeper.Declaration.Files == nil {
		return nil
	}
	return s.keeper.Declaration.Files.Each(stream.Context(), req.GetDistrict(), func(digest string, content io.Reader) error {
		return out.copy("blobs/"+digest, content)
	})
}

// exporter gathers lines of one table into messages of a bounded size.
type exporter struct {
	stream grpc.ServerStreamingServer[recordsv1.ExportDistrictResponse]
	table  string
	buffer bytes.Buffer
}

func (e *exporter) add(table string, line []byte) error {
	if table != e.table || e.buffer.Len()+len(line) > piece {
		if err := e.flush(); err != nil {
			return err
		}
	}
	e.table = table
	e.buffer.Write(line)
	return nil
}

func (e *exporter) flush() error {
	if e.buffer.Len() == 0 {
		return nil
	}
	defer e.buffer.Reset()
	return e.stream.Send(&recordsv1.ExportDistrictResponse{Table: e.table, Data: e.buffer.Bytes()})
}

func (e *exporter) copy(name string, content io.Reader) error {
	buffer := make([]byte, piece)
	for {
		n, err := io.ReadFull(content, buffer)
		if n > 0 {
			if err := e.stream.Send(&recordsv1.ExportDistrictResponse{Table: name, Data: buffer[:n]}); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func bounded(limit int32) int {
	if limit <= 0 || limit > pageSize {
		return pageSize
	}
	return int(limit)
}
