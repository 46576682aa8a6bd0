package award_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/standing"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// world is what the witness tells: bits by credential and purpose, and entries of the log.
type world struct {
	bits map[string]bool
	log  []translog.Entry
	err  error
}

func (w *world) Set(_ context.Context, credential, purpose string, on bool, _ string) error {
	w.bits[credential+" "+purpose] = on
	return w.err
}

func (w *world) Append(_ context.Context, e translog.Entry) error {
	w.log = append(w.log, e)
	return w.err
}

// kinds are the kinds of the log's entries about a credential.
func (w *world) kinds(credential string) (out []string) {
	for _, e := range w.log {
		if e.Subject == address(credential) {
			out = append(out, e.Kind)
		}
	}
	return out
}

func address(credential string) string { return "https://badges.example.org/v1/" + credential }

// desk is a shelf whose awards are planned as decisions plan them, and witnessed.
type desk struct {
	*shelf
	world *world
	n     int
}

func beginDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{shelf: begin(t), world: &world{bits: map[string]bool{}}}
	witness := standing.New(d.world, d.world, d.Store, d.clock.Now)
	d.registry = award.NewRegistry(d.Store, noSchools{}, nil, d.clock.Now, witness)
	return d
}

// earn awards a badge for a standard for 36 months with 90 days of grace.
func (d *desk) earn(t testing.TB, standard string) award.Award {
	t.Helper()
	d.n++
	now := d.clock.Now()
	a, err := d.registry.Plan(context.Background(), award.Award{
		Name: fmt.Sprintf("%s/awards/w%04d", memory.School, d.n), State: award.Active, Standard: standard, Journey: fmt.Sprint("j", d.n),
		FrameworkVersion: memory.FrameworkVersion, AwardTime: now, CreateTime: now, UpdateTime: now, Version: 1,
		Credential: fmt.Sprintf("credentials/w%04d", d.n),
	}, award.Term{ValidMonths: 36, GraceDays: 90, RenewalMonths: 6})
	require.NoError(t, err)
	require.NoError(t, d.registry.Grant(context.Background(), a, award.Credential{
		Name: a.Credential, Award: a.Name, Issuer: "did:key:z6MkIssuer", Digest: fmt.Sprintf("%064d", d.n),
		Document: []byte(`{"id":"` + address(a.Credential) + `"}`),
	}))
	return d.get(t, a.Name)
}

func (d *desk) get(t testing.TB, name string) award.Award {
	t.Helper()
	a, err := d.registry.Get(context.Background(), name)
	require.NoError(t, err)
	return a
}

// at puts the clock to a time and lets what is due happen.
func (d *desk) at(t testing.TB, when time.Time) {
	t.Helper()
	d.clock.Set(when)
	d.tick(t)
}

func years(n, months, days int) time.Time { return memory.Begin().AddDate(n, months, days) }

