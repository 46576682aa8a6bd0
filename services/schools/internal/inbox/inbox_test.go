package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/eligibility"
	"github.com/tandem-badges/tandem/services/schools/internal/inbox"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

const (
	school      = schoolstest.School
	ourTeam     = schoolstest.Team
	j1          = ourTeam + "/journeys/j1"
	unknown     = ourTeam + "/journeys/none"
	artifact    = school + "/artifacts/a"
	application = school + "/applications/a"
	award       = school + "/awards/w"
	edition     = "badgeDefinitions/b/versions/v1"
	year        = "cycles/c"
	framework   = "frameworks/f/versions/1"
)

// handlers is what is registered, by the type of the event.
type handlers map[string]func(context.Context, bus.Event) error

// On implements inbox.Registry.
func (h handlers) On(msg proto.Message, handle func(context.Context, bus.Event) error) {
	h[string(proto.MessageName(msg))] = handle
}

// rig is the handlers over a world with one journey.
type rig struct {
	*schoolstest.World
	on handlers
}

func newRig(t *testing.T, p phase.Phase) *rig {
	t.Helper()
	r := &rig{World: schoolstest.New(t), on: handlers{}}
	r.begin(t, j1, p)
	inbox.Register(r.on, r.Store, journey.Service{Store: r.Store, Clock: r.Clock})
	return r
}

func (r *rig) begin(t *testing.T, name string, p phase.Phase) {
	t.Helper()
	require.NoError(t, r.Store.InsertJourney(kittest.All(t), journey.Journey{
		Name: name, Cycle: year, FrameworkVersion: framework, Phase: p, Meta: record.NewMeta(r.Clock.Now()),
	}))
}

// told is an event of another service, n hours after the start.
type told struct {
	hour int
	msg  proto.Message
}

func at(hour int) time.Time { return kittest.Start().Add(time.Duration(hour) * time.Hour) }

// apply applies events as the inbox does: each in a transaction.
func (r *rig) apply(t require.TestingT, ctx context.Context, events ...told) error {
	for _, e := range events {
		data, err := proto.Marshal(e.msg)
		require.NoError(t, err)
		kind := string(proto.MessageName(e.msg))
		require.Contains(t, r.on, kind)
		err = r.Store.Tx(ctx, func(ctx context.Context) error {
			return r.on[kind](ctx, bus.Event{Type: kind, Time: at(e.hour), Data: data})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) journey(t *testing.T) journey.Journey {
	t.Helper()
	j, err := r.Store.Journey(kittest.All(t), j1)
	require.NoError(t, err)
	return j
}

func result(hour int, sufficient bool) told {
	return told{hour, &assessmentsv1.ResultsReleased{
		Name: school + "/results/r", Release: "districts/d/releases/r", Campaign: "districts/d/campaigns/c", Cycle: year, Wave: 2,
		FrameworkVersion: framework, Sufficient: sufficient,
	}}
}

func settled(hour int) told {
	return told{hour, &assessmentsv1.SelfAssessmentSettled{
		Name: ourTeam + "/selfAssessments/a", Team: ourTeam, Cycle: year, FrameworkVersion: framework,
	}}
}

func groups() []typev1.StakeholderGroup {
	return []typev1.StakeholderGroup{typev1.StakeholderGroup_STAKEHOLDER_GROUP_FAMILY, typev1.StakeholderGroup_STAKEHOLDER_GROUP_STUDENT}
}

func accepted(hour int) told {
	return told{hour, &evidencev1.ArtifactAccepted{
		Name: artifact, Journey: j1, Step: j1 + "/steps/s", Indicator: "i", OccurDate: "2026-10-01", Sha256: "00", Groups: groups(),
	}}
}

func changed(hour int, day string) told {
	return told{hour, &evidencev1.ArtifactChanged{
		Name: artifact, Journey: j1, Step: j1 + "/steps/s", Indicator: "i", OccurDate: day, Sha256: "00", Groups: groups(),
	}}
}

func withdrawn(hour int) told {
	return told{hour, &evidencev1.ArtifactWithdrawn{Name: artifact, Journey: j1}}
}

func piece(hour int, day string) journey.Evidence {
	return journey.Evidence{
		Source: artifact, EventTime: at(hour), Journey: j1, Step: j1 + "/steps/s", Indicator: "i", OccurDate: day, SHA256: "00",
		Groups: []team.Group{team.Family, team.Student},
	}
}

func defined(hour int, version, id string) told {
	return told{hour, &badgesv1.BadgeDefined{
		Name: "badgeDefinitions/b/versions/" + version, BadgeDefinition: "badgeDefinitions/b", Standard: "welcome", FrameworkVersion: framework,
		EligibilityRules: []*typev1.EligibilityRule{{Id: id, Title: "T", Expression: "true", Reason: `"r"`, Fix: "F."}},
	}}
}

func TestEveryEventThatIsListenedToHasAHandler(t *testing.T) {
	r := newRig(t, phase.Forming)
	require.Len(t, r.on, 16)
	for kind, handle := range r.on {
		require.Error(t, handle(kittest.All(t), bus.Event{Type: kind, Data: []byte{0xff}}), "%s that cannot be read", kind)
	}
}

func TestResultsOfTheFamilySurvey(t *testing.T) {
	want := func(hour int, sufficient bool) journey.SurveyResult {
		return journey.SurveyResult{
			Source: school + "/results/r", EventTime: at(hour), School: school, Release: "districts/d/releases/r", Campaign: "districts/d/campaigns/c",
			Cycle: year, Wave: 2, FrameworkVersion: framework, Sufficient: sufficient,
		}
	}
	for name, c := range map[string]struct {
		told []told
		want journey.SurveyResult
	}{
		"released":                 {[]told{result(1, true)}, want(1, true)},
		"released twice":           {[]told{result(1, true), result(1, true)}, want(1, true)},
		"released anew":            {[]told{result(1, false), result(2, true)}, want(2, true)},
		"the older one comes last": {[]told{result(2, true), result(1, false)}, want(2, true)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, phase.Forming)
			require.NoError(t, r.apply(t, kittest.All(t), c.told...))
			got, err := r.Store.SurveyResults(kittest.All(t), school)
			require.NoError(t, err)
			require.Equal(t, []journey.SurveyResult{c.want}, got)
		})
	}
}

func TestSelfAssessments(t *testing.T) {
	for name, c := range map[string]struct {
		told []told
		hour int
	}{
		"settled":                  {[]told{settled(1)}, 1},
		"settled twice":            {[]told{settled(1), settled(1)}, 1},
		"settled again":            {[]told{settled(1), settled(2)}, 2},
		"the older one comes last": {[]told{settled(2), settled(1)}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, phase.Forming)
			require.NoError(t, r.apply(t, kittest.All(t), c.told...))
			got, err := r.Store.SelfAssessments(kittest.All(t), ourTeam)
			require.NoError(t, err)
			require.Equal(t, []journey.SelfAssessment{{
				Source: ourTeam + "/selfAssessments/a", EventTime: at(c.hour), Team: ourTeam, Cycle: year, FrameworkVersion: framework,
			}}, got)
		})
	}
}

