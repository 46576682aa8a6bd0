package campaign_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// memory is a Store of one district, and a Directory of three schools.
type memory struct {
	campaign.Store
	campaigns map[string]campaign.Campaign
	events    []string
	schools   []campaign.School
}

func newMemory() *memory {
	return &memory{campaigns: map[string]campaign.Campaign{}, schools: []campaign.School{{ID: "elm", Title: "Elm"}, {ID: "fir", Title: "Fir"}, {ID: "oak", Title: "Oak"}}}
}

func (m *memory) Tx(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) }

func (m *memory) AddCampaign(_ context.Context, c campaign.Campaign) error {
	if _, taken := m.campaigns[c.ID]; taken {
		return problem.AlreadyExists(c.Name())
	}
	m.campaigns[c.ID] = c
	return nil
}

func (m *memory) Campaign(_ context.Context, district, id string) (campaign.Campaign, error) {
	c, ok := m.campaigns[id]
	if !ok {
		return c, problem.NotFound(campaign.Name(district, id))
	}
	return c, nil
}

func (m *memory) Waves(_ context.Context, _, _, cycle string, wave int) (out []campaign.Campaign, _ error) {
	for _, c := range m.campaigns {
		if c.Cycle == cycle && c.Wave == wave {
			out = append(out, c)
		}
	}
	return out, nil
}

func (m *memory) SaveCampaign(_ context.Context, c campaign.Campaign) error {
	if m.campaigns[c.ID].Version != c.Version-1 {
		return problem.Stale(c.Name())
	}
	m.campaigns[c.ID] = c
	return nil
}

func (m *memory) Opened(_ context.Context, c campaign.Campaign) error {
	m.events = append(m.events, "opened "+c.ID)
	return nil
}

func (m *memory) Closed(_ context.Context, c campaign.Campaign) error {
	m.events = append(m.events, "closed "+c.ID)
	return nil
}

func (m *memory) Schools(context.Context, string) ([]campaign.School, error) { return m.schools, nil }
func (m *memory) HasDistrict(context.Context, string) (bool, error)          { return true, nil }
func (m *memory) HasCycle(context.Context, string) (bool, error)             { return true, nil }

func (m *memory) DistrictTitle(context.Context, string) (string, error) {
	return "Pine County Schools", nil
}

func (m *memory) Edition(context.Context, string, string) (instrument.Version, error) {
	return instrument.Version{State: edition.Published, Body: instrument.Body{FrameworkVersion: "frameworks/f/versions/1"}}, nil
}

func moment() time.Time { return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC) }

func service(m *memory) *campaign.Service {
	return campaign.NewService(m, m, m, clock.NewFake(moment()))
}

func plan(id string, wave int, schools ...string) campaign.Campaign {
	c := campaign.Campaign{District: "d1", ID: id, Title: "Fall", InstrumentVersion: "instruments/i/versions/1", Cycle: "cycles/2026", Wave: wave, Mode: campaign.Token}
	for _, s := range schools {
		c.Schools = append(c.Schools, campaign.School{ID: s})
	}
	return c
}

// TestNoPathLeadsBackOrAsksTwice makes random calls, and holds after each that
// states only go forward, frozen fields stay, and no school is asked twice.
func TestNoPathLeadsBackOrAsksTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		s := service(m)
		ctx := context.Background()
		before := map[string]campaign.Campaign{}
		pick := rapid.SampledFrom([]string{"a", "b", "c"})
		schools := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"elm", "fir", "oak"}), 0, 3, rapid.ID)
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				_, _ = s.Create(ctx, plan(pick.Draw(t, "id"), rapid.IntRange(0, 2).Draw(t, "wave"), schools.Draw(t, "schools")...))
			},
			"update": func(t *rapid.T) {
				_, _ = s.Update(ctx, "d1", pick.Draw(t, "id"), "", func(c *campaign.Campaign) error {
					c.Title, c.Wave = "New", rapid.IntRange(1, 2).Draw(t, "wave")
					c.Schools = plan("", 1, schools.Draw(t, "schools")...).Schools
					return nil
				})
			},
			"open":  func(t *rapid.T) { _, _ = s.Open(ctx, "d1", pick.Draw(t, "id"), "") },
			"close": func(t *rapid.T) { _, _ = s.Close(ctx, "d1", pick.Draw(t, "id"), "") },
			"": func(t *rapid.T) {
				for id, c := range m.campaigns {
					checkStep(t, before[id], c)
					for other, o := range m.campaigns {
						if other != id && o.Wave == c.Wave && c.Overlaps(o) {
							t.Fatalf("%s and %s ask the same families in wave %d", id, other, c.Wave)
						}
					}
					before[id] = c
				}
				if len(m.events) != len(slices.Compact(slices.Sorted(slices.Values(m.events)))) {
					t.Fatalf("an event came twice: %v", m.events)
				}
			},
		})
	})
}

func checkStep(t *rapid.T, before, after campaign.Campaign) {
	if before.Version == 0 {
		return
	}
	if after.State < before.State || after.State > before.State+1 {
		t.Fatalf("from state %d to %d", before.State, after.State)
	}
	if before.State == campaign.Draft {
		return
	}
	after.Title, after.Version, after.State, after.UpdateTime, after.CloseTime = before.Title, before.Version, before.State, before.UpdateTime, before.CloseTime
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Fatalf("frozen at opening: %v became %v", before, after)
	}
}

func TestOpeningFreezesTheSchoolsWithTheirTitles(t *testing.T) {
	m := newMemory()
	s := service(m)
	_, err := s.Create(t.Context(), plan("all", 1))
	require.NoError(t, err)
	c, err := s.Open(t.Context(), "d1", "all", "")
	require.NoError(t, err)
	require.Equal(t, m.schools, c.Schools)
	require.False(t, c.AllSchools, "a school that comes later is not asked")
	require.Equal(t, []string{"opened all"}, m.events)
}

func TestASchoolThatClosedMeanwhileKeepsACampaignFromOpening(t *testing.T) {
	m := newMemory()
	s := service(m)
	_, err := s.Create(t.Context(), plan("two", 1, "elm", "oak"))
	require.NoError(t, err)
	m.schools = m.schools[:1]
	_, err = s.Open(t.Context(), "d1", "two", "")
	p, ok := problem.As(err)
	require.True(t, ok)
	require.Equal(t, problem.ReasonNotEligible, p.Reason)
	require.Equal(t, "schools_are_open", p.Violations[0].Rule)
}

func TestWhoSeesACampaign(t *testing.T) {
	oak, all := plan("oak", 1, "oak"), campaign.Campaign{AllSchools: true}
	require.True(t, campaign.Viewer{All: true}.Sees(oak))
	require.True(t, campaign.Viewer{Schools: []string{"elm", "oak"}}.Sees(oak))
	require.False(t, campaign.Viewer{Schools: []string{"elm"}}.Sees(oak))
	require.True(t, campaign.Viewer{Schools: []string{"elm"}}.Sees(all))
	require.False(t, campaign.Viewer{}.Sees(all))
}
