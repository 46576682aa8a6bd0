// Package storetest is the contract that the domain relies on, whatever database is behind the
// store: what was written is read back, taken names and stale versions are refused, lists show
// what may be seen, and events come with the change or not at all.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/scope"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const (
	school = "districts/d1/schools/s1"
	app    = school + "/applications/a1"
	fv     = "frameworks/f/versions/1"
)

func at(i int) time.Time { return time.Unix(1_800_000_000, int64(i)*1000).UTC() }

// Run runs the whole contract; open returns an empty migrated database.
func Run(t *testing.T, open func(t *testing.T) *sqldb.DB) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *store.Store, *sqldb.DB){
		"definitions and rubrics are read back":           definitions,
		"applications and snapshots are read back":        applications,
		"a journey has one open application":              oneOpen,
		"reviews are read back and belong to one round":   reviews,
		"decisions are read back":                         decisions,
		"awards exist once":                               awards,
		"credentials are read back and exist once":        credentials,
		"a credential is signed anew once per operation":  reissues,
		"credentials are listed, the newest first":        credentialLists,
		"what is to be signed anew comes in order":        reissuable,
		"a school has one Partnership School award":       partnershipCredentials,
		"awards come due in order":                        due,
		"a renewal comes due once, until there is one":    renewalsDue,
		"suspension and renewal of awards are read back":  suspensions,
		"places of a status list are taken once":          statusPlaces,
		"a bit is one row":                                statusBits,
		"why a credential does not stand is public":       awardReasons,
		"an older status list takes no newer one's place": statusVersions,
		"partnerships are written over":                   partnerships,
		"a taken name and a stale version are refused":    versions,
		"events come with the change or not at all":       events,
		"issuers are read back, one per district":         issuers,
		"keys are read back, and one signs":               issuerKeys,
		"a key stays as it is while somebody signs":       heldKey,
		"replicas that start together have one key":       starts,
		"keys are rotated one after the other":            changes,
		"lists keep to their scope":                       scopes,
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			test(t, store.New(db), db)
		})
	}
}

