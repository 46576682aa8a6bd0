package inbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/phase"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

func submitted(hour int) told {
	return told{hour, &badgesv1.ApplicationSubmitted{Name: application, Journey: j1, Round: 1}}
}

func pulledBack(hour int) told {
	return told{hour, &badgesv1.ApplicationWithdrawn{Name: application, Journey: j1}}
}

func revision(hour int) told {
	return told{hour, &badgesv1.RevisionRequested{Name: application, Journey: j1}}
}

func decision(hour int, outcome badgesv1.Outcome) told {
	return told{hour, &badgesv1.DecisionMade{Name: application + "/decisions/d", Application: application, Journey: j1, Outcome: outcome}}
}

func declined(hour int) told { return decision(hour, badgesv1.Outcome_OUTCOME_DECLINE) }

func awarded(hour int) told {
	return told{hour, &badgesv1.BadgeAwarded{
		Name: award, Journey: j1, Application: application, Standard: "welcome", BadgeDefinitionVersion: edition, Credential: "credentials/c",
	}}
}

func revoked(hour int) told { return told{hour, &badgesv1.BadgeRevoked{Name: award, Journey: j1}} }
func lapsed(hour int) told  { return told{hour, &badgesv1.BadgeLapsed{Name: award, Journey: j1}} }

func TestVerdictsMoveTheJourney(t *testing.T) {
	for name, c := range map[string]struct {
		from     phase.Phase
		told     []told
		want     phase.Phase
		revising bool
		events   []string
	}{
		"an application is submitted": {phase.Presented, []told{submitted(1)}, phase.Applied, false, []string{"JourneyAdvanced"}},
		"it is told twice":            {phase.Presented, []told{submitted(1), submitted(1)}, phase.Applied, false, []string{"JourneyAdvanced"}},
		"it is withdrawn":             {phase.Presented, []told{submitted(1), pulledBack(2)}, phase.Presented, false, []string{"JourneyAdvanced", "JourneyAdvanced"}},
		"it is withdrawn, told twice": {phase.Presented, []told{submitted(1), pulledBack(2), pulledBack(2)}, phase.Presented, false, []string{"JourneyAdvanced", "JourneyAdvanced"}},
		"the withdrawal comes first":  {phase.Presented, []told{pulledBack(2), submitted(1)}, phase.Presented, false, nil},
		"a revision is asked for":     {phase.Presented, []told{submitted(1), revision(2)}, phase.Applied, true, []string{"JourneyAdvanced"}},
		"a revision, told twice":      {phase.Presented, []told{submitted(1), revision(2), revision(2)}, phase.Applied, true, []string{"JourneyAdvanced"}},
		"the revision comes first":    {phase.Presented, []told{revision(2), submitted(1)}, phase.Applied, true, []string{"JourneyAdvanced"}},
		"it is handed in again":       {phase.Presented, []told{submitted(1), revision(2), submitted(3)}, phase.Applied, false, []string{"JourneyAdvanced"}},
		"it is declined":              {phase.Presented, []told{submitted(1), declined(2)}, phase.Presented, false, []string{"JourneyAdvanced", "JourneyAdvanced"}},
		"it is declined, told twice":  {phase.Presented, []told{submitted(1), declined(2), declined(2)}, phase.Presented, false, []string{"JourneyAdvanced", "JourneyAdvanced"}},
		"the decline comes first":     {phase.Presented, []told{declined(2), submitted(1)}, phase.Presented, false, nil},
		"a decision to award waits for the award": {
			phase.Presented,
			[]told{submitted(1), decision(2, badgesv1.Outcome_OUTCOME_AWARD)},
			phase.Applied, false,
			[]string{"JourneyAdvanced"},
		},
		"a decision to revise waits for the request": {
			phase.Presented,
			[]told{submitted(1), decision(2, badgesv1.Outcome_OUTCOME_REVISE)},
			phase.Applied, false,
			[]string{"JourneyAdvanced"},
		},
		"a badge is awarded":              {phase.Presented, []told{submitted(1), awarded(2)}, phase.Awarded, false, []string{"JourneyAdvanced", "JourneyAdvanced"}},
		"an award, told twice":            {phase.Presented, []told{submitted(1), awarded(2), awarded(2)}, phase.Awarded, false, []string{"JourneyAdvanced", "JourneyAdvanced"}},
		"the award comes first":           {phase.Presented, []told{awarded(2), submitted(1)}, phase.Awarded, false, []string{"JourneyAdvanced"}},
		"it is revoked":                   {phase.Applied, []told{awarded(2), revoked(3)}, phase.Presented, false, []string{"JourneyAdvanced", "JourneyAdvanced"}},
		"it is revoked, told twice":       {phase.Applied, []told{awarded(2), revoked(3), revoked(3)}, phase.Presented, false, []string{"JourneyAdvanced", "JourneyAdvanced"}},
		"the revocation comes first":      {phase.Applied, []told{revoked(3), awarded(2)}, phase.Presented, false, []string{"JourneyAdvanced"}},
		"a lapse is told of":              {phase.Sustaining, []told{lapsed(3)}, phase.Sustaining, false, nil},
		"a lapse of what nobody sustains": {phase.Applied, []told{awarded(2), lapsed(3)}, phase.Awarded, false, []string{"JourneyAdvanced"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.from)
			require.NoError(t, r.apply(t, kittest.All(t), c.told...))
			got := r.journey(t)
			require.Equal(t, c.want, got.Phase)
			require.Equal(t, c.revising, got.Revising)
			var events []string
			for _, e := range c.events {
				events = append(events, e+" "+j1)
			}
			require.ElementsMatch(t, events, r.Events(t))
		})
	}
}

