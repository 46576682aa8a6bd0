package application_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// neighbors are the other services: one journey, presented and eligible.
type neighbors struct {
	journey  application.Journey
	unmet    []application.Outcome
	eligible bool
	survey   int // answers in the survey result
	frozen   int
	asked    []string
	away     error
	meddle   func() // happens while the manifest is being frozen
}

func newNeighbors() *neighbors {
	return &neighbors{eligible: true, survey: 120, journey: application.Journey{
		Name: memory.Journey, Phase: application.PhasePresented, Standard: "share-power", FrameworkVersion: memory.FrameworkVersion,
	}}
}

func (n *neighbors) School(context.Context, string) error { return n.away }

func (n *neighbors) Journey(_ context.Context, name string) (application.Journey, error) {
	if name != n.journey.Name {
		return application.Journey{}, errors.Join(n.away, problem.NotFound(name))
	}
	return n.journey, n.away
}

func (n *neighbors) Picture(context.Context, string) (application.Picture, error) {
	n.asked = append(n.asked, "picture")
	return application.Picture{
		Journey: n.journey, Eligible: n.eligible, Outcomes: append([]application.Outcome{{Rule: "two-terms", Met: true}}, n.unmet...),
		SurveyResults: []string{"r1"}, SchoolTitle: "East", DistrictTitle: "Aspen", Content: map[string]any{"phase": n.journey.Phase},
	}, nil
}

func (n *neighbors) Freeze(context.Context, string) (application.Manifest, error) {
	n.asked = append(n.asked, "freeze")
	n.frozen++
	if n.meddle != nil {
		n.meddle()
	}
	return application.Manifest{
		Name: "m", Digest: "d", Entries: []application.Evidence{{Artifact: "x", SHA256: "00"}}, Content: map[string]any{"frozen": n.frozen},
	}, n.away
}

func (n *neighbors) About(_ context.Context, school, version, standard string) (application.About, error) {
	return application.About{StateIdentifier: "id of " + school, Standard: application.Standard{Title: standard + " of " + version}}, nil
}

func (n *neighbors) Result(_ context.Context, name string) (any, error) {
	n.asked = append(n.asked, "result "+name)
	return map[string]any{"answers": n.survey}, nil
}

type office struct {
	*memory.Store
	*neighbors
	desk *application.Desk
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{Store: memory.Loaded(t), neighbors: newNeighbors()}
	now := memory.Clock().Now
	o.desk = application.NewDesk(o.Store, definition.NewCatalog(o.Store, now, memory.Numbers()), o.neighbors, now, memory.Numbers())
	return o
}

func (o *office) draft(t *testing.T) application.Application {
	t.Helper()
	a, err := o.desk.Create(t.Context(), memory.School, "a1", application.Application{Journey: memory.Journey, BadgeDefinition: memory.Badge})
	require.NoError(t, err)
	return a
}

func (o *office) hand(t *testing.T, step application.Step) (application.Application, error) {
	t.Helper()
	return o.desk.Submit(t.Context(), application.Submission{Name: memory.Application, Attestation: "Ours.", Person: "people/pat", Step: step})
}

// put changes the application as somebody else would.
func (o *office) put(t *testing.T, change func(*application.Application)) {
	t.Helper()
	a, err := o.Application(t.Context(), memory.Application)
	require.NoError(t, err)
	change(&a)
	a.Version++
	require.NoError(t, o.UpdateApplication(t.Context(), a))
}

