package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"
	"github.com/tandem-badges/tandem/services/kit/page"
	kept "github.com/tandem-badges/tandem/services/kit/records"

	"github.com/tandem-badges/tandem/gateway/internal/records"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

type server struct {
	recordsv1.UnimplementedRecordsServiceServer
	keepers *Keepers
	work    *records.Service
	now     func() time.Time
}

// New returns the service.
func New(k *Keepers, work *records.Service) recordsv1.RecordsServiceServer {
	return &server{keepers: k, work: work, now: work.Clock.Now}
}

// districtIn is the id of a district's name; empty for the state.
func districtIn(name string) string { return strings.TrimPrefix(name, "districts/") }

// ListAuditEntries lists the chain of one service and district.
func (s *server) ListAuditEntries(ctx context.Context, req *recordsv1.ListAuditEntriesRequest) (*recordsv1.ListAuditEntriesResponse, error) {
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	var after int64
	if len(p.After) == 1 {
		if after, err = strconv.ParseInt(p.After[0], 10, 64); err != nil {
			return nil, err
		}
	}
	resp, err := s.keepers.clients[req.GetService()].ReadAudit(ctx, &recordsv1.ReadAuditRequest{
		District: districtIn(req.GetParent()), After: after, Limit: int32(p.Size), Resource: req.GetResource(), //nolint:gosec // at most maxPage
	})
	if err != nil {
		return nil, err
	}
	out := &recordsv1.ListAuditEntriesResponse{AuditEntries: resp.GetEntries()}
	if n := len(out.AuditEntries); n == p.Size {
		out.NextPageToken = p.Next(strconv.FormatInt(out.AuditEntries[n-1].GetSequence(), 10))
	}
	return out, nil
}

// VerifyAuditLog recomputes the chains of all services.
func (s *server) VerifyAuditLog(ctx context.Context, req *recordsv1.VerifyAuditLogRequest) (*recordsv1.VerifyAuditLogResponse, error) {
	district := districtIn(req.GetParent())
	if district == "" {
		district = "-"
	}
	out := &recordsv1.VerifyAuditLogResponse{Intact: true}
	for _, service := range s.keepers.names {
		resp, err := s.keepers.clients[service].VerifyAudit(ctx, &recordsv1.VerifyAuditRequest{District: district})
		if err != nil {
			return nil, err
		}
		out.Chains = append(out.Chains, resp.GetChains()...)
	}
	for _, c := range out.GetChains() {
		out.Intact = out.Intact && c.GetIntact()
	}
	return out, nil
}

// ListDisclosures merges the ledgers of all services, the newest first.
func (s *server) ListDisclosures(ctx context.Context, req *recordsv1.ListDisclosuresRequest) (*recordsv1.ListDisclosuresResponse, error) {
	p, err := page.Parse(req, defaultPage, maxPage)
	if err != nil {
		return nil, err
	}
	ask := &recordsv1.ReadDisclosuresRequest{
		District: districtIn(req.GetParent()), Limit: int32(min(p.Size+1, maxPage)), Subject: req.GetSubject(), Resource: req.GetResource(), //nolint:gosec // at most maxPage
	}
	if len(p.After) == 2 {
		at, err := time.Parse(time.RFC3339Nano, p.After[0])
		if err != nil {
			return nil, err
		}
		ask.Before, ask.BeforeId = timestamppb.New(at), p.After[1]
	}
	out := &recordsv1.ListDisclosuresResponse{}
	for _, service := range s.keepers.names {
		resp, err := s.keepers.clients[service].ReadDisclosures(ctx, ask)
		if err != nil {
			return nil, err
		}
		out.Disclosures = append(out.Disclosures, resp.GetDisclosures()...)
	}
	slices.SortFunc(out.Disclosures, func(a, b *recordsv1.Disclosure) int {
		return cmp.Or(b.GetEventTime().AsTime().Compare(a.GetEventTime().AsTime()), strings.Compare(lastOf(b), lastOf(a)))
	})
	if len(out.Disclosures) > p.Size {
		out.Disclosures = out.Disclosures[:p.Size]
		last := out.Disclosures[p.Size-1]
		out.NextPageToken = p.Next(last.GetEventTime().AsTime().Format(time.RFC3339Nano), lastOf(last))
	}
	return out, nil
}

// lastOf is the id of a disclosure.
func lastOf(d *recordsv1.Disclosure) string {
	return d.GetName()[strings.LastIndexByte(d.GetName(), '/')+1:]
}

// ExportPerson gathers what all services keep about a person.
func (s *server) ExportPerson(ctx context.Context, req *recordsv1.ExportPersonRequest) (*recordsv1.PersonExport, error) {
	out := &recordsv1.PersonExport{Person: req.GetName(), CreateTime: timestamppb.New(s.now())}
	district := ""
	if parent, _, ok := strings.Cut(req.GetName(), "/people/"); ok {
		district = districtIn(parent)
	}
	for _, service := range s.keepers.names {
		resp, err := s.keepers.clients[service].CollectPerson(ctx, &recordsv1.CollectPersonRequest{Person: req.GetName()})
		if err != nil {
			return nil, err
		}
		out.Records = append(out.Records, resp.GetRecords()...)
		read, err := s.keepers.clients[service].ReadDisclosures(ctx, &recordsv1.ReadDisclosuresRequest{
			District: district, Limit: maxPage, Resource: req.GetName(),
		})
		if err != nil {
			return nil, err
		}
		out.Disclosures += int32(len(read.GetDisclosures())) //nolint:gosec // at most maxPage of each
	}
	return out, nil
}

// ExportRecords streams the zip file of a district.
func (s *server) ExportRecords(req *recordsv1.ExportRecordsRequest, stream grpc.ServerStreamingServer[recordsv1.ExportRecordsResponse]) error {
	ctx := stream.Context()
	return s.work.Export(ctx, districtIn(req.GetName()), caller(ctx), func(chunk []byte) error {
		return stream.Send(&recordsv1.ExportRecordsResponse{Chunk: chunk})
	})
}

// ListRetentionRules lists the schedule with what is due in a district.
func (s *server) ListRetentionRules(ctx context.Context, req *recordsv1.ListRetentionRulesRequest) (*recordsv1.ListRetentionRulesResponse, error) {
	out := &recordsv1.ListRetentionRulesResponse{}
	for _, rule := range kept.Schedule() {
		r := &recordsv1.RetentionRule{Id: rule.ID, Title: rule.Title, Keep: durationpb.New(rule.Keep), Starts: rule.Starts, Treatment: "deleted or emptied, table by table"}
		for _, service := range s.keepers.names {
			if req.GetParent() == "" {
				break // counts are a district's own
			}
			d := records.Disposition{Name: req.GetParent() + "/dispositions/-", Kind: kept.Retention, Rule: rule.ID}
			lines, err := s.keepers.Due(ctx, service, d)
			if err != nil {
				return nil, err
			}
			for _, l := range lines {
				r.Due += l.Records
			}
		}
		out.RetentionRules = append(out.RetentionRules, r)
	}
	return out, nil
}