func TestASuspendedBadgeIsOutOfForceUntilItIsReinstated(t *testing.T) {
	d := beginDesk(t)
	a := d.earn(t, "share-power")
	d.clock.Advance(time.Hour)
	suspended, err := d.registry.Suspend(t.Context(), a.Name, etag.Of(a.Version), "We look into it.")
	require.NoError(t, err)
	require.Equal(t, award.Suspended, suspended.State)
	require.Equal(t, "We look into it.", suspended.SuspendReason)
	require.Equal(t, d.clock.Now(), suspended.SuspendTime)
	require.Equal(t, award.BadgeSuspended{Award: suspended}, d.Last())
	require.Equal(t, map[string]bool{a.Credential + " suspension": true}, d.world.bits)
	_, err = d.registry.Suspend(t.Context(), a.Name, "", "again")
	memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong)

	_, err = d.registry.Reinstate(t.Context(), a.Name, etag.Of(a.Version))
	memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
	back, err := d.registry.Reinstate(t.Context(), a.Name, etag.Of(suspended.Version))
	require.NoError(t, err)
	require.Equal(t, award.Active, back.State)
	require.Empty(t, back.SuspendReason)
	require.Zero(t, back.SuspendTime)
	require.Equal(t, award.BadgeReinstated{Award: back}, d.Last())
	require.False(t, d.world.bits[a.Credential+" suspension"])
	require.Equal(t, []translog.Entry{
		{Kind: translog.Suspended, Issuer: "did:key:z6MkIssuer", Subject: address(a.Credential), Digest: fmt.Sprintf("%064d", 1), Time: d.clock.Now()},
		{Kind: translog.Reinstated, Issuer: "did:key:z6MkIssuer", Subject: address(a.Credential), Digest: fmt.Sprintf("%064d", 1), Time: d.clock.Now()},
	}, d.world.log)
	_, err = d.registry.Reinstate(t.Context(), a.Name, "")
	require.Equal(t, []string{a.Name + " award_state"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
}

func TestAReinstatedBadgeIsWhereTimeWouldHaveBroughtIt(t *testing.T) {
	for name, c := range map[string]struct {
		suspended, reinstated time.Time
		want                  award.State
		events                []string
	}{
		"before its end":            {years(1, 0, 0), years(2, 0, 0), award.Active, []string{"BadgeReinstated"}},
		"after its end":             {years(1, 0, 0), years(3, 0, 1), award.Grace, []string{"BadgeReinstated", "BadgeExpired"}},
		"after its lapse":           {years(1, 0, 0), years(5, 0, 0), award.Lapsed, []string{"BadgeReinstated", "BadgeExpired", "BadgeLapsed"}},
		"in grace, as before":       {years(3, 0, 10), years(3, 0, 20), award.Grace, []string{"BadgeReinstated"}},
		"in grace, and lapsed then": {years(3, 0, 10), years(5, 0, 0), award.Lapsed, []string{"BadgeReinstated", "BadgeLapsed"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := beginDesk(t)
			a := d.earn(t, "share-power")
			d.at(t, c.suspended)
			_, err := d.registry.Suspend(t.Context(), a.Name, "", "Wait.")
			require.NoError(t, err)
			before := len(d.Events())
			d.at(t, c.reinstated)
			require.Equal(t, award.Suspended, d.state(t, a.Name), "time does not end a suspension")
			require.Len(t, d.Events(), before)
			back, err := d.registry.Reinstate(t.Context(), a.Name, "")
			require.NoError(t, err)
			require.Equal(t, c.want, back.State)
			require.Equal(t, c.events, d.Events()[before:])
			require.Equal(t, []string{translog.Suspended, translog.Reinstated}, d.world.kinds(a.Credential))
		})
	}
}

func TestASuspendedBadgeCanBeRevoked(t *testing.T) {
	d := beginDesk(t)
	a := d.earn(t, "share-power")
	_, err := d.registry.Suspend(t.Context(), a.Name, "", "Wait.")
	require.NoError(t, err)
	gone, err := d.registry.Revoke(t.Context(), a.Name, "", "It was not theirs.")
	require.NoError(t, err)
	require.Equal(t, award.Revoked, gone.State)
	require.Empty(t, gone.SuspendReason)
	require.Equal(t, map[string]bool{a.Credential + " suspension": false, a.Credential + " revocation": true}, d.world.bits)
	require.Equal(t, []string{translog.Suspended, translog.Revoked}, d.world.kinds(a.Credential))
}

func TestWhatCannotBeToldIsNotDone(t *testing.T) {
	d := beginDesk(t)
	a := d.earn(t, "share-power")
	d.world.err = errors.New("the log is full")
	_, err := d.registry.Suspend(t.Context(), a.Name, "", "Wait.")
	require.ErrorContains(t, err, "the log is full")
	require.Equal(t, award.Active, d.state(t, a.Name))
	require.NotContains(t, d.Events(), "BadgeSuspended")
}

func TestARenewalIsDueOnceWhenItsWindowOpens(t *testing.T) {
	d := beginDesk(t)
	a := d.earn(t, "share-power")
	require.Equal(t, years(3, -6, 0), a.RenewalOpenTime)
	d.at(t, years(3, -6, 0).Add(-time.Microsecond))
	require.NotContains(t, d.Events(), "RenewalDue")
	d.at(t, years(3, -6, 0))
	require.Equal(t, "RenewalDue", d.Events()[len(d.Events())-1])
	require.Equal(t, a.Name, d.Last().(award.RenewalDue).Award.Name)
	require.Zero(t, d.tick(t), "said once")
	require.Equal(t, award.Active, d.state(t, a.Name))
}

func TestAShortBadgeMayBeRenewedFromTheBeginning(t *testing.T) {
	made := memory.Begin()
	require.Equal(t, made, award.Opens(made, made.AddDate(0, 3, 0), 6))
	require.Equal(t, made.AddDate(1, -2, 0), award.Opens(made, made.AddDate(1, 0, 0), 2))
	require.Equal(t, made.AddDate(1, -6, 0), award.Opens(made, made.AddDate(1, 0, 0), 0), "an edition that says nothing")
}

func TestARenewalInItsWindowBeginsWhereTheOldTermEnds(t *testing.T) {
	d := beginDesk(t)
	old := d.earn(t, "share-power")
	d.at(t, years(3, -3, 0))
	next := d.earn(t, "share-power")
	require.Equal(t, old.Name, next.Renews)
	require.Equal(t, years(6, 0, 0), next.ExpireTime)
	require.Equal(t, years(6, 0, 0).AddDate(0, 0, 90), next.LapseTime)
	require.Equal(t, next.Name, d.get(t, old.Name).RenewedBy)
	require.Equal(t, award.Active, d.state(t, old.Name), "the old one holds to its end")

	d.at(t, years(3, 0, 0))
	require.Equal(t, award.Renewed, d.state(t, old.Name))
	said := d.Last().(award.BadgeRenewed)
	require.Equal(t, []string{old.Name, next.Name}, []string{said.Award.Name, said.Successor.Name})
	require.NotContains(t, d.Events(), "BadgeExpired")
	require.Empty(t, d.world.bits, "a renewal takes nothing away")
	require.Empty(t, d.world.log)
	d.at(t, years(6, 0, 0))
	require.Equal(t, award.Grace, d.state(t, next.Name))
}

func TestARenewalInTheDaysOfGraceTakesOverAtOnce(t *testing.T) {
	d := beginDesk(t)
	old := d.earn(t, "share-power")
	d.at(t, years(3, 0, 40))
	next := d.earn(t, "share-power")
	require.Equal(t, years(3, 0, 40).AddDate(3, 0, 0), next.ExpireTime)
	require.Equal(t, award.Renewed, d.state(t, old.Name))
	require.Contains(t, d.Events(), "BadgeRenewed")
}

func TestABadgeEarnedAgainMuchTooEarlyDoesNotPileUpYears(t *testing.T) {
	d := beginDesk(t)
	old := d.earn(t, "share-power")
	d.at(t, years(1, 0, 0))
	next := d.earn(t, "share-power")
	require.Equal(t, old.Name, next.Renews)
	require.Equal(t, years(4, 0, 0), next.ExpireTime)
	d.at(t, years(3, 0, 0))
	require.Equal(t, award.Renewed, d.state(t, old.Name))
}

func TestWhatIsNoRenewal(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, d *desk, old award.Award){
		"of a lapsed badge": func(t *testing.T, d *desk, _ award.Award) { d.at(t, years(4, 0, 0)) },
		"of a suspended badge": func(t *testing.T, d *desk, old award.Award) {
			_, err := d.registry.Suspend(t.Context(), old.Name, "", "x")
			require.NoError(t, err)
		},
		"of a revoked badge": func(t *testing.T, d *desk, old award.Award) {
			_, err := d.registry.Revoke(t.Context(), old.Name, "", "x")
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := beginDesk(t)
			old := d.earn(t, "share-power")
			prepare(t, d, old)
			next := d.earn(t, "share-power")
			require.Empty(t, next.Renews)
			require.Equal(t, d.clock.Now().AddDate(3, 0, 0), next.ExpireTime)
			require.Empty(t, d.get(t, old.Name).RenewedBy)
		})
	}
	d := beginDesk(t)
	d.earn(t, "share-power")
	require.Empty(t, d.earn(t, "welcome-all-families").Renews, "of another standard")
	plan := func(framework string, months int) award.Award {
		a, err := d.registry.Plan(t.Context(), award.Award{
			Name: memory.School + "/awards/z", Standard: "share-power", FrameworkVersion: framework, AwardTime: d.clock.Now(),
		}, award.Term{ValidMonths: months})
		require.NoError(t, err)
		return a
	}
	require.Empty(t, plan("frameworks/other/versions/1", 36).Renews, "of another framework")
	require.NotEmpty(t, plan(names.Parent(memory.FrameworkVersion)+"/versions/2030", 48).Renews, "a later version of the framework")
	require.Empty(t, plan(memory.FrameworkVersion, 12).Renews, "what ends before it")
}

