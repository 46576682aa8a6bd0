// Package storetest is the contract that the stores keep on every dialect: the
// same calls leave the same state and the same errors.
//
// Run is called by the store's tests with a fresh migrated database of each
// dialect. Domain rules are not tested here, but with the domain.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/selfassessment"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

// now is the time of all rows; stores keep microseconds.
var now = time.Date(2026, 9, 1, 15, 0, 0, 123456000, time.UTC)

// Run tests the contract on a fresh database.
func Run(t *testing.T, open func(t *testing.T) *sqldb.DB) {
	for name, test := range map[string]func(t *testing.T, db *sqldb.DB){
		"editions": editions, "campaigns": campaigns, "doors": doors, "ways in": waysIn, "answers": answers, "who wins": whoWins, "drafts": drafts, "paper": paper, "results": results,
		"snapshots": snapshots, "shelf": shelf, "ledger": ledger, "pages": pages, "state releases": stateReleases, "waves": waves, "self-assessments": selfAssessments, "inventories": inventories, "comments": comments, "exports": exports,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func kind(t *testing.T, want problem.Kind, err error) {
	t.Helper()
	require.Truef(t, problem.Is(err, want), "want kind %d, got %v", want, err)
}

// in runs fn in a transaction, which events need.
func in(t *testing.T, db *sqldb.DB, fn func(ctx context.Context) error) {
	t.Helper()
	require.NoError(t, db.Tx(kittest.All(t), fn))
}

func outboxed(t *testing.T, db *sqldb.DB, typ string) int {
	t.Helper()
	var n int
	require.NoError(t, db.Conn(kittest.All(t)).QueryRowContext(kittest.All(t),
		`SELECT count(*) FROM outbox WHERE type = $1`, "tandem.assessments.v1."+typ).Scan(&n))
	return n
}

func editions(t *testing.T, db *sqldb.DB) {
	s := store.NewFrameworks(db, clock.NewFake(now))
	f := edition.Family{ID: "f", Title: "F", Description: "Ours", CreateTime: now, UpdateTime: now, Version: 1}
	require.NoError(t, s.AddFamily(kittest.All(t), f))
	kind(t, problem.KindAlreadyExists, s.AddFamily(kittest.All(t), f))
	got, err := s.Family(kittest.All(t), "f")
	require.NoError(t, err)
	require.Equal(t, f, got)
	_, err = s.Family(kittest.All(t), "g")
	kind(t, problem.KindNotFound, err)

	e := framework.Version{
		Family: "f", ID: "1", Title: "One", State: edition.Draft, CreateTime: now, UpdateTime: now, Version: 1,
		Body: framework.Body{Standards: []framework.Standard{{ID: "a", Title: "Ä"}}},
	}
	require.NoError(t, s.AddEdition(kittest.All(t), e))
	kind(t, problem.KindAlreadyExists, s.AddEdition(kittest.All(t), e))
	e.State, e.PublishTime, e.Version = edition.Published, now.Add(time.Hour), 2
	require.NoError(t, s.SaveEdition(kittest.All(t), e))
	kind(t, problem.KindAborted, s.SaveEdition(kittest.All(t), e))
	read, err := s.Edition(kittest.All(t), "f", "1")
	require.NoError(t, err)
	require.Equal(t, e, read)
	in(t, db, func(ctx context.Context) error { return s.Announce(ctx, e) })
	require.Equal(t, 1, outboxed(t, db, "FrameworkPublished"))

	e.ID, e.Version = "2", 1
	require.NoError(t, s.AddEdition(kittest.All(t), e))
	list, err := s.Editions(kittest.All(t), "f", "1", 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	families, err := s.Families(kittest.All(t), "", 1)
	require.NoError(t, err)
	require.Equal(t, []edition.Family{f}, families)
}

// asked is a draft for the schools given; none means all.
func asked(id string, schools ...string) campaign.Campaign {
	c := campaign.Campaign{
		District: "d1", ID: id, Title: "Fall", InstrumentVersion: "instruments/i/versions/1", FrameworkVersion: "frameworks/f/versions/1",
		Cycle: "cycles/2026", Wave: 1, Mode: campaign.Token, State: campaign.Draft, AllSchools: len(schools) == 0, CreateTime: now, UpdateTime: now, Version: 1,
	}
	for _, s := range schools {
		c.Schools = append(c.Schools, campaign.School{ID: s})
	}
	return c
}

func campaigns(t *testing.T, db *sqldb.DB) {
	s := store.NewCampaigns(db, clock.NewFake(now))
	oak, all := asked("c1", "oak", "elm"), asked("c2")
	require.NoError(t, s.AddCampaign(kittest.All(t), oak))
	require.NoError(t, s.AddCampaign(kittest.All(t), all))
	kind(t, problem.KindAlreadyExists, s.AddCampaign(kittest.All(t), oak))
	got, err := s.Campaign(kittest.All(t), "d1", "c1")
	require.NoError(t, err)
	require.Equal(t, oak, got)
	_, err = s.Campaign(kittest.All(t), "d2", "c1")
	kind(t, problem.KindNotFound, err)

	seen := func(v campaign.Viewer) (ids []string) {
		list, err := s.Campaigns(kittest.All(t), "d1", v, "", 10)
		require.NoError(t, err)
		for _, c := range list {
			require.True(t, v.Sees(c), "the list shows what Get shows")
			ids = append(ids, c.ID)
		}
		return ids
	}
	require.Equal(t, []string{"c1", "c2"}, seen(campaign.Viewer{All: true}))
	require.Equal(t, []string{"c1", "c2"}, seen(campaign.Viewer{Schools: []string{"ash", "elm"}}))
	require.Equal(t, []string{"c2"}, seen(campaign.Viewer{Schools: []string{"ash"}}))

	waves, err := s.Waves(kittest.All(t), "d1", "i", "cycles/2026", 1)
	require.NoError(t, err)
	require.Equal(t, []campaign.Campaign{oak, all}, waves)
	waves, err = s.Waves(kittest.All(t), "d1", "i", "cycles/2026", 2)
	require.NoError(t, err)
	require.Empty(t, waves)

	all.State, all.AllSchools, all.Version, all.OpenTime = campaign.Open, false, 2, now
	all.Schools = []campaign.School{{ID: "elm", Title: "Elm"}, {ID: "oak", Title: "Oak"}}
	in(t, db, func(ctx context.Context) error {
		require.NoError(t, s.SaveCampaign(ctx, all))
		return s.Opened(ctx, all)
	})
	kind(t, problem.KindAborted, s.SaveCampaign(kittest.All(t), all))
	got, err = s.Campaign(kittest.All(t), "d1", "c2")
	require.NoError(t, err)
	require.Equal(t, all, got)
	require.Equal(t, 1, outboxed(t, db, "CampaignOpened"))
	require.NoError(t, s.SetPublishOperation(kittest.All(t), "d1", "c2", "op"))
	op, err := s.PublishOperation(kittest.All(t), "d1", "c2")
	require.NoError(t, err)
	require.Equal(t, "op", op)
}

// openCampaign stores an open campaign of oak and elm.
func openCampaign(t *testing.T, db *sqldb.DB, id string) campaign.Campaign {
	t.Helper()
	c := asked(id, "oak", "elm")
	c.State, c.Schools[0].Title, c.Schools[1].Title = campaign.Open, "Oak", "Elm"
	require.NoError(t, store.NewCampaigns(db, clock.NewFake(now)).AddCampaign(kittest.All(t), c))
	return c
}

func doors(t *testing.T, db *sqldb.DB) {
	s, r := store.NewCampaigns(db, clock.NewFake(now)), store.NewResponses(db, clock.NewFake(now))
	openCampaign(t, db, "c1")
	l := campaign.Link{District: "d1", Campaign: "c1", ID: "l1", School: "oak", Code: "link-code", CreateTime: now}
	require.NoError(t, s.AddLink(kittest.All(t), l))
	kind(t, problem.KindAlreadyExists, s.AddLink(kittest.All(t), l))
	links, err := s.Links(kittest.All(t), "d1", "c1", "", 10)
	require.NoError(t, err)
	require.Equal(t, []campaign.Link{l}, links)
	ways, err := r.Doors(kittest.All(t), []string{"link-code"})
	require.NoError(t, err)
	require.Contains(t, ways, "link-code")
}

func selfAssessments(t *testing.T, db *sqldb.DB) {
	s := store.NewSelfAssessments(db, clock.NewFake(now))
	team := selfassessment.Team{District: "d1", School: "oak", ID: "core"}
	a := selfassessment.Assessment{Team: team, ID: "a1", Cycle: "cycles/2026", FrameworkVersion: "f1", State: selfassessment.Rating, CreateTime: now, UpdateTime: now, Version: 1}
	require.NoError(t, s.AddAssessment(kittest.All(t), a))
	second := a
	second.ID = "a2"
	kind(t, problem.KindAlreadyExists, s.AddAssessment(kittest.All(t), second))
	open, err := s.Rating(kittest.All(t), team, "cycles/2026")
	require.NoError(t, err)
	require.Equal(t, a, open)

	o := selfassessment.Opinion{ID: "o1", Levels: []selfassessment.Level{{Standard: "a", Level: 2, Note: "n"}}, Group: 2, Day: now.Truncate(24 * time.Hour), Rater: "digest"}
	require.NoError(t, s.AddOpinion(kittest.All(t), a, o))
	o.ID = "o2"
	kind(t, problem.KindAlreadyExists, s.AddOpinion(kittest.All(t), a, o))
	rated, err := s.HasRated(kittest.All(t), a, "digest")
	require.NoError(t, err)
	require.True(t, rated)
	rated, err = s.HasRated(kittest.All(t), a, "other")
	require.NoError(t, err)
	require.False(t, rated)
	list, err := s.Opinions(kittest.All(t), a, "", 10)
	require.NoError(t, err)
	o.ID, o.Rater = "o1", ""
	require.Equal(t, []selfassessment.Opinion{o}, list, "who rated does not come back")

	_, err = s.NewestSettled(kittest.All(t), "d1", "oak", "", "")
	kind(t, problem.KindNotFound, err)
	a.State, a.Consensus, a.Notes, a.SettleTime, a.Version, a.Ratings = selfassessment.Settled, o.Levels, "Done", now.Add(time.Hour), 2, 1
	in(t, db, func(ctx context.Context) error {
		require.NoError(t, s.SaveAssessment(ctx, a))
		return s.Settled(ctx, a)
	})
	kind(t, problem.KindAborted, s.SaveAssessment(kittest.All(t), a))
	require.Equal(t, 1, outboxed(t, db, "SelfAssessmentSettled"))
	got, err := s.Assessment(kittest.All(t), team, "a1")
	require.NoError(t, err)
	require.Equal(t, a, got)
	require.NoError(t, s.AddAssessment(kittest.All(t), second), "a settled one makes room")
	all, err := s.Assessments(kittest.All(t), team, "", 10)
	require.NoError(t, err)
	require.Len(t, all, 2)

	for _, found := range [][2]string{{"", ""}, {"core", ""}, {"", "f1"}, {"core", "f1"}} {
		newest, err := s.NewestSettled(kittest.All(t), "d1", "oak", found[0], found[1])
		require.NoError(t, err)
		require.Equal(t, result.Assessment{Name: a.Name(), FrameworkVersion: "f1", SettleTime: a.SettleTime, Levels: map[string]int{"a": 2}}, newest)
	}
	_, err = s.NewestSettled(kittest.All(t), "d1", "oak", "other", "")
	kind(t, problem.KindNotFound, err)
}
