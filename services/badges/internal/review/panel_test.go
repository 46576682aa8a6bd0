package review_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// people are persons with their grants.
type people map[string][]review.Grant

func (p people) Person(_ context.Context, name string) (review.Person, error) {
	switch grants, ok := p[name]; {
	case ok:
		return review.Person{Name: name, Grants: grants}, nil
	case name == "people/secret":
		return review.Person{}, problem.Denied("people.get")
	case name == "people/away":
		return review.Person{}, problem.Unavailable("schools")
	default:
		return review.Person{}, problem.NotFound(name)
	}
}

type room struct {
	*memory.Store
	panel *review.Panel
}

// seated is a panel with a submitted application of round 1.
func seated(t *testing.T) *room {
	t.Helper()
	everywhere := review.Grant{Reviewer: true}
	r := &room{Store: memory.Loaded(t)}
	r.panel = review.NewPanel(r.Store, people{
		"people/r1": {everywhere}, "people/r2": {everywhere}, "people/r3": {everywhere}, "people/pat": {everywhere},
		"people/analyst": {{}}, "people/near": {{Reviewer: true, Node: "districts/aspen"}},
		"people/elsewhere": {{Reviewer: true, Node: "districts/birch"}}, "people/insider": {everywhere, {Node: "districts/aspen"}},
		"people/teacher": {everywhere, {Node: memory.School}}, "people/other": {everywhere, {Node: "districts/aspenwood/schools/west"}},
		"districts/aspen/people/local": {everywhere},
	}, memory.Clock().Now, memory.Numbers())
	require.NoError(t, r.InsertApplication(t.Context(), application.Application{
		Name: memory.Application, Journey: memory.Journey, BadgeDefinition: memory.Badge, Edition: memory.Edition, RubricVersion: memory.Guide,
		State: application.InSubmission, Round: 1, Submitter: "people/pat", Version: 1,
	}))
	return r
}

func (r *room) assign(t *testing.T, who ...string) {
	t.Helper()
	_, err := r.panel.Assign(t.Context(), memory.Application, "", who)
	require.NoError(t, err)
}

// of is the newest review of a person.
func (r *room) of(t *testing.T, person string) review.Review {
	t.Helper()
	all, err := r.ReviewsOf(t.Context(), memory.Application)
	require.NoError(t, err)
	var out review.Review
	for _, v := range all {
		if v.Reviewer == person {
			out = v
		}
	}
	require.NotEmpty(t, out.Name, "%s has no review", person)
	return out
}

func (r *room) application(t *testing.T) application.Application {
	t.Helper()
	a, err := r.Application(t.Context(), memory.Application)
	require.NoError(t, err)
	return a
}

func (r *room) put(t *testing.T, change func(*application.Application)) {
	t.Helper()
	a := r.application(t)
	change(&a)
	a.Version++
	require.NoError(t, r.UpdateApplication(t.Context(), a))
}

func as(person string) caller.Caller { return caller.Caller{Person: person} }

// scores gives all five criteria the points.
func scores(points int) []review.Score {
	var out []review.Score
	for _, c := range []string{"process-over-time", "shared-by-all-groups", "rooted-in-data", "evidence-of-change", "sustainability"} {
		out = append(out, review.Score{Criterion: c, Points: points, Rationale: "Because."})
	}
	return out
}

func (r *room) judge(t *testing.T, person string, points int) {
	t.Helper()
	v := r.of(t, person)
	_, err := r.panel.Declare(t.Context(), as(person), review.Declaration{Name: v.Name})
	require.NoError(t, err)
	_, err = r.panel.Change(t.Context(), as(person), v.Name, "", func(v *review.Review) { v.Scores = scores(points) })
	require.NoError(t, err)
	_, err = r.panel.Finalize(t.Context(), as(person), v.Name, "")
	require.NoError(t, err)
}