func TestEvidence(t *testing.T) {
	for name, c := range map[string]struct {
		told []told
		want []journey.Evidence
	}{
		"accepted":                      {[]told{accepted(1)}, []journey.Evidence{piece(1, "2026-10-01")}},
		"accepted twice":                {[]told{accepted(1), accepted(1)}, []journey.Evidence{piece(1, "2026-10-01")}},
		"changed":                       {[]told{accepted(1), changed(2, "2026-11-01")}, []journey.Evidence{piece(2, "2026-11-01")}},
		"changed before it was there":   {[]told{changed(2, "2026-11-01"), accepted(1)}, []journey.Evidence{piece(2, "2026-11-01")}},
		"changed twice, out of order":   {[]told{accepted(1), changed(3, "2026-12-01"), changed(2, "2026-11-01")}, []journey.Evidence{piece(3, "2026-12-01")}},
		"withdrawn":                     {[]told{accepted(1), withdrawn(2)}, nil},
		"withdrawn twice":               {[]told{accepted(1), withdrawn(2), withdrawn(2)}, nil},
		"withdrawn before it was there": {[]told{withdrawn(2), accepted(1)}, nil},
		"changed in the moment that it was withdrawn": {[]told{accepted(1), withdrawn(2), changed(2, "2026-11-01")}, nil},
		"withdrawn is for good":                       {[]told{accepted(1), withdrawn(2), changed(3, "2026-11-01")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, phase.Underway)
			require.NoError(t, r.apply(t, kittest.All(t), c.told...))
			got, err := r.Store.Evidence(kittest.All(t), j1)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestTheEditionOfABadgeThatWasDefinedLastIsInForce(t *testing.T) {
	for name, c := range map[string]struct {
		told []told
		want string
	}{
		"one":                       {[]told{defined(1, "v1", "a")}, "a"},
		"one twice":                 {[]told{defined(1, "v1", "a"), defined(1, "v1", "a")}, "a"},
		"a later one":               {[]told{defined(1, "v1", "a"), defined(2, "v2", "b")}, "b"},
		"a later one that is first": {[]told{defined(2, "v2", "b"), defined(1, "v1", "a")}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, phase.Presented)
			require.NoError(t, r.apply(t, kittest.All(t), c.told...))
			got, found, err := r.Store.BadgeRules(kittest.All(t), "welcome", framework)
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, []eligibility.Rule{{ID: c.want, Title: "T", Expression: "true", Reason: `"r"`, Fix: "F."}}, got.Rules)
			_, found, err = r.Store.BadgeRules(kittest.All(t), "welcome", "frameworks/f/versions/2")
			require.NoError(t, err)
			require.False(t, found, "of another framework")
		})
	}
}

func TestHoweverOftenAndInWhichOrderProjectionsAreComputedAgainTheyAreTheSame(t *testing.T) {
	events := []told{
		result(1, false), settled(2), accepted(3), defined(4, "v1", "a"), changed(5, "2026-11-01"), result(6, true), settled(7),
		defined(8, "v2", "b"), changed(9, "2026-12-01"),
	}
	read := func(t *testing.T, ctx context.Context, r *rig) string {
		t.Helper()
		surveys, err1 := r.Store.SurveyResults(ctx, school)
		assessments, err2 := r.Store.SelfAssessments(ctx, ourTeam)
		evidence, err3 := r.Store.Evidence(ctx, j1)
		rules, _, err4 := r.Store.BadgeRules(ctx, "welcome", framework)
		require.NoError(t, errors.Join(err1, err2, err3, err4))
		return fmt.Sprint(surveys, assessments, evidence, rules)
	}
	first := newRig(t, phase.Presented)
	require.NoError(t, first.apply(t, kittest.All(t), events...))
	want := read(t, kittest.All(t), first)
	for range 8 {
		r := newRig(t, phase.Presented)
		shuffled := rapid.Custom(func(rt *rapid.T) []told {
			return append(rapid.Permutation(events).Draw(rt, "order"), rapid.SliceOf(rapid.SampledFrom(events)).Draw(rt, "again")...)
		}).Example()
		require.NoError(t, r.apply(t, kittest.All(t), shuffled...))
		require.Equal(t, want, read(t, kittest.All(t), r))
	}
}
