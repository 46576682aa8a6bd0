package api

import (
	"context"
	"strconv"
	"strings"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Patterns of the names of roll-ups.
const (
	stateReleasePattern = "releases/{release}"
	stateTablePattern   = stateReleasePattern + "/tables/{table}"
	tablePattern        = releasePattern + "/tables/{table}"
	cyclePattern        = "cycles/{cycle}"
	askedPattern        = "instruments/{instrument}"
	releaseOperation    = "releaseOperations/{operation}"
)

type rollUps struct {
	assessmentsv1.UnimplementedRollUpsServiceServer
	domain    *rollup.Service
	results   *result.Service
	publisher Publisher
	labels    labels
}

// GetStateRelease reads one statewide release.
func (s *rollUps) GetStateRelease(ctx context.Context, req *assessmentsv1.GetStateReleaseRequest) (*assessmentsv1.StateRelease, error) {
	var id string
	if err := parse("name", req.GetName(), stateReleasePattern, &id); err != nil {
		return nil, err
	}
	r, err := s.domain.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return EncodeStateRelease(r), nil
}

// ListStateReleases lists the statewide releases, the newest first.
func (s *rollUps) ListStateReleases(ctx context.Context, req *assessmentsv1.ListStateReleasesRequest) (*assessmentsv1.ListStateReleasesResponse, error) {
	list, next, err := pageOf(req, func(after []string, limit int) ([]rollup.Release, error) {
		p := decodePosition(after)
		return s.domain.List(ctx, rollup.Position{CreateTime: p.CreateTime, ID: p.ID}, limit)
	}, func(r rollup.Release) []string {
		return []string{strconv.FormatInt(r.CreateTime.UnixMicro(), 10), r.ID}
	}, EncodeStateRelease)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListStateReleasesResponse{StateReleases: list, NextPageToken: next}, nil
}

// PublishStatewide begins to publish a wave for the whole state.
func (s *rollUps) PublishStatewide(ctx context.Context, req *assessmentsv1.PublishStatewideRequest) (*longrunningpb.Operation, error) {
	w := rollup.Wave{Cycle: req.GetCycle(), Number: int(req.GetWave())}
	if err := parse("instrument", req.GetInstrument(), askedPattern, &w.Instrument); err != nil {
		return nil, err
	}
	var cycle string
	if err := parse("cycle", req.GetCycle(), cyclePattern, &cycle); err != nil {
		return nil, err
	}
	return s.publisher.StartStatewide(ctx, w)
}

// GetStatewideOperation reads the progress or outcome of a statewide publication.
func (s *rollUps) GetStatewideOperation(ctx context.Context, req *assessmentsv1.GetStatewideOperationRequest) (*longrunningpb.Operation, error) {
	var id string
	if err := parse("name", req.GetName(), releaseOperation, &id); err != nil {
		return nil, err
	}
	return s.publisher.Get(ctx, req.GetName())
}

// GetStateTable reads one table of a statewide release.
func (s *rollUps) GetStateTable(ctx context.Context, req *assessmentsv1.GetStateTableRequest) (*assessmentsv1.ResultTable, error) {
	var id, table string
	if err := parse("name", req.GetName(), stateTablePattern, &id, &table); err != nil {
		return nil, err
	}
	page, err := s.statePage(ctx, id, table)
	if err != nil {
		return nil, err
	}
	return encodeTable("releases/"+id, page), nil
}

func (s *rollUps) statePage(ctx context.Context, id, table string) (rollup.Page, error) {
	r, err := s.domain.Get(ctx, id)
	if err != nil {
		return rollup.Page{}, err
	}
	w := rollup.Wave{Instrument: strings.TrimPrefix(r.Instrument, "instruments/"), Cycle: r.Cycle, Number: r.Wave}
	return s.domain.Table(ctx, tenant.State, id, table, w, r.InstrumentVersion)
}

// ListStateTables lists the tables of a statewide release in short.
func (s *rollUps) ListStateTables(ctx context.Context, req *assessmentsv1.ListStateTablesRequest) (*assessmentsv1.ListStateTablesResponse, error) {
	var id string
	if err := parse("parent", req.GetParent(), stateReleasePattern, &id); err != nil {
		return nil, err
	}
	if _, err := s.domain.Get(ctx, id); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]rollup.Line, error) {
		return s.domain.Lines(ctx, tenant.State, id, rollup.Select{Under: req.GetUnder(), Level: rollup.Level(req.GetLevel()), After: first(after), Limit: limit})
	}, lineKey, encodeLine("releases/"+id))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListStateTablesResponse{Tables: list, NextPageToken: next}, nil
}

func lineKey(l rollup.Line) []string { return []string{l.Table} }

// GetResultTable reads one table of a district's release.
func (s *rollUps) GetResultTable(ctx context.Context, req *assessmentsv1.GetResultTableRequest) (*assessmentsv1.ResultTable, error) {
	var district, id, table string
	if err := parse("name", req.GetName(), tablePattern, &district, &id, &table); err != nil {
		return nil, err
	}
	page, err := s.resultPage(ctx, district, id, table, "resultTables.get")
	if err != nil {
		return nil, err
	}
	return encodeTable(result.ReleaseName(district, id), page), nil
}

func (s *rollUps) resultPage(ctx context.Context, district, id, table, action string) (rollup.Page, error) {
	c, err := s.results.CampaignOf(ctx, district, id, viewer(ctx, district, action))
	if err != nil {
		return rollup.Page{}, err
	}
	return s.domain.Table(ctx, district, id, table, rollup.WaveOf(c), c.InstrumentVersion)
}

// ListResultTables lists the tables of a district's release in short.
func (s *rollUps) ListResultTables(ctx context.Context, req *assessmentsv1.ListResultTablesRequest) (*assessmentsv1.ListResultTablesResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), releasePattern, &district, &id); err != nil {
		return nil, err
	}
	if _, err := s.results.CampaignOf(ctx, district, id, viewer(ctx, district, "resultTables.list")); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]rollup.Line, error) {
		return s.domain.Lines(ctx, district, id, rollup.Select{Under: req.GetUnder(), Level: rollup.Level(req.GetLevel()), After: first(after), Limit: limit})
	}, lineKey, encodeLine(result.ReleaseName(district, id)))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListResultTablesResponse{Tables: list, NextPageToken: next}, nil
}

// AuditRelease computes anew how closely hidden counts can be known.
func (s *rollUps) AuditRelease(ctx context.Context, req *assessmentsv1.AuditReleaseRequest) (*assessmentsv1.ReleaseAudit, error) {
	district, id := tenant.State, ""
	if strings.HasPrefix(req.GetName(), "releases/") {
		if err := parse("name", req.GetName(), stateReleasePattern, &id); err != nil {
			return nil, err
		}
		if _, err := s.domain.Get(ctx, id); err != nil {
			return nil, err
		}
	} else {
		if err := parse("name", req.GetName(), releasePattern, &district, &id); err != nil {
			return nil, err
		}
		if _, err := s.results.CampaignOf(ctx, district, id, viewer(ctx, district, "releases.audit")); err != nil {
			return nil, err
		}
	}
	found, err := s.domain.Audit(ctx, district, id)
	if err != nil {
		return nil, err
	}
	return encodeAudit(found), nil
}