func TestWhatIsWrongWithANewApplication(t *testing.T) {
	good := application.Application{Journey: memory.Journey, BadgeDefinition: memory.Badge}
	for name, tt := range map[string]struct {
		change func(a *application.Application, o *office)
		want   []string
	}{
		"nothing is said": {
			func(a *application.Application, _ *office) { *a = application.Application{} },
			[]string{"application.journey same_school", "application.badge_definition required"},
		},
		"a journey of another school": {
			func(a *application.Application, _ *office) {
				a.Journey = "districts/aspen/schools/eastern/teams/t1/journeys/j1"
			},
			[]string{"application.journey same_school"},
		},
		"a journey that does not exist": {
			func(a *application.Application, _ *office) { a.Journey += "x" }, []string{"application.journey exists"},
		},
		"a badge that does not exist": {
			func(a *application.Application, _ *office) { a.BadgeDefinition += "x" }, []string{"application.badge_definition exists"},
		},
		"a badge without a published version": {func(a *application.Application, o *office) {
			a.BadgeDefinition = "badgeDefinitions/new"
			require.NoError(t, o.InsertDefinition(t.Context(), definition.Definition{Name: a.BadgeDefinition}))
		}, []string{"application.badge_definition published"}},
		"the badge of another standard": {
			func(a *application.Application, _ *office) {
				a.BadgeDefinition = "badgeDefinitions/welcome-all-families"
			},
			[]string{"application.badge_definition standard_of_journey"},
		},
		"a journey that chose nothing yet": {
			func(_ *application.Application, o *office) { o.journey.Standard = "" },
			[]string{"application.badge_definition standard_of_journey"},
		},
		"a journey of another framework version": {
			func(_ *application.Application, o *office) { o.journey.FrameworkVersion = "frameworks/f/versions/2" },
			[]string{"application.badge_definition framework_of_journey"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, a := open(t), good
			tt.change(&a, o)
			_, err := o.desk.Create(t.Context(), memory.School, "", a)
			require.Equal(t, tt.want, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
		})
	}
}

func TestASecondOpenApplicationOfAJourneyIsRefusedUntilTheFirstIsClosed(t *testing.T) {
	for state := range legal() {
		t.Run(string(state), func(t *testing.T) {
			o := open(t)
			o.draft(t)
			o.put(t, func(a *application.Application) { a.State = state })
			_, err := o.desk.Create(t.Context(), memory.School, "a2", application.Application{Journey: memory.Journey, BadgeDefinition: memory.Badge})
			if state.Closed() {
				require.NoError(t, err)
				return
			}
			require.Equal(t, []string{memory.Journey + " one_open_application"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
		})
	}
}

func TestSubmittingFreezesWhatTheApplicationRestsOn(t *testing.T) {
	o := open(t)
	require.Zero(t, o.draft(t).Round)
	a, err := o.hand(t, application.Submit)
	require.NoError(t, err)
	require.Equal(t, application.InSubmission, a.State)
	require.Equal(t, 1, a.Round)
	require.Equal(t, []string{memory.Edition, memory.Guide, "people/pat"}, []string{a.Edition, a.RubricVersion, a.Submitter})
	require.Equal(t, []string{"picture", "freeze", "result r1"}, o.asked)
	require.Equal(t, application.Submitted{Application: a}, o.Last())

	s, err := o.Snapshot(t.Context(), memory.Application+"/snapshots/1")
	require.NoError(t, err)
	require.Equal(t, a.SnapshotDigest, s.Digest)
	sum := sha256.Sum256(s.Content)
	require.Equal(t, s.Digest, hex.EncodeToString(sum[:]))
	var content map[string]any
	require.NoError(t, json.Unmarshal(s.Content, &content))
	require.Equal(t, map[string]any{
		"application": memory.Application, "round": 1.0, "attestation": "Ours.", "badgeDefinitionVersion": memory.Edition,
		"rubricVersion": memory.Guide, "journey": map[string]any{"phase": "PRESENTED"}, "results": []any{map[string]any{"answers": 120.0}},
		"manifest": map[string]any{"frozen": 1.0},
	}, content)
	require.Equal(t, []string{"East", "Aspen", "m", "d"}, []string{s.SchoolTitle, s.DistrictTitle, s.Manifest, s.ManDigest})
	require.Equal(t, "id of "+memory.School, s.About.StateIdentifier)
	require.Equal(t, "share-power of "+memory.FrameworkVersion, s.About.Standard.Title)
}

func TestWhatKeepsAnApplicationFromBeingSubmitted(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(o *office)
		kind   problem.Kind
		reason problem.Reason
		want   []string
	}{
		"a journey that is not presented": {
			func(o *office) { o.journey.Phase = "UNDERWAY" }, problem.KindPrecondition, problem.ReasonStateWrong, []string{memory.Journey + " journey_phase"},
		},
		"a journey that applied already": {
			func(o *office) { o.journey.Phase = application.PhaseApplied }, problem.KindPrecondition, problem.ReasonStateWrong,
			[]string{memory.Journey + " journey_phase"},
		},
		"rules that are not met, all of them": {
			func(o *office) { o.unmet, o.eligible = []application.Outcome{{Rule: "a"}, {Rule: "b"}}, false },
			problem.KindPrecondition, problem.ReasonNotEligible,
			[]string{memory.Journey + " a", memory.Journey + " b"},
		},
		"a rule that is not met although the whole is called eligible": {
			func(o *office) { o.unmet = []application.Outcome{{Rule: "a"}} },
			problem.KindPrecondition, problem.ReasonNotEligible,
			[]string{memory.Journey + " a"},
		},
		"a journey called not eligible without a reason": {
			func(o *office) { o.eligible = false }, problem.KindPrecondition, problem.ReasonNotEligible, []string{memory.Journey + " eligible"},
		},
		"a choice that changed since the draft": {
			func(o *office) { o.journey.Standard = "welcome-all-families" }, problem.KindInvalid, problem.ReasonFieldInvalid,
			[]string{"application.badge_definition standard_of_journey"},
		},
		"a service that is away": {
			func(o *office) { o.away = problem.Unavailable("evidence") }, problem.KindUnavailable, problem.ReasonUnavailable, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			before := o.draft(t)
			tt.change(o)
			_, err := o.hand(t, application.Submit)
			require.Equal(t, tt.want, memory.Rules(t, err, tt.kind, tt.reason))
			after, err := o.Application(t.Context(), memory.Application)
			require.NoError(t, err)
			require.Equal(t, before, after)
			require.Empty(t, o.Events())
		})
	}
}

func TestAStepOfAnotherStateAsksNobody(t *testing.T) {
	o := open(t)
	o.draft(t)
	_, err := o.hand(t, application.Resubmit)
	require.Equal(t, []string{memory.Application + " application_state"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
	require.Empty(t, o.asked, "nothing is frozen for a step that is refused")
	_, err = o.desk.Submit(t.Context(), application.Submission{Name: memory.Application, Etag: `"9"`, Step: application.Submit})
	memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
	require.Empty(t, o.asked)
}

func TestSomebodyFasterWinsAndNothingIsKept(t *testing.T) {
	o := open(t)
	o.draft(t)
	o.meddle = func() { o.put(t, func(a *application.Application) { a.State = application.WithdrawnState }) }
	_, err := o.hand(t, application.Submit)
	memory.Rules(t, err, problem.KindAborted, problem.ReasonConflict)
	_, err = o.Snapshot(t.Context(), memory.Application+"/snapshots/1")
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.Empty(t, o.Events())
}

func TestAnEventThatCannotBeKeptTakesTheSubmissionBack(t *testing.T) {
	o := open(t)
	before := o.draft(t)
	o.Broken["record"] = errors.New("disk full")
	_, err := o.hand(t, application.Submit)
	require.ErrorContains(t, err, "disk full")
	after, err := o.Application(t.Context(), memory.Application)
	require.NoError(t, err)
	require.Equal(t, before, after)
	_, err = o.Snapshot(t.Context(), memory.Application+"/snapshots/1")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestAResubmissionIsAnotherRoundWithASnapshotOfItsOwn(t *testing.T) {
	o := open(t)
	o.draft(t)
	first, err := o.hand(t, application.Submit)
	require.NoError(t, err)
	o.put(t, func(a *application.Application) {
		a.State, a.Requirements, a.Decision = application.RevisionRequested, []string{"Show more."}, memory.Application+"/decisions/d1"
	})
	_, err = o.hand(t, application.Resubmit)
	require.Equal(t, []string{memory.Journey + " journey_phase"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
	o.journey.Phase, o.survey = application.PhaseApplied, 131
	second, err := o.hand(t, application.Resubmit)
	require.NoError(t, err)
	require.Equal(t, 2, second.Round)
	require.Equal(t, memory.Application+"/snapshots/2", second.Snapshot)
	require.NotEqual(t, first.SnapshotDigest, second.SnapshotDigest)
	require.Empty(t, second.Requirements, "what was asked for is answered")
	require.Empty(t, second.Decision, "this round has none yet")
	old, err := o.Snapshot(t.Context(), first.Snapshot)
	require.NoError(t, err)
	require.Equal(t, first.SnapshotDigest, old.Digest, "what was judged first stays as it was")
	require.Contains(t, string(old.Content), `"answers":120`)
	fresh, err := o.Snapshot(t.Context(), second.Snapshot)
	require.NoError(t, err)
	require.Contains(t, string(fresh.Content), `"answers":131`)
}

func TestTheSameFactsInAnotherRoundHaveAnotherDigest(t *testing.T) {
	o := open(t)
	o.draft(t)
	first, err := o.hand(t, application.Submit)
	require.NoError(t, err)
	o.put(t, func(a *application.Application) { a.State = application.RevisionRequested })
	o.journey.Phase, o.frozen = application.PhaseApplied, 0
	second, err := o.hand(t, application.Resubmit)
	require.NoError(t, err)
	require.NotEqual(t, first.SnapshotDigest, second.SnapshotDigest)
}

func TestAResubmissionIsJudgedByTheEditionInForce(t *testing.T) {
	o := open(t)
	o.draft(t)
	first, err := o.hand(t, application.Submit)
	require.NoError(t, err)
	catalog := definition.NewCatalog(o.Store, memory.Clock().Now, memory.Numbers())
	old, err := catalog.Edition(t.Context(), memory.Edition)
	require.NoError(t, err)
	e, err := catalog.DraftEdition(t.Context(), memory.Badge, "2", old.Asks)
	require.NoError(t, err)
	_, err = catalog.PublishEdition(t.Context(), e.Name, "")
	require.NoError(t, err)
	kept, err := o.Application(t.Context(), memory.Application)
	require.NoError(t, err)
	require.Equal(t, first.Edition, kept.Edition, "what is being judged keeps its edition")
	o.put(t, func(a *application.Application) { a.State = application.RevisionRequested })
	o.journey.Phase = application.PhaseApplied
	second, err := o.hand(t, application.Resubmit)
	require.NoError(t, err)
	require.Equal(t, e.Name, second.Edition)
}

func TestWithdrawingTellsOthersOnlyOfWhatWasHandedIn(t *testing.T) {
	o := open(t)
	a := o.draft(t)
	_, err := o.desk.Withdraw(t.Context(), a.Name, `"9"`, "")
	memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
	a, err = o.desk.Withdraw(t.Context(), a.Name, "", "Changed our minds.")
	require.NoError(t, err)
	require.Equal(t, application.WithdrawnState, a.State)
	require.Equal(t, "Changed our minds.", a.WithdrawReason)
	require.Empty(t, o.Events(), "nobody had heard of the draft")

	handed := open(t)
	handed.draft(t)
	_, err = handed.hand(t, application.Submit)
	require.NoError(t, err)
	_, err = handed.desk.Withdraw(t.Context(), memory.Application, "", "")
	require.NoError(t, err)
	require.Equal(t, []string{"Submitted", "Withdrawn"}, handed.Events())
}

func TestWhoSeesAnApplicationAndItsSnapshot(t *testing.T) {
	for name, tt := range map[string]struct {
		reader bool
		states []review.State
		rule   string
	}{
		"a reader by role sees it":                        {reader: true},
		"nobody else knows that it exists":                {rule: "unknown"},
		"one who is assigned declares first":              {states: []review.State{review.Assigned}, rule: "declare_first"},
		"one who declared that there is none sees it":     {states: []review.State{review.Scoring}},
		"so does one whose review is final":               {states: []review.State{review.Final}},
		"a conflict ends it":                              {states: []review.State{review.Recused}, rule: "recused"},
		"a conflict in the second round ends it for good": {states: []review.State{review.Final, review.Recused}, rule: "recused"},
		"a declaration holds for the next round":          {states: []review.State{review.Final, review.Assigned}},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			o.draft(t)
			a, err := o.hand(t, application.Submit)
			require.NoError(t, err)
			for i, state := range tt.states {
				require.NoError(t, o.InsertReview(t.Context(), review.Review{
					Name: string(rune('a' + i)), Application: a.Name, Reviewer: "people/rev", State: state, Round: i + 1,
				}))
			}
			who := caller.Caller{Person: "people/rev", Reader: tt.reader}
			_, getErr := o.desk.Get(t.Context(), who, a.Name)
			_, snapshotErr := o.desk.Snapshot(t.Context(), who, a.Snapshot)
			for what, err := range map[string]error{a.Name: getErr, a.Snapshot: snapshotErr} {
				switch tt.rule {
				case "":
					require.NoError(t, err)
				case "unknown":
					p, ok := problem.As(err)
					require.True(t, ok)
					require.Equal(t, what, p.Name, "the answer names what was asked for")
				default:
					require.Equal(t, []string{a.Name + " " + tt.rule}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonConflictOfInterest))
				}
			}
		})
	}
}
