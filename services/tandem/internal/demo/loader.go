package demo

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// together is how many pieces of work of a stage run at once: enough that the
// instance does not wait for us, few enough that it serves others too.
const together = 4

// loader says a State to an instance.
type loader struct {
	*caller
	state  State
	report *report

	items []*assessmentsv1.Item // of the family survey
}

// stage is a number of pieces of work in any order. All of one stage is done
// before the next begins.
type stage struct {
	title string
	work  []piece
}

// piece is some calls that count as size in the progress.
type piece struct {
	size int
	do   func(ctx context.Context) error
}

// each makes a piece of work of every element.
func each[T any](title string, all []T, do func(ctx context.Context, one T) error) stage {
	s := stage{title: title}
	for _, one := range all {
		s.work = append(s.work, piece{1, func(ctx context.Context) error { return do(ctx, one) }})
	}
	return s
}

func (l *loader) play(ctx context.Context, s stage) error {
	total := 0
	for _, p := range s.work {
		total += p.size
	}
	meter := l.report.stage(s.title, total)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(together)
	for _, p := range s.work {
		group.Go(func() error {
			if err := p.do(ctx); err != nil {
				return err
			}
			meter.add(p.size)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	meter.done()
	return nil
}

// prepare finds out which years there are. The first call of a load fixes the
// day: an interrupted one goes on with the years that it began with, however far
// the clock has moved since.
func prepare(ctx context.Context, c *caller, seed uint64) (State, error) {
	var clock struct {
		Now time.Time `json:"now"`
	}
	if err := c.client.Get(ctx, "/dev/clock", nil, &clock); err != nil {
		return State{}, fmt.Errorf("the instance must run in development mode: %w", err)
	}
	first := districtLayouts[0]
	name := "districts/" + first.id
	var district schoolsv1.District
	err := c.get(ctx, firstIdentity, name, nil, &district)
	if restclient.IsReason(err, "RESOURCE_NOT_FOUND") {
		if err = c.create(ctx, firstIdentity, name, "districtId", first.district()); err == nil {
			err = c.get(ctx, firstIdentity, name, nil, &district)
		}
	}
	if err != nil {
		return State{}, err
	}
	return Build(seed, district.GetCreateTime().AsTime()), nil
}

// finished tells whether the last thing that a load does has been done.
func (l *loader) finished(ctx context.Context) (bool, error) {
	last := l.state.Districts[len(l.state.Districts)-1]
	var campaign assessmentsv1.Campaign
	err := l.get(ctx, firstIdentity, l.openCampaign(last).name(), nil, &campaign)
	if restclient.IsReason(err, "RESOURCE_NOT_FOUND") {
		return false, nil
	}
	return campaign.GetState() != assessmentsv1.Campaign_STATE_DRAFT, err
}

// stages of the whole load, year after year.
func (l *loader) stages() []stage {
	s := l.state
	stages := []stage{
		each("school years, districts and schools", []func(context.Context) error{l.years, l.districts}, call),
		each("people and their roles", s.people(), l.person),
		each("partnership teams of all five groups", s.teams(), l.team),
	}
	for _, year := range s.Years {
		stages = append(stages, l.year(year)...)
	}
	return append(stages, each("a survey wave that is open now", []func(context.Context) error{l.openNow}, call))
}

// year is what happens in a school year: it opens, families are asked, teams look
// at themselves and work, and unless it is the current one it closes.
func (l *loader) year(year Year) []stage {
	stages := []stage{each(year.ID+": opens", []Year{year}, l.open)}
	for wave := 1; wave <= year.waves(); wave++ {
		stages = append(stages, l.wave(year, wave))
	}
	stages = append(stages, each(year.ID+": self-assessments", l.assessed(year), func(ctx context.Context, s *School) error {
		return l.selfAssess(ctx, s, year)
	}))
	var journeys []Journey
	for _, j := range l.state.Journeys {
		if j.Year == year {
			journeys = append(journeys, j)
		}
	}
	stages = append(stages, each(year.ID+": journeys", journeys, l.journey))
	if !year.Current {
		stages = append(stages, each(year.ID+": closes", []Year{year}, l.closeYear))
	}
	return stages
}

// call makes a piece of work of a function.
func call(ctx context.Context, do func(context.Context) error) error { return do(ctx) }
