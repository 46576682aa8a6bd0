package api

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/mask"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

type cycles struct {
	schoolsv1.UnimplementedCyclesServiceServer
	cycles cycle.Service
}

// CreateCycle plans a cycle.
func (s *cycles) CreateCycle(ctx context.Context, req *schoolsv1.CreateCycleRequest) (*schoolsv1.Cycle, error) {
	c, err := s.cycles.Create(ctx, req.GetCycleId(), cycleFields(req.GetCycle()))
	return answer(c, err, cycleOut)
}

// GetCycle reads one cycle.
func (s *cycles) GetCycle(ctx context.Context, req *schoolsv1.GetCycleRequest) (*schoolsv1.Cycle, error) {
	return read(ctx, req.GetName(), cycleForm, s.cycles.Get, cycleOut)
}

// ListCycles lists the cycles, the newest first.
func (s *cycles) ListCycles(ctx context.Context, req *schoolsv1.ListCyclesRequest) (*schoolsv1.ListCyclesResponse, error) {
	rows, next, err := list(req, func(r record.Range) ([]cycle.Cycle, error) { return s.cycles.List(ctx, r) },
		func(c cycle.Cycle) []string { return []string{c.StartDate, c.Name} }, cycleOut)
	return &schoolsv1.ListCyclesResponse{Cycles: rows, NextPageToken: next}, err
}

// UpdateCycle changes the fields of the update mask.
func (s *cycles) UpdateCycle(ctx context.Context, req *schoolsv1.UpdateCycleRequest) (*schoolsv1.Cycle, error) {
	in := req.GetCycle()
	if err := checkName("cycle.name", in.GetName(), cycleForm); err != nil {
		return nil, err
	}
	change, err := mask.Change(req.GetUpdateMask(), in, []string{"title", "start_date", "end_date", "terms", "windows"},
		func(f cycle.Fields) *schoolsv1.Cycle { return cycleOut(cycle.Cycle{Fields: f}) }, cycleFields)
	if err != nil {
		return nil, err
	}
	c, err := s.cycles.Update(ctx, in.GetName(), in.GetEtag(), change)
	return answer(c, err, cycleOut)
}

// OpenCycle opens a planned cycle.
func (s *cycles) OpenCycle(ctx context.Context, req *schoolsv1.OpenCycleRequest) (*schoolsv1.Cycle, error) {
	if err := checkName("name", req.GetName(), cycleForm); err != nil {
		return nil, err
	}
	c, err := s.cycles.Open(ctx, req.GetName(), req.GetEtag())
	return answer(c, err, cycleOut)
}

// CloseCycle closes an open cycle.
func (s *cycles) CloseCycle(ctx context.Context, req *schoolsv1.CloseCycleRequest) (*schoolsv1.Cycle, error) {
	if err := checkName("name", req.GetName(), cycleForm); err != nil {
		return nil, err
	}
	c, err := s.cycles.Close(ctx, req.GetName(), req.GetEtag())
	return answer(c, err, cycleOut)
}

func cycleFields(c *schoolsv1.Cycle) cycle.Fields {
	f := cycle.Fields{Title: c.GetTitle(), StartDate: c.GetStartDate(), EndDate: c.GetEndDate()}
	for _, t := range c.GetTerms() {
		f.Terms = append(f.Terms, cycle.Term{Title: t.GetTitle(), StartDate: t.GetStartDate(), EndDate: t.GetEndDate()})
	}
	for _, w := range c.GetWindows() {
		f.Windows = append(f.Windows, cycle.Window{
			Phase: wire.ToPhase(w.GetPhase()), Start: moment(w.GetStartTime()), End: moment(w.GetEndTime()),
		})
	}
	return f
}

// moment cuts to what both databases keep.
func moment(t *timestamppb.Timestamp) time.Time { return t.AsTime().Truncate(time.Microsecond) }

func cycleOut(c cycle.Cycle) *schoolsv1.Cycle {
	out := &schoolsv1.Cycle{
		Name: c.Name, Title: c.Title, StartDate: c.StartDate, EndDate: c.EndDate,
		State:      schoolsv1.Cycle_State(schoolsv1.Cycle_State_value["STATE_"+strings.ToUpper(string(c.State))]),
		CreateTime: stamp(c.Created), UpdateTime: stamp(c.Updated), Etag: tagOf(c.Meta),
	}
	for _, t := range c.Terms {
		out.Terms = append(out.Terms, &schoolsv1.Term{Title: t.Title, StartDate: t.StartDate, EndDate: t.EndDate})
	}
	for _, w := range c.Windows {
		out.Windows = append(out.Windows, &schoolsv1.Window{Phase: wire.Phase(w.Phase), StartTime: stamp(w.Start), EndTime: stamp(w.End)})
	}
	return out
}
