package store_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
)

const (
	home   = "districts/race"
	racers = 8
)

// office is a store with a district, two people and their services.
func office(t testing.TB, db *sqldb.DB) (grant.Service, person.Service, account.Service) {
	t.Helper()
	now := clock.NewFake(kittest.Start())
	kept := store.New(db, now)
	require.NoError(t, kept.InsertDistrict(kittest.All(t), district.District{Name: home, Meta: record.NewMeta(now.Now())}))
	grants := grant.Service{Store: kept, Clock: now}
	return grants, person.Service{Store: kept, Clock: now, Grants: grants}, account.Service{Store: kept, Clock: now}
}

// race runs several at once and returns what each answered.
func race[T any](n int, do func(i int) T) []T {
	answers := make([]T, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i] = do(i) })
	}
	all.Wait()
	return answers
}

func root() grant.Actor {
	return grant.Actor{Subject: "people/dev-admin", Grants: []grant.Held{{Role: grant.StateAdmin}}}
}

// TestTwoBrowsersMakeOneLink signs the same account in at once, first with a
// person who is known and then with one who is not.
func TestTwoBrowsersMakeOneLink(t *testing.T) {
	kittest.Databases(t, "schools", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		_, people, accounts := office(t, db)
		known, err := people.Create(kittest.All(t), root(), home, "ana", person.Fields{DisplayName: "Ana", Email: "ana@example.org"}, nil)
		require.NoError(t, err)
		for _, mail := range []string{"ana@example.org", "new@example.org"} {
			names := race(racers, func(int) string {
				name, refusal, err := accounts.SignIn(kittest.All(t), account.Visitor{
					Account: account.Account{Tenant: home, Issuer: "i", Subject: mail}, Email: mail, EmailVerified: true,
				}, true)
				return fmt.Sprint(name, refusal, err)
			})
			for _, name := range names {
				require.Equal(t, names[0], name)
			}
		}
		all, err := people.List(kittest.All(t), home, false, record.Range{})
		require.NoError(t, err)
		require.Len(t, all, 2, "nobody is registered twice")

		// Two accounts of one issuer want the same person: one of them is linked.
		_, err = people.Create(kittest.All(t), root(), home, "bea", person.Fields{DisplayName: "Bea", Email: "bea@example.org"}, nil)
		require.NoError(t, err)
		linked := 0
		for _, refusal := range race(racers, func(i int) account.Refusal {
			_, refusal, err := accounts.SignIn(kittest.All(t), account.Visitor{
				Account: account.Account{Tenant: home, Issuer: "i", Subject: fmt.Sprint("bea", i)}, Email: "bea@example.org", EmailVerified: true,
			}, false)
			require.NoError(t, err)
			return refusal
		}) {
			if refusal == "" {
				linked++
			} else {
				require.Equal(t, account.LinkedElsewhere, refusal)
			}
		}
		require.Equal(t, 1, linked)
		require.Equal(t, home+"/people/ana", known.Name)
	})
}

// TestTheLastAdministratorsDoNotEndEachOther: each sees the other when they begin.
func TestTheLastAdministratorsDoNotEndEachOther(t *testing.T) {
	kittest.Databases(t, "schools", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		grants, people, _ := office(t, db)
		for i := range racers {
			_, err := people.Create(kittest.All(t), root(), "", fmt.Sprint("a", i), person.Fields{DisplayName: "A"}, []person.Role{{Role: grant.StateAdmin}})
			require.NoError(t, err)
		}
		ended := 0
		for _, err := range race(racers, func(i int) error {
			next := fmt.Sprintf("people/a%d/grants/first-1", (i+1)%racers)
			_, err := grants.End(kittest.All(t), grant.Actor{Subject: fmt.Sprint("people/a", i)}, next, "", "You go.")
			return err
		}) {
			if err == nil {
				ended++
			}
		}
		require.Less(t, ended, racers)
		left, err := grants.Holders(kittest.All(t), "", false, record.Range{})
		require.NoError(t, err)
		require.Len(t, left, racers-ended)
	})
}

// BenchmarkSubject is what every request of a person asks first.
func BenchmarkSubject(b *testing.B) {
	db := kittest.SQLite(b, "schools", store.Migrations())
	grants, people, accounts := office(b, db)
	ctx := kittest.All(b)
	for i := range 500 {
		p, err := people.Create(ctx, root(), home, fmt.Sprint("p", i), person.Fields{DisplayName: "P"}, []person.Role{{Role: grant.DistrictCoordinator, Node: home}})
		require.NoError(b, err)
		for range 3 {
			_, err := grants.Create(ctx, root(), p.Name, "", grant.Held{Role: grant.TeamLead, Node: home}, "")
			require.NoError(b, err)
		}
	}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		found, err := accounts.Resolve(ctx, fmt.Sprint(home, "/people/p", i%500))
		if err != nil || len(found.Grants) != 4 {
			b.Fatal(err, len(found.Grants))
		}
	}
}