func TestWhoMayBeAssigned(t *testing.T) {
	invalid, conflict := problem.KindInvalid, problem.KindPrecondition
	for name, tt := range map[string]struct {
		who  []string
		kind problem.Kind
		want []string
	}{
		"two reviewers of the state":                       {who: []string{"people/r1", "people/r2"}},
		"a reviewer with a role in a district named alike": {who: []string{"people/other"}},
		"nobody":              {nil, invalid, []string{"reviewers required"}},
		"people who are none": {[]string{"people/none", "people/r1", "people/secret"}, invalid, []string{"reviewers[0] exists", "reviewers[2] exists"}},
		"people without the role there": {
			[]string{"people/analyst", "people/elsewhere"}, invalid, []string{"reviewers[0] holds_reviewer_role", "reviewers[1] holds_reviewer_role"},
		},
		"bad input comes before conflicts": {[]string{"people/pat", "people/none"}, invalid, []string{"reviewers[1] exists"}},
		"people with an interest, all at once": {
			[]string{"people/pat", "people/insider", "people/teacher", "districts/aspen/people/local", "people/near", "people/r1"},
			conflict,
			[]string{
				"reviewers[0] not_the_submitter", "reviewers[1] no_role_in_district", "reviewers[2] no_role_in_district",
				"reviewers[3] no_role_in_district", "reviewers[4] no_role_in_district",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := seated(t)
			a, err := r.panel.Assign(t.Context(), memory.Application, "", tt.who)
			if tt.want == nil {
				require.NoError(t, err)
				require.Equal(t, application.InReview, a.State)
				require.Equal(t, review.ReviewersAssigned{Application: a, Reviewers: len(tt.who)}, r.Last())
				return
			}
			reason := problem.ReasonFieldInvalid
			if tt.kind == conflict {
				reason = problem.ReasonConflictOfInterest
			}
			require.Equal(t, tt.want, memory.Rules(t, err, tt.kind, reason))
			require.Equal(t, application.InSubmission, r.application(t).State)
			require.Empty(t, r.Events())
		})
	}
}

func TestADirectoryThatIsAwayAssignsNobody(t *testing.T) {
	r := seated(t)
	_, err := r.panel.Assign(t.Context(), memory.Application, "", []string{"people/none", "people/away"})
	memory.Rules(t, err, problem.KindUnavailable, problem.ReasonUnavailable)
	require.Equal(t, application.InSubmission, r.application(t).State)
}

func TestAssigningAgainKeepsWhoHasTheApplication(t *testing.T) {
	r := seated(t)
	r.assign(t, "people/r1")
	r.judge(t, "people/r1", 2)
	r.assign(t, "people/r1", "people/r2")
	require.Equal(t, review.Final, r.of(t, "people/r1").State)
	require.Equal(t, 1, r.Last().(review.ReviewersAssigned).Reviewers, "one was added")
	events := r.Events()
	r.assign(t, "people/r2")
	require.Equal(t, events, r.Events(), "nobody was added")
	_, err := r.panel.Assign(t.Context(), memory.Application, `"1"`, []string{"people/r3"})
	memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
}

func TestAnApplicationIsAssignedOnlyBeforeItIsReviewed(t *testing.T) {
	for _, state := range []application.State{
		application.Draft, application.Reviewed, application.RevisionRequested, application.Awarded, application.Declined, application.WithdrawnState,
	} {
		r := seated(t)
		r.put(t, func(a *application.Application) { a.State = state })
		_, err := r.panel.Assign(t.Context(), memory.Application, "", []string{"people/r1"})
		require.Equal(t, []string{memory.Application + " application_state"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong), state)
	}
}

func TestADeclaredConflictIsForGood(t *testing.T) {
	r := seated(t)
	r.assign(t, "people/r1", "people/r2")
	mine := r.of(t, "people/r1")
	declare := func(d review.Declaration) error {
		d.Name = mine.Name
		_, err := r.panel.Declare(t.Context(), as("people/r1"), d)
		return err
	}
	require.Equal(t, []string{"explanation required_with_conflict"},
		memory.Rules(t, declare(review.Declaration{Conflict: true, Explanation: " "}), problem.KindInvalid, problem.ReasonFieldInvalid))
	require.NoError(t, declare(review.Declaration{}))
	_, err := r.panel.Change(t.Context(), as("people/r1"), mine.Name, "", func(v *review.Review) { v.Scores, v.Summary = scores(3), "Good." })
	require.NoError(t, err)
	require.NoError(t, declare(review.Declaration{Conflict: true, Explanation: "My sister works there."}))
	got := r.of(t, "people/r1")
	require.Equal(t, review.Recused, got.State)
	require.Empty(t, got.Scores, "what was scored with a conflict is gone")
	require.Empty(t, got.Summary)
	require.Equal(t, []string{mine.Name + " review_state"}, memory.Rules(t, declare(review.Declaration{}), problem.KindPrecondition, problem.ReasonStateWrong))
	_, err = r.panel.Assign(t.Context(), memory.Application, "", []string{"people/r3", "people/r1"})
	require.Equal(t, []string{"reviewers[1] declared_conflict"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonConflictOfInterest))

	r.put(t, func(a *application.Application) { a.State, a.Round = application.InSubmission, 2 })
	_, err = r.panel.Assign(t.Context(), memory.Application, "", []string{"people/r1"})
	require.Equal(t, []string{"reviewers[0] declared_conflict"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonConflictOfInterest))
}