func definitions(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	d := definition.Definition{Name: "badgeDefinitions/b", Title: "B", Framework: "frameworks/f", Standard: "st", CreateTime: at(1), UpdateTime: at(1), Version: 1}
	require.NoError(t, s.InsertDefinition(ctx, d))
	e := definition.Edition{
		Name: d.Name + "/versions/1", State: definition.Published, PublishTime: at(3), CreateTime: at(2), UpdateTime: at(3), Version: 2,
		Asks: definition.Asks{Description: "d", FrameworkVersion: fv, EligibilityRules: []definition.EligibilityRule{{ID: "r", Expression: "true"}}, ValidMonths: 3},
	}
	require.NoError(t, s.InsertEdition(ctx, e))
	d.CurrentEdition, d.Version, d.UpdateTime = e.Name, 2, at(3)
	require.NoError(t, s.UpdateDefinition(ctx, d))
	read(t, d, must(s.Definition(ctx, d.Name)))
	read(t, e, must(s.Edition(ctx, e.Name)))
	read(t, []definition.Edition{e}, must(s.Editions(ctx, d.Name, definition.Slice{})))
	require.Empty(t, must(s.Editions(ctx, d.Name, definition.Slice{After: e.Name, Limit: 1})))
	r := definition.Rubric{Name: "rubrics/r", Title: "R", CreateTime: at(1), UpdateTime: at(1), Version: 1}
	require.NoError(t, s.InsertRubric(ctx, r))
	g := definition.Guide{Name: "rubrics/r/versions/1", State: definition.Draft, Criteria: []definition.Criterion{{ID: "c", Levels: []definition.Level{{Points: 2, Title: "x"}}}}, CreateTime: at(1), UpdateTime: at(1), Version: 1}
	require.NoError(t, s.InsertGuide(ctx, g))
	g.State, g.PublishTime, g.Version = definition.Published, at(4), 2
	require.NoError(t, s.UpdateGuide(ctx, g))
	read(t, r, must(s.Rubric(ctx, r.Name)))
	read(t, []definition.Guide{g}, must(s.Guides(ctx, r.Name, definition.Slice{Limit: 5})))
	version, standards, err := s.Standards(ctx, "")
	require.NoError(t, err)
	require.Equal(t, fv, version)
	require.Equal(t, []string{"st"}, standards)
	_, err = s.Edition(ctx, "badgeDefinitions/b/versions/9")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func anApplication(name, journey string) application.Application {
	return application.Application{Name: name, Journey: journey, BadgeDefinition: "badgeDefinitions/b", State: application.Draft, CreateTime: at(1), UpdateTime: at(1), Version: 1}
}

func applications(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	a := anApplication(app, "j1")
	require.NoError(t, s.InsertApplication(ctx, a))
	a.State, a.Round, a.Snapshot, a.SnapshotDigest, a.SubmitTime = application.InSubmission, 1, app+"/snapshots/1", "dd", at(2)
	a.Requirements, a.Attestation, a.Submitter, a.Version = []string{"x", "y"}, "mine", "people/p", 2
	require.NoError(t, s.UpdateApplication(ctx, a))
	read(t, a, must(s.Application(ctx, app)))
	n := application.Snapshot{
		Name: a.Snapshot, Content: []byte(`{"a":1}`), Digest: "dd", Manifest: "m", ManDigest: "md", Submitter: "people/p",
		SchoolTitle: "S", DistrictTitle: "D", Evidence: []application.Evidence{{Artifact: "x", SHA256: "ff", SizeBytes: 1 << 40}}, CreateTime: at(2),
		About: application.About{StateIdentifier: "0470-2012", Standard: application.Standard{Title: "T", Goals: []application.Goal{{ID: "g", Title: "G", Indicators: []application.Indicator{{ID: "i", Title: "I"}}}}}},
	}
	require.NoError(t, s.InsertSnapshot(ctx, n))
	read(t, n, must(s.Snapshot(ctx, n.Name)))
}

func oneOpen(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	const journey = school + "/teams/t/journeys/j"
	first := anApplication(app, journey)
	require.NoError(t, s.InsertApplication(ctx, first))
	require.Equal(t, app, must(s.OpenApplication(ctx, journey)))
	second := anApplication(school+"/applications/a2", journey)
	require.True(t, problem.Is(s.InsertApplication(ctx, second), problem.KindAlreadyExists))
	first.State, first.Version = application.WithdrawnState, 2
	require.NoError(t, s.UpdateApplication(ctx, first))
	require.Empty(t, must(s.OpenApplication(ctx, journey)))
	require.NoError(t, s.InsertApplication(ctx, second))
}

func reviews(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	r := review.Review{Name: app + "/reviews/r1", Application: app, Reviewer: "people/r", State: review.Assigned, Round: 1, CreateTime: at(1), UpdateTime: at(1), Version: 1}
	require.NoError(t, s.InsertReview(ctx, r))
	require.Equal(t, application.Undeclared, must(s.Assignment(ctx, app, r.Reviewer)))
	again := r
	again.Name = app + "/reviews/r2"
	require.True(t, problem.Is(s.InsertReview(ctx, again), problem.KindAlreadyExists), "one review per person and round")
	again.Round = 2
	require.NoError(t, s.InsertReview(ctx, again))
	r.State, r.Scores, r.Summary, r.FinalizeTime, r.Version = review.Final, []review.Score{{Criterion: "c", Points: 2, Rationale: "so"}}, "s", at(5), 2
	require.NoError(t, s.UpdateReview(ctx, r))
	read(t, r, must(s.Review(ctx, r.Name)))
	read(t, []review.Review{r, again}, must(s.ReviewsOf(ctx, app)))
	require.Equal(t, application.Cleared, must(s.Assignment(ctx, app, r.Reviewer)))
	again.State, again.Version = review.Recused, 2
	require.NoError(t, s.UpdateReview(ctx, again))
	require.Equal(t, application.Recused, must(s.Assignment(ctx, app, r.Reviewer)))
	require.Equal(t, application.NotAssigned, must(s.Assignment(ctx, app, "people/other")))
}

func decisions(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	d := decision.Decision{
		Name: app + "/decisions/d1", Application: app, Round: 1, Outcome: decision.Revise, Rationale: "r", Requirements: []string{"q"},
		RuleMet: true, RuleExplanation: "e", Proposer: "people/p", CreateTime: at(1), UpdateTime: at(1), Version: 1,
	}
	require.False(t, must(s.Proposed(ctx, app, 1)))
	require.NoError(t, s.InsertDecision(ctx, d))
	require.True(t, must(s.Proposed(ctx, app, 1)))
	require.False(t, must(s.Proposed(ctx, app, 2)))
	require.Empty(t, must(s.Decisions(ctx, app, true, decision.Slice{})))
	d.Approved, d.Approver, d.ApproveTime, d.Version = true, "people/q", at(2), 2
	require.NoError(t, s.UpdateDecision(ctx, d))
	read(t, d, must(s.Decision(ctx, d.Name)))
	read(t, []decision.Decision{d}, must(s.Decisions(ctx, app, true, decision.Slice{})))
}

func anAward(id, decision string, i int) award.Award {
	return award.Award{
		Name: school + "/awards/" + id, Edition: "badgeDefinitions/b/versions/1", Standard: "st", FrameworkVersion: fv, Application: app,
		Decision: decision, Journey: "j", Credential: "credentials/" + id, State: award.Active, AwardTime: at(i), ExpireTime: at(i + 100),
		LapseTime: at(i + 200), RenewalOpenTime: at(i + 50), RenewalAnnounced: true, CreateTime: at(i), UpdateTime: at(i), Version: 1,
	}
}

func awards(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	a := anAward("w1", "d1", 1)
	require.NoError(t, s.InsertAward(ctx, a))
	require.True(t, problem.Is(s.InsertAward(ctx, anAward("w2", "d1", 1)), problem.KindAlreadyExists), "one award per decision")
	a.State, a.RevokeReason, a.Version = award.Revoked, "why", 2
	require.NoError(t, s.UpdateAward(ctx, a))
	read(t, a, must(s.Award(ctx, a.Name)))
	read(t, []award.Award{a}, must(s.AwardsOf(ctx, school)))
}

func due(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	later, sooner, over := anAward("w1", "d1", 20), anAward("w2", "d2", 10), anAward("w3", "d3", 0)
	over.State = award.Revoked
	for _, a := range []award.Award{later, sooner, over} {
		require.NoError(t, s.InsertAward(ctx, a))
	}
	require.Empty(t, must(s.Due(ctx, at(109), 9)))
	require.Equal(t, []string{sooner.Name, later.Name}, must(s.Due(ctx, at(120), 9)))
	require.Equal(t, []string{sooner.Name}, must(s.Due(ctx, at(120), 1)))
	sooner.State, sooner.Version = award.Grace, 2
	require.NoError(t, s.UpdateAward(ctx, sooner))
	require.Equal(t, []string{later.Name}, must(s.Due(ctx, at(120), 9)))
	require.Equal(t, []string{sooner.Name, later.Name}, must(s.Due(ctx, at(210), 9)))
}

func partnerships(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	p := award.Partnership{School: school, FrameworkVersion: fv}
	read(t, p, must(s.Partnership(ctx, school, fv)))
	for i, recognized := range []bool{true, false} {
		p.Recognized, p.ChangeTime = recognized, at(i)
		require.NoError(t, s.SavePartnership(ctx, p))
		read(t, p, must(s.Partnership(ctx, school, fv)))
	}
}

func versions(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	a := anApplication(app, "j1")
	require.NoError(t, s.InsertApplication(ctx, a))
	same := anApplication(app, "j2")
	require.True(t, problem.Is(s.InsertApplication(ctx, same), problem.KindAlreadyExists))
	a.Version = 3
	err := s.UpdateApplication(ctx, a)
	p, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, problem.ReasonEtagStale, p.Reason)
}