func TestASuccessorThatDoesNotStandTakesNothingOver(t *testing.T) {
	d := beginDesk(t)
	old := d.earn(t, "share-power")
	d.at(t, years(3, -1, 0))
	next := d.earn(t, "share-power")
	_, err := d.registry.Suspend(t.Context(), next.Name, "", "Wait.")
	require.NoError(t, err)
	d.at(t, years(3, 0, 1))
	require.Equal(t, award.Grace, d.state(t, old.Name))
	_, err = d.registry.Reinstate(t.Context(), next.Name, "")
	require.NoError(t, err)
	require.Equal(t, award.Renewed, d.state(t, old.Name), "with the successor back, it is renewed")
}

func TestABadgeWhoseSuccessorIsRevokedMayBeRenewedAgain(t *testing.T) {
	d := beginDesk(t)
	old := d.earn(t, "share-power")
	d.at(t, years(3, -2, 0))
	gone := d.earn(t, "share-power")
	_, err := d.registry.Revoke(t.Context(), gone.Name, "", "A mistake.")
	require.NoError(t, err)
	require.Empty(t, d.get(t, old.Name).RenewedBy)
	next := d.earn(t, "share-power")
	require.Equal(t, old.Name, next.Renews)
	require.Equal(t, years(6, 0, 0), next.ExpireTime)
}

