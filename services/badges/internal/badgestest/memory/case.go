package memory

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// The things that most tests are about.
const (
	School           = "districts/aspen/schools/east"
	Application      = School + "/applications/a1"
	Journey          = School + "/teams/t1/journeys/j1"
	Badge            = "badgeDefinitions/share-power"
	Edition          = Badge + "/versions/1"
	Guide            = "rubrics/partnership-badge/versions/1"
	FrameworkVersion = "frameworks/national-standards/versions/2022"
)

// Begin is when tests begin.
func Begin() time.Time { return time.Date(2026, time.September, 1, 9, 0, 0, 0, time.UTC) }

// Clock begins at Begin.
func Clock() *clock.Fake { return clock.NewFake(Begin()) }

// Numbers gives ids n1, n2, and so on.
func Numbers() func() string {
	n := 0
	return func() string {
		n++
		return "n" + strconv.Itoa(n)
	}
}

// Loaded is a store that holds the built-in badges.
func Loaded(t testing.TB) *Store {
	t.Helper()
	s := New()
	require.NoError(t, definition.NewCatalog(s, Clock().Now, Numbers()).Load(context.Background()))
	s.events = nil
	return s
}

// Rules checks the kind and reason of a refusal and returns "field rule" of its violations.
func Rules(t testing.TB, err error, kind problem.Kind, reason problem.Reason) []string {
	t.Helper()
	p, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, kind, p.Kind, "%v", err)
	require.Equal(t, reason, p.Reason, "%v", err)
	var out []string
	for _, v := range p.Violations {
		require.NotEmpty(t, v.Fix, "how to mend %s %s", v.Field, v.Rule)
		out = append(out, v.Field+" "+v.Rule)
	}
	return out
}