func events(t *testing.T, s *store.Store, db *sqldb.DB) {
	ctx := kittest.All(t)
	a := anApplication(app, "j1")
	count := func() (n int) {
		require.NoError(t, db.Conn(ctx).QueryRowContext(ctx, "SELECT count(*) FROM outbox").Scan(&n))
		return n
	}
	change := func(fail error) error {
		return s.Tx(ctx, func(ctx context.Context) error {
			return errors.Join(s.InsertApplication(ctx, a), s.Record(ctx, at(1), application.Submitted{Application: a}), fail)
		})
	}
	require.Error(t, change(errors.New("no")))
	require.Zero(t, count())
	require.NoError(t, change(nil))
	require.Equal(t, 1, count())
	require.Error(t, s.Tx(ctx, func(ctx context.Context) error { return s.Record(ctx, at(1), struct{}{}) }), "an event nobody knows")
}

func scopes(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	var names []string
	for _, sc := range []string{"districts/d1/schools/s1", "districts/d1/schools/s2", "districts/d2/schools/s1"} {
		names = append(names, sc+"/applications/a")
		require.NoError(t, s.InsertApplication(ctx, anApplication(sc+"/applications/a", sc+"/teams/t/journeys/j")))
	}
	list := func(parent string, nodes ...string) []string {
		rows, err := s.Applications(ctx, caller.Scope{Parent: parent, Readable: scope.Of(nodes...)}, nil, application.Slice{Limit: 9})
		require.NoError(t, err)
		var out []string
		for _, a := range rows {
			out = append(out, a.Name)
		}
		return out
	}
	const all = "districts/-/schools/-"
	require.Equal(t, names, list(all, ""))
	require.Equal(t, names[:2], list(all, "districts/d1"))
	require.Equal(t, names[1:], list(all, "districts/d1/schools/s2", "districts/d2"))
	require.Equal(t, names[:2], list("districts/d1/schools/-", ""))
	require.Equal(t, []string{names[0], names[2]}, list("districts/-/schools/s1", ""))
	require.Empty(t, list("districts/-/schools/%", ""), "no pattern of the caller's gets through")
	require.Empty(t, list(all))
}

func must[T any](v T, err error) T {
	if err != nil {
		return *new(T)
	}
	return v
}

func read[T any](t *testing.T, want, got T) {
	t.Helper()
	require.Equal(t, want, got)
}
