package decision_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	chair = "people/chair"
	admin = "people/admin"
)

// issuer signs by writing down what it was given.
type issuer struct {
	facts []decision.Facts
	err   error
}

func (i *issuer) Issue(_ context.Context, f decision.Facts) (award.Credential, error) {
	i.facts = append(i.facts, f)
	return award.Credential{Name: f.Award.Credential, Award: f.Award.Name, Document: []byte("{}")}, i.err
}

// everybody may see what the store has.
type everybody struct{ *memory.Store }

func (e everybody) Get(ctx context.Context, c caller.Caller, name string) (application.Application, error) {
	if c.Person == "people/stranger" {
		return application.Application{}, problem.NotFound(name)
	}
	return e.Application(ctx, name)
}

type table struct {
	*memory.Store
	board  *decision.Board
	issuer *issuer
}

// reviewed is a board with an application of round 2 that two reviewers judged with the points.
func reviewed(t *testing.T, points int) *table {
	t.Helper()
	b := &table{Store: memory.Loaded(t), issuer: &issuer{}}
	now := memory.Clock().Now
	b.board = decision.NewBoard(b.Store, everybody{b.Store}, award.NewRegistry(b.Store, nil, nil, now), b.issuer, now, memory.Numbers())
	require.NoError(t, b.InsertApplication(t.Context(), application.Application{
		Name: memory.Application, Journey: memory.Journey, BadgeDefinition: memory.Badge, Edition: memory.Edition, RubricVersion: memory.Guide,
		State: application.Reviewed, Round: 2, Submitter: "people/pat", Snapshot: memory.Application + "/snapshots/2", Version: 1,
	}))
	require.NoError(t, b.InsertSnapshot(t.Context(), application.Snapshot{Name: memory.Application + "/snapshots/2", SchoolTitle: "East"}))
	for name, r := range map[string]review.Review{
		"old": {Reviewer: "people/r0", Round: 1, State: review.Final, Scores: scores(t, b.Store, 3)},
		"a":   {Reviewer: "people/r1", Round: 2, State: review.Final, Scores: scores(t, b.Store, points)},
		"b":   {Reviewer: "people/r2", Round: 2, State: review.Final, Scores: scores(t, b.Store, points)},
		"c":   {Reviewer: "people/r3", Round: 2, State: review.Scoring, Scores: scores(t, b.Store, 0)},
		"d":   {Reviewer: "people/r4", Round: 2, State: review.Recused},
	} {
		r.Name, r.Application = name, memory.Application
		require.NoError(t, b.InsertReview(t.Context(), r))
	}
	return b
}

func scores(t *testing.T, s *memory.Store, points int) []review.Score {
	t.Helper()
	guide, err := s.Guide(t.Context(), memory.Guide)
	require.NoError(t, err)
	var out []review.Score
	for _, c := range guide.CriterionIDs() {
		out = append(out, review.Score{Criterion: c, Points: points, Rationale: "Because."})
	}
	return out
}

func (b *table) propose(t *testing.T, person string, d decision.Decision) (decision.Decision, error) {
	t.Helper()
	return b.board.Propose(t.Context(), caller.Caller{Person: person, Staff: true}, memory.Application, "", d)
}

func (b *table) proposed(t *testing.T, d decision.Decision) decision.Decision {
	t.Helper()
	out, err := b.propose(t, chair, d)
	require.NoError(t, err)
	return out
}

func (b *table) approve(t *testing.T, person, name, tag string) (decision.Decision, error) {
	t.Helper()
	return b.board.Approve(t.Context(), caller.Caller{Person: person, Staff: true}, name, tag)
}

func (b *table) application(t *testing.T) application.Application {
	t.Helper()
	a, err := b.Application(t.Context(), memory.Application)
	require.NoError(t, err)
	return a
}