func TestScoresThatDoNotFitTheRubric(t *testing.T) {
	for name, tt := range map[string]struct {
		scores []review.Score
		want   []string
	}{
		"some criteria, in any order, without reasons yet": {scores: []review.Score{{Criterion: "sustainability", Points: 3}, {Criterion: "rooted-in-data"}}},
		"a criterion of another rubric":                    {[]review.Score{{Criterion: "charm", Points: 99}}, []string{"review.scores[0].criterion criterion_of_rubric"}},
		"points between the levels and beyond": {
			[]review.Score{{Criterion: "sustainability", Points: 4}, {Criterion: "rooted-in-data", Points: -1}},
			[]string{"review.scores[0].points level_of_criterion", "review.scores[1].points level_of_criterion"},
		},
		"a criterion twice, with its points checked as well": {
			[]review.Score{{Criterion: "sustainability"}, {Criterion: "sustainability", Points: 4}},
			[]string{"review.scores[1].criterion unique", "review.scores[1].points level_of_criterion"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := seated(t)
			r.assign(t, "people/r1")
			mine := r.of(t, "people/r1").Name
			change := func() error {
				_, err := r.panel.Change(t.Context(), as("people/r1"), mine, "", func(v *review.Review) { v.Scores = tt.scores })
				return err
			}
			require.Equal(t, []string{mine + " review_state"}, memory.Rules(t, change(), problem.KindPrecondition, problem.ReasonStateWrong), "before the declaration")
			_, err := r.panel.Declare(t.Context(), as("people/r1"), review.Declaration{Name: mine})
			require.NoError(t, err)
			if tt.want == nil {
				require.NoError(t, change())
				return
			}
			require.Equal(t, tt.want, memory.Rules(t, change(), problem.KindInvalid, problem.ReasonFieldInvalid))
			require.Empty(t, r.of(t, "people/r1").Scores)
		})
	}
}

func TestAReviewIsFinalOnlyWhenEveryScoreHasItsReason(t *testing.T) {
	r := seated(t)
	r.assign(t, "people/r1")
	mine := r.of(t, "people/r1").Name
	_, err := r.panel.Declare(t.Context(), as("people/r1"), review.Declaration{Name: mine})
	require.NoError(t, err)
	partly := scores(2)[1:]
	partly[0].Rationale = "\t"
	_, err = r.panel.Change(t.Context(), as("people/r1"), mine, "", func(v *review.Review) { v.Scores = partly })
	require.NoError(t, err)
	_, err = r.panel.Finalize(t.Context(), as("people/r1"), mine, "")
	require.Equal(t, []string{mine + " score_missing", mine + " rationale_missing"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonNotEligible))
	require.Equal(t, review.Scoring, r.of(t, "people/r1").State)
	_, err = r.panel.Change(t.Context(), as("people/r1"), mine, etag.Of(1), func(v *review.Review) { v.Scores = scores(2) })
	memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
	_, err = r.panel.Finalize(t.Context(), as("people/r2"), mine, "")
	require.True(t, problem.Is(err, problem.KindNotFound), "the review of somebody else does not exist")
	_, err = r.panel.Finalize(t.Context(), caller.Caller{Person: "people/chair", Staff: true}, mine, "")
	memory.Rules(t, err, problem.KindDenied, problem.ReasonRoleInsufficient)
}

func TestTheNumberTheBadgeAsksForMakesAnApplicationReviewed(t *testing.T) {
	for _, required := range []int{1, 2, 3} {
		r := seated(t)
		e, err := r.Edition(t.Context(), memory.Edition)
		require.NoError(t, err)
		e.Asks.ReviewersRequired, e.Version = required, e.Version+1
		require.NoError(t, r.UpdateEdition(t.Context(), e))
		r.assign(t, "people/r1", "people/r2", "people/r3")
		for i, person := range []string{"people/r1", "people/r2", "people/r3"} {
			r.judge(t, person, 2)
			want := application.InReview
			if i+1 >= required {
				want = application.Reviewed
			}
			require.Equal(t, want, r.application(t).State, "%d of %d final", i+1, required)
		}
	}
}