func TestAnAwardThatHoldsLapsesFromSustaining(t *testing.T) {
	r := newRig(t, phase.Applied)
	require.NoError(t, r.apply(t, kittest.All(t), awarded(1)))
	j := r.journey(t)
	j.Phase = phase.Sustaining
	j.Touch(r.Clock.Now())
	require.NoError(t, r.Store.UpdateJourney(kittest.All(t), j))
	require.NoError(t, r.apply(t, kittest.All(t), lapsed(2), lapsed(2)))
	require.Equal(t, phase.Lapsed, r.journey(t).Phase)
	require.Equal(t, []string{"JourneyAdvanced " + j1, "JourneyLapsed " + j1}, r.Events(t))
	known, err := r.Store.Award(kittest.All(t), award)
	require.NoError(t, err)
	require.Equal(t, journey.Award{
		Source: award, EventTime: at(2), Journey: j1, Application: application, Standard: "welcome",
		BadgeDefinitionVersion: edition, Credential: "credentials/c", State: "lapsed",
	}, known)
}

func TestTheEndOfAnotherAwardChangesNothing(t *testing.T) {
	r := newRig(t, phase.Applied)
	require.NoError(t, r.apply(t, kittest.All(t), awarded(1)))
	before := r.journey(t)
	other := school + "/awards/other"
	require.NoError(t, r.apply(t, kittest.All(t),
		told{5, &badgesv1.BadgeRevoked{Name: other, Journey: j1}}, told{6, &badgesv1.BadgeLapsed{Name: other, Journey: j1}}))
	require.Equal(t, before, r.journey(t))
	require.NoError(t, r.apply(t, kittest.All(t), revoked(2)))
	require.Equal(t, phase.Presented, r.journey(t).Phase, "what is said of this award counts, though it is older")
}

func TestAVerdictAboutAnUnknownJourneyIsRefusedAndLeavesNothing(t *testing.T) {
	for name, msg := range map[string]proto.Message{
		"submitted": &badgesv1.ApplicationSubmitted{Name: application, Journey: unknown},
		"withdrawn": &badgesv1.ApplicationWithdrawn{Name: application, Journey: unknown},
		"revision":  &badgesv1.RevisionRequested{Name: application, Journey: unknown},
		"declined":  &badgesv1.DecisionMade{Application: application, Journey: unknown, Outcome: badgesv1.Outcome_OUTCOME_DECLINE},
		"awarded":   &badgesv1.BadgeAwarded{Name: award, Journey: unknown, Application: application},
		"revoked":   &badgesv1.BadgeRevoked{Name: award, Journey: unknown},
		"lapsed":    &badgesv1.BadgeLapsed{Name: award, Journey: unknown},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, phase.Applied)
			before := r.journey(t)
			err := r.apply(t, kittest.All(t), told{1, msg})
			require.Equal(t, []string{"RESOURCE_NOT_FOUND " + unknown}, schoolstest.Refusal(t, err), "so that it becomes a dead letter that somebody sees")
			require.Equal(t, before, r.journey(t))
			known, err := r.Store.Award(kittest.All(t), award)
			require.NoError(t, err)
			require.Empty(t, known, "the award is not kept without its journey")
			require.Empty(t, r.Events(t))
		})
	}
}

func TestAnAwardIsKnownWhateverTheOrder(t *testing.T) {
	for name, events := range map[string][]told{
		"in order":  {awarded(1), revoked(2)},
		"end first": {revoked(2), awarded(1)},
		"repeated":  {awarded(1), revoked(2), awarded(1), revoked(2)},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, phase.Applied)
			require.NoError(t, r.apply(t, kittest.All(t), events...))
			known, err := r.Store.Award(kittest.All(t), award)
			require.NoError(t, err)
			require.Equal(t, "revoked", known.State)
			require.Equal(t, application, known.Application)
			require.Equal(t, phase.Presented, r.journey(t).Phase)
		})
	}
}

// TestASuspensionAndARenewalLeaveTheJourneyWhereItIs holds that what happens to a badge without an end of it is known
// of the award, in any order, and moves nothing.
func TestASuspensionAndARenewalLeaveTheJourneyWhereItIs(t *testing.T) {
	suspended := told{3, &badgesv1.BadgeSuspended{Name: award, Journey: j1}}
	reinstated := told{4, &badgesv1.BadgeReinstated{Name: award, Journey: j1}}
	renewed := told{5, &badgesv1.BadgeRenewed{Name: award, Journey: unknown, Successor: school + "/awards/next"}}
	for name, c := range map[string]struct {
		told []told
		want string
	}{
		"suspended":                  {[]told{awarded(2), suspended}, "suspended"},
		"suspended, told first":      {[]told{suspended, awarded(2)}, "suspended"},
		"reinstated":                 {[]told{awarded(2), suspended, reinstated}, "awarded"},
		"reinstated, told first":     {[]told{reinstated, awarded(2), suspended}, "awarded"},
		"renewed by another journey": {[]told{awarded(2), renewed}, "renewed"},
		"renewed, told first":        {[]told{renewed, awarded(2)}, "renewed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, phase.Applied)
			require.NoError(t, r.apply(t, kittest.All(t), c.told...))
			known, err := r.Store.Award(kittest.All(t), award)
			require.NoError(t, err)
			require.Equal(t, c.want, known.State)
			require.Equal(t, j1, known.Journey)
			require.Equal(t, "credentials/c", known.Credential)
			require.Equal(t, phase.Awarded, r.journey(t).Phase)
		})
	}
}