func TestWhatIsWrongWithAProposal(t *testing.T) {
	for name, tt := range map[string]struct {
		d    decision.Decision
		want []string
	}{
		"nothing is said":              {decision.Decision{}, []string{"decision.outcome required", "decision.rationale required"}},
		"an outcome that is none":      {decision.Decision{Outcome: "MAYBE", Rationale: "x"}, []string{"decision.outcome required"}},
		"blanks are no reason":         {decision.Decision{Outcome: decision.Decline, Rationale: " \n"}, []string{"decision.rationale required"}},
		"a revision that asks nothing": {decision.Decision{Outcome: decision.Revise, Rationale: "x"}, []string{"decision.requirements required_with_revise"}},
		"a revision that asks blanks": {
			decision.Decision{Outcome: decision.Revise, Rationale: "x", Requirements: []string{" "}},
			[]string{"decision.requirements required_with_revise", "decision.requirements not_empty"},
		},
		"a blank among requirements": {
			decision.Decision{Outcome: decision.Revise, Rationale: "x", Requirements: []string{"More.", ""}},
			[]string{"decision.requirements not_empty"},
		},
		"an award against the rule in 39 characters": {
			decision.Decision{Outcome: decision.Award, Rationale: strings.Repeat("ñ", 39) + "  "}, []string{"decision.rationale award_against_rule"},
		},
		"an award against the rule in 40 characters": {d: decision.Decision{Outcome: decision.Award, Rationale: strings.Repeat("ñ", 40)}},
		"declining needs no long reason":             {d: decision.Decision{Outcome: decision.Decline, Rationale: "No."}},
	} {
		t.Run(name, func(t *testing.T) {
			b := reviewed(t, 1)
			d, err := b.propose(t, chair, tt.d)
			if tt.want == nil {
				require.NoError(t, err)
				require.False(t, d.RuleMet)
				return
			}
			require.Equal(t, tt.want, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
			list, err := b.Decisions(t.Context(), memory.Application, false, decision.Slice{})
			require.NoError(t, err)
			require.Empty(t, list)
		})
	}
}

func TestTheRuleLooksAtTheFinalReviewsOfTheRound(t *testing.T) {
	low := reviewed(t, 1).proposed(t, decision.Decision{Outcome: decision.Decline, Rationale: "No."})
	require.False(t, low.RuleMet, "the first round had threes everywhere")
	require.Contains(t, low.RuleExplanation, "mean 1 over 2 reviews")
	high := reviewed(t, 2).proposed(t, decision.Decision{Outcome: decision.Award, Rationale: "Yes."})
	require.True(t, high.RuleMet, high.RuleExplanation)
	require.Equal(t, 2, high.Round)
	require.Equal(t, chair, high.Proposer)
	require.False(t, high.Approved)
}

func TestARuleThatCannotBeEvaluatedCountsAsNotMet(t *testing.T) {
	b := reviewed(t, 3)
	e, err := b.Edition(t.Context(), memory.Edition)
	require.NoError(t, err)
	e.Asks.DecisionRule, e.Version = "criteria.all(c, c.charm > 1.0)", e.Version+1
	require.NoError(t, b.UpdateEdition(t.Context(), e))
	_, err = b.propose(t, chair, decision.Decision{Outcome: decision.Award, Rationale: "Yes."})
	require.Equal(t, []string{"decision.rationale award_against_rule"}, memory.Rules(t, err, problem.KindInvalid, problem.ReasonFieldInvalid))
	d := b.proposed(t, decision.Decision{Outcome: decision.Decline, Rationale: "No."})
	require.Contains(t, d.RuleExplanation, "could not be evaluated and counts as not met")
}

func TestNobodyWithAStakeDecides(t *testing.T) {
	decline := decision.Decision{Outcome: decision.Decline, Rationale: "No."}
	for person, rule := range map[string]string{
		"people/r1": "not_a_reviewer", "people/r0": "not_a_reviewer", "people/r3": "not_a_reviewer", "people/r4": "not_a_reviewer",
		"people/pat": "not_the_submitter",
	} {
		b := reviewed(t, 3)
		_, err := b.propose(t, person, decline)
		require.Equal(t, []string{memory.Application + " " + rule}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonConflictOfInterest), person)
		d := b.proposed(t, decline)
		_, err = b.approve(t, person, d.Name, "")
		require.Equal(t, []string{memory.Application + " " + rule}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonConflictOfInterest), person)
		_, err = b.approve(t, chair, d.Name, "")
		require.Equal(t, []string{d.Name + " not_the_proposer"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonConflictOfInterest))
		require.Equal(t, application.Reviewed, b.application(t).State)
		require.Empty(t, b.Events())
	}
}

