// Package schoolstest is a small land for the tests of the nouns: a real store on
// SQLite, a clock that stands still, and the words in which tests read refusals
// and events.
//
// Its store is restless: every transaction runs twice, the first time to be
// rolled back, as a database does under load. A noun that keeps something from
// the lost attempt fails its tests.
//
// Neighbours: the tests of district, person, cycle, team, journey and inbox.
package schoolstest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/cycle"
	"github.com/tandem-badges/tandem/services/schools/internal/district"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
	"github.com/tandem-badges/tandem/services/schools/internal/team"
)

// The land that New makes: two districts, of which the first has two schools and
// a team, and the second one school.
const (
	District = "districts/d"
	Foreign  = "districts/f"
	School   = District + "/schools/s"
	Second   = District + "/schools/s2"
	Abroad   = Foreign + "/schools/a"
	Team     = School + "/teams/t"
)

var errAgain = errors.New("the transaction is lost and runs again")

type insideTx struct{}

// Store is the store of the service with transactions that run twice.
type Store struct{ *store.Store }

// Tx runs fn, rolls it back, and runs it again.
func (s Store) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	if ctx.Value(insideTx{}) != nil {
		return s.Store.Tx(ctx, fn)
	}
	ctx = context.WithValue(ctx, insideTx{}, true)
	err := s.Store.Tx(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return s.Store.Tx(ctx, fn)
}

// World is the land and what happened in it.
type World struct {
	Store Store
	Clock *clock.Fake

	told func(t testing.TB) []string
}

// Empty is a world without anything in it.
func Empty(t testing.TB) *World {
	t.Helper()
	db := kittest.SQLite(t, "schools", store.Migrations())
	now := clock.NewFake(kittest.Start())
	return &World{
		Store: Store{store.New(db, now)}, Clock: now,
		told: func(t testing.TB) []string {
			t.Helper()
			rows, err := db.Conn(kittest.All(t)).QueryContext(kittest.All(t), `SELECT type, name FROM outbox ORDER BY seq`)
			require.NoError(t, err)
			defer func() { _ = rows.Close() }()
			all := []string{}
			for rows.Next() {
				var kind, name string
				require.NoError(t, rows.Scan(&kind, &name))
				all = append(all, strings.TrimPrefix(kind, "tandem.schools.v1.")+" "+name)
			}
			require.NoError(t, rows.Err())
			return all
		},
	}
}

// New is a world with districts, schools and a team.
func New(t testing.TB) *World {
	t.Helper()
	w := Empty(t)
	meta := record.NewMeta(w.Clock.Now())
	for _, name := range []string{District, Foreign} {
		require.NoError(t, w.Store.InsertDistrict(kittest.All(t), district.District{
			Name: name, Meta: meta, Fields: district.Fields{Title: name},
		}))
	}
	for _, name := range []string{School, Second, Abroad} {
		require.NoError(t, w.Store.InsertSchool(kittest.All(t), district.School{
			Name: name, State: district.Open, Meta: meta, SchoolFields: district.SchoolFields{Title: name},
		}))
	}
	require.NoError(t, w.Store.InsertTeam(kittest.All(t), team.Team{Name: Team, Meta: meta, Fields: team.Fields{Title: "T"}}))
	return w
}

// Districts are the districts of this world.
func (w *World) Districts() district.Service {
	return district.Service{Store: w.Store, Clock: w.Clock}
}

// People are the people of this world.
func (w *World) People() person.Service {
	return person.Service{Store: w.Store, Clock: w.Clock, Grants: w.Grants()}
}

// Grants are the grants of this world.
func (w *World) Grants() grant.Service { return grant.Service{Store: w.Store, Clock: w.Clock} }

// Root is who holds everything without being registered.
func Root() grant.Actor {
	return grant.Actor{Subject: "people/dev-admin", Grants: []grant.Held{{Role: grant.StateAdmin}}}
}

// Hire registers a person with a role that a root gives for good, and returns
// them as an actor.
func (w *World) Hire(t testing.TB, name string, role grant.Role, node string) grant.Actor {
	t.Helper()
	parent, _, id := record.Split(name)
	_, err := w.People().Create(kittest.All(t), Root(), parent, id, person.Fields{DisplayName: id}, []person.Role{{Role: role, Node: node}})
	require.NoError(t, err)
	return grant.Actor{Subject: name}
}

// Cycles are the cycles of this world.
func (w *World) Cycles() cycle.Service { return cycle.Service{Store: w.Store, Clock: w.Clock} }

// Teams are the teams of this world.
func (w *World) Teams() team.Service { return team.Service{Store: w.Store, Clock: w.Clock} }

// Events returns what was told so far, each as type and name, in order.
func (w *World) Events(t testing.TB) []string {
	t.Helper()
	return w.told(t)
}

// Refusal is a refusal in short: the reason with the name of the resource where
// there is one, then field and rule of each violation. Every violation must say
// what to do.
func Refusal(t require.TestingT, err error) []string {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	require.Error(t, err)
	p, ok := problem.As(err)
	require.True(t, ok, "a refusal of the domain: %v", err)
	short := []string{strings.TrimSpace(string(p.Reason) + " " + p.Name)}
	for _, v := range p.Violations {
		require.NotEmpty(t, v.Fix, "%s: %s says what to do", v.Field, v.Rule)
		short = append(short, v.Field+": "+v.Rule)
	}
	return short
}

// Invalid is the refusal of fields.
func Invalid(rules ...string) []string {
	return append([]string{string(problem.ReasonFieldInvalid)}, rules...)
}