func TestReviewsOfAnEarlierRoundDoNotCount(t *testing.T) {
	r := seated(t)
	r.assign(t, "people/r1", "people/r2")
	r.judge(t, "people/r1", 1)
	old := r.of(t, "people/r2")
	_, err := r.panel.Declare(t.Context(), as("people/r2"), review.Declaration{Name: old.Name})
	require.NoError(t, err)
	r.put(t, func(a *application.Application) { a.State, a.Round = application.InSubmission, 2 })
	r.assign(t, "people/r1", "people/r3")
	require.Equal(t, 2, r.of(t, "people/r1").Round, "who judged the first round judges the second anew")
	r.judge(t, "people/r3", 3)
	require.Equal(t, application.InReview, r.application(t).State, "one of two, although one of the first round is final")
	_, err = r.panel.Change(t.Context(), as("people/r2"), old.Name, "", func(*review.Review) {})
	require.Equal(t, []string{memory.Application + " round_open"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong), "the first round is over")
	r.judge(t, "people/r1", 3)
	require.Equal(t, application.Reviewed, r.application(t).State)
}

func TestAReviewEndsWithItsRound(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(r *room)
		rule string
	}{
		"withdrawn": {func(r *room) { r.put(t, func(a *application.Application) { a.State = application.WithdrawnState }) }, "round_open"},
		"decided":   {func(r *room) { r.put(t, func(a *application.Application) { a.State = application.Declined }) }, "round_open"},
		"revision":  {func(r *room) { r.put(t, func(a *application.Application) { a.State = application.RevisionRequested }) }, "round_open"},
		"proposed": {func(r *room) {
			require.NoError(t, r.InsertDecision(t.Context(), decision.Decision{Name: "d", Application: memory.Application, Round: 1}))
		}, "decision_proposed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := seated(t)
			r.assign(t, "people/r1")
			mine := r.of(t, "people/r1")
			tt.end(r)
			_, err := r.panel.Declare(t.Context(), as("people/r1"), review.Declaration{Name: mine.Name})
			require.Equal(t, []string{memory.Application + " " + tt.rule}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
			require.Equal(t, mine, r.of(t, "people/r1"))
		})
	}
}

func TestOthersAreHiddenUntilOnesOwnIsFinalInTheSameRound(t *testing.T) {
	at := func(person string, round int, state review.State) review.Review {
		return review.Review{Name: person + string(rune('0'+round)), Application: memory.Application, Reviewer: person, Round: round, State: state}
	}
	for name, tt := range map[string]struct {
		who  caller.Caller
		all  []review.Review
		sees bool
	}{
		"the office without a review of its own":         {caller.Caller{Person: "people/c", Staff: true}, nil, true},
		"the office that reviews, too":                   {caller.Caller{Person: "people/c", Staff: true}, []review.Review{at("people/c", 1, review.Scoring)}, false},
		"the office that recused itself":                 {caller.Caller{Person: "people/c", Staff: true}, []review.Review{at("people/c", 1, review.Recused)}, false},
		"a reviewer who is final":                        {as("people/c"), []review.Review{at("people/c", 1, review.Final)}, true},
		"a reviewer who is not":                          {as("people/c"), []review.Review{at("people/c", 1, review.Assigned)}, false},
		"a reviewer who was final in another round only": {as("people/c"), []review.Review{at("people/c", 2, review.Final)}, false},
		"the principal":                                  {caller.Caller{Person: "people/pat", Reader: true}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := seated(t)
			theirs := at("people/x", 1, review.Final)
			for _, v := range append(tt.all, theirs) {
				require.NoError(t, r.InsertReview(t.Context(), v))
			}
			_, err := r.panel.Get(t.Context(), tt.who, theirs.Name)
			require.Equal(t, tt.sees, err == nil, "%v", err)
			if !tt.sees {
				require.True(t, problem.Is(err, problem.KindNotFound))
			}
			_, err = r.panel.Get(t.Context(), as("people/x"), theirs.Name)
			require.NoError(t, err, "one's own always")
		})
	}
}

func TestLevelsAreNamedToWhoChoosesAWrongOne(t *testing.T) {
	r := seated(t)
	guide, err := r.Guide(t.Context(), memory.Guide)
	require.NoError(t, err)
	c, ok := guide.Criterion("sustainability")
	require.True(t, ok)
	require.Equal(t, definition.Level{Points: 2, Title: c.Levels[2].Title, Anchor: c.Levels[2].Anchor}, c.LevelAt(2.9))
	r.assign(t, "people/r1")
	mine := r.of(t, "people/r1").Name
	_, err = r.panel.Declare(t.Context(), as("people/r1"), review.Declaration{Name: mine})
	require.NoError(t, err)
	_, err = r.panel.Change(t.Context(), as("people/r1"), mine, "", func(v *review.Review) { v.Scores = []review.Score{{Criterion: c.ID, Points: 9}} })
	p, ok := problem.As(err)
	require.True(t, ok)
	require.Contains(t, p.Violations[0].Fix, "2 "+c.Levels[2].Title)
}