func TestAnApplicationIsDecidedOnlyWhenReviewed(t *testing.T) {
	for _, state := range []application.State{
		application.Draft, application.InSubmission, application.InReview, application.RevisionRequested,
		application.Awarded, application.Declined, application.WithdrawnState,
	} {
		b := reviewed(t, 3)
		d := b.proposed(t, decision.Decision{Outcome: decision.Award, Rationale: "Yes."})
		a := b.application(t)
		a.State, a.Version = state, a.Version+1
		require.NoError(t, b.UpdateApplication(t.Context(), a))
		for _, outcome := range []decision.Outcome{decision.Award, decision.Revise, decision.Decline} {
			_, err := b.propose(t, chair, decision.Decision{Outcome: outcome, Rationale: "x", Requirements: []string{"y"}})
			require.Equal(t, []string{memory.Application + " application_state"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong), state)
		}
		_, err := b.approve(t, admin, d.Name, "")
		require.Equal(t, []string{memory.Application + " application_state"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong), state)
	}
}

func TestAnAwardIsDecisionApplicationAwardAndCredentialAtOnce(t *testing.T) {
	b := reviewed(t, 2)
	d := b.proposed(t, decision.Decision{Outcome: decision.Award, Rationale: "Yes."})
	_, err := b.approve(t, admin, d.Name, etag.Of(7))
	memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
	d, err = b.approve(t, admin, d.Name, etag.Of(d.Version))
	require.NoError(t, err)
	require.True(t, d.Approved)
	require.Equal(t, admin, d.Approver)
	require.Equal(t, memory.Begin(), d.ApproveTime)
	a := b.application(t)
	require.Equal(t, []string{string(application.Awarded), d.Name, d.Award}, []string{string(a.State), a.Decision, a.Award})
	w, err := b.Award(t.Context(), d.Award)
	require.NoError(t, err)
	require.Equal(t, award.Award{
		Name: d.Award, Edition: memory.Edition, Standard: "share-power", FrameworkVersion: memory.FrameworkVersion, Application: a.Name,
		Decision: d.Name, Journey: memory.Journey, Credential: w.Credential, State: award.Active, AwardTime: memory.Begin(),
		ExpireTime: memory.Begin().AddDate(3, 0, 0), LapseTime: memory.Begin().AddDate(3, 0, 90),
		RenewalOpenTime: memory.Begin().AddDate(3, -6, 0),
		CreateTime:      memory.Begin(), UpdateTime: memory.Begin(), Version: 1,
	}, w)
	c, err := b.Credential(t.Context(), w.Credential)
	require.NoError(t, err)
	require.Equal(t, w.Name, c.Award)
	require.Equal(t, []string{"Made", "Awarded", "CredentialIssued"}, b.Events())
	require.Len(t, b.issuer.facts, 1)
	require.Equal(t, 2, b.issuer.facts[0].Scores.Reviews)
	require.Equal(t, "East", b.issuer.facts[0].Snapshot.SchoolTitle)

	_, err = b.approve(t, admin, d.Name, "")
	require.Equal(t, []string{d.Name + " decided_once"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
	require.Len(t, b.issuer.facts, 1)
}

func TestAnApprovalThatFailsAnywhereLeavesNoTrace(t *testing.T) {
	wrong := errors.New("broken")
	for name, fail := range map[string]func(b *table){
		"signing":                func(b *table) { b.issuer.err = wrong },
		"keeping the award":      func(b *table) { b.Broken["insert awards"] = wrong },
		"keeping the badge":      func(b *table) { b.Broken["insert credentials"] = wrong },
		"keeping the decision":   func(b *table) { b.Broken["update decisions"] = wrong },
		"keeping an event":       func(b *table) { b.Broken["record"] = wrong },
		"moving the application": func(b *table) { b.Broken["update applications"] = wrong },
	} {
		t.Run(name, func(t *testing.T) {
			b := reviewed(t, 3)
			d := b.proposed(t, decision.Decision{Outcome: decision.Award, Rationale: "Yes."})
			fail(b)
			_, err := b.approve(t, admin, d.Name, "")
			require.ErrorIs(t, err, wrong)
			require.Equal(t, application.Reviewed, b.application(t).State)
			kept, err := b.Decision(t.Context(), d.Name)
			require.NoError(t, err)
			require.False(t, kept.Approved)
			awards, err := b.AwardsOf(t.Context(), memory.School)
			require.NoError(t, err)
			require.Empty(t, awards)
			require.Empty(t, b.Events())

			b.issuer.err, b.Broken = nil, nil
			_, err = b.approve(t, admin, d.Name, "")
			require.NoError(t, err, "it can be approved once the fault is gone")
		})
	}
}

func TestARevisionSaysWhatItMustBringAndADeclineEnds(t *testing.T) {
	b := reviewed(t, 1)
	d := b.proposed(t, decision.Decision{Outcome: decision.Revise, Rationale: "Close.", Requirements: []string{"Show more."}})
	require.Empty(t, b.application(t).Requirements, "not before the approval")
	d, err := b.approve(t, admin, d.Name, "")
	require.NoError(t, err)
	require.Empty(t, d.Award)
	a := b.application(t)
	require.Equal(t, application.RevisionRequested, a.State)
	require.Equal(t, []string{"Show more."}, a.Requirements)
	require.Equal(t, d.Name, a.Decision)
	require.Equal(t, []string{"Made", "RevisionRequested"}, b.Events())

	b = reviewed(t, 1)
	d = b.proposed(t, decision.Decision{Outcome: decision.Decline, Rationale: "No.", Requirements: []string{"Not for a decline."}})
	_, err = b.approve(t, admin, d.Name, "")
	require.NoError(t, err)
	a = b.application(t)
	require.Equal(t, application.Declined, a.State)
	require.Empty(t, a.Requirements)
	require.Equal(t, []string{"Made"}, b.Events())
	require.Empty(t, b.issuer.facts)
}

func TestADecisionOfAnEarlierRoundIsOver(t *testing.T) {
	b := reviewed(t, 3)
	d := b.proposed(t, decision.Decision{Outcome: decision.Award, Rationale: "Yes."})
	a := b.application(t)
	a.Round, a.Version = 3, a.Version+1
	require.NoError(t, b.UpdateApplication(t.Context(), a))
	_, err := b.approve(t, admin, d.Name, "")
	require.Equal(t, []string{d.Name + " decided_once"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
}

func TestAProposalIsTheOfficesOwnUntilItIsApproved(t *testing.T) {
	b := reviewed(t, 3)
	d := b.proposed(t, decision.Decision{Outcome: decision.Award, Rationale: "Yes."})
	sees := func(c caller.Caller) (int, error) {
		_, err := b.board.Get(t.Context(), c, d.Name)
		list, listErr := b.board.List(t.Context(), c, memory.Application, decision.Slice{})
		if listErr != nil {
			require.Error(t, err)
		}
		return len(list), err
	}
	pat, stranger, staff := caller.Caller{Person: "people/pat"}, caller.Caller{Person: "people/stranger"}, caller.Caller{Person: admin, Staff: true}
	n, err := sees(pat)
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.Zero(t, n)
	n, err = sees(staff)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = b.approve(t, admin, d.Name, "")
	require.NoError(t, err)
	n, err = sees(pat)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = sees(stranger)
	p, ok := problem.As(err)
	require.True(t, ok)
	require.Equal(t, d.Name, p.Name, "the answer names what was asked for, not the application")
}