func TestARefreshLeadsToWhatTookThePlace(t *testing.T) {
	d := beginDesk(t)
	refreshed := func(credential string) string {
		c, err := d.registry.Refresh(t.Context(), credential)
		require.NoError(t, err)
		return c.Name
	}
	first := d.earn(t, "share-power")
	require.Equal(t, first.Credential, refreshed(first.Credential), "itself, when nothing did")
	d.at(t, years(3, -1, 0))
	second := d.earn(t, "share-power")
	require.Equal(t, second.Credential, refreshed(first.Credential))
	d.at(t, years(6, -1, 0))
	third := d.earn(t, "share-power")
	require.Equal(t, third.Credential, refreshed(first.Credential), "over two renewals")
	_, err := d.registry.Revoke(t.Context(), third.Name, "", "A mistake.")
	require.NoError(t, err)
	require.Equal(t, second.Credential, refreshed(first.Credential), "not to what does not stand")
	for name, by := range map[string]string{"credentials/p1": "credentials/p2", "credentials/p2": "credentials/p3", "credentials/p3": ""} {
		require.NoError(t, d.InsertCredential(t.Context(), award.Credential{Name: name, Kind: award.KindPartnership, ReplacedBy: by}))
	}
	require.Equal(t, "credentials/p3", refreshed("credentials/p1"), "of the Partnership School award, too")
	_, err = d.registry.Refresh(t.Context(), "credentials/none")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

// TestTheLifeOfAwards grants, suspends, reinstates, revokes and lets time go by in any order, and holds after each step
// what must always be so.
func TestTheLifeOfAwards(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := beginDesk(t)
		var all []string
		one := func() string { return rapid.SampledFrom(all).Draw(rt, "award") }
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			step := rapid.IntRange(0, 7).Draw(rt, "step")
			switch {
			case step <= 2 || len(all) == 0:
				all = append(all, d.earn(t, rapid.SampledFrom(standards()).Draw(rt, "standard")).Name)
			case step == 3:
				_, _ = d.registry.Suspend(t.Context(), one(), "", "x") // refused in a wrong state, which is tested elsewhere
			case step == 4:
				_, _ = d.registry.Reinstate(t.Context(), one(), "")
			case step == 5:
				_, _ = d.registry.Revoke(t.Context(), one(), "", "x")
			default:
				d.at(t, d.clock.Now().AddDate(0, 0, rapid.IntRange(1, 400).Draw(rt, "days")))
			}
			d.holds(rt, t, all)
		}
	})
}

// holds checks what must be so whatever happened.
func (d *desk) holds(rt *rapid.T, t *testing.T, all []string) {
	now, counting := d.clock.Now(), map[string]bool{}
	for _, name := range all {
		a := d.get(t, name)
		require.Equal(rt, a.State == award.Revoked, d.world.bits[a.Credential+" revocation"], "bits say what the state says")
		require.Equal(rt, a.State == award.Suspended, d.world.bits[a.Credential+" suspension"])
		require.Equal(rt, a.State == award.Suspended, !a.SuspendTime.IsZero())
		require.True(rt, a.State != award.Active || now.Before(a.ExpireTime), "%s is over", name)
		require.True(rt, a.State != award.Grace || now.Before(a.LapseTime) && !now.Before(a.ExpireTime))
		require.True(rt, a.State != award.Lapsed || !now.Before(a.LapseTime))
		if a.State == award.Renewed {
			require.Equal(rt, name, d.get(t, a.RenewedBy).Renews)
			require.False(rt, now.Before(a.ExpireTime))
		}
		counting[a.Standard] = counting[a.Standard] || a.State.Counts()
	}
	whole := true
	for _, standard := range standards() {
		whole = whole && counting[standard]
	}
	require.Equal(rt, whole, d.partner(t).Recognized)
	d.saidOnce(rt)
}

// saidOnce holds that what can happen to an award once is said once, and that the log tells suspensions in turn.
func (d *desk) saidOnce(rt *rapid.T) {
	said := map[string]bool{}
	once := func(kind, name string) {
		require.False(rt, said[kind+name], "%s of %s twice", kind, name)
		said[kind+name] = true
	}
	for _, e := range d.All() {
		switch e := e.(type) {
		case award.BadgeExpired:
			once("expired", e.Award.Name)
		case award.BadgeLapsed:
			once("lapsed", e.Award.Name)
		case award.BadgeRevoked:
			once("revoked", e.Award.Name)
		case award.BadgeRenewed:
			once("renewed", e.Award.Name)
		case award.RenewalDue:
			once("due", e.Award.Name)
		}
	}
	last := map[string]string{}
	for _, e := range d.world.log {
		before := last[e.Subject]
		last[e.Subject] = e.Kind
		require.NotEqual(rt, translog.Revoked, before, "nothing follows a revocation")
		require.Equal(rt, e.Kind == translog.Reinstated, before == translog.Suspended && e.Kind != translog.Revoked)
	}
}
