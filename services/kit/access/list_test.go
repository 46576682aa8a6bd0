package access_test

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
	"pgregory.net/rapid"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/policy"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/scope"
)

// tree is a table with every node of a small state, as stores keep their rows.
func tree(t *testing.T) (db *sql.DB, all []string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+t.TempDir()+"/tree.db")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(t.Context(), "CREATE TABLE nodes (district_id TEXT, school TEXT, name TEXT)")
	require.NoError(t, err)
	all = []string{""}
	for _, d := range []string{"d", "d1", "e"} {
		all = append(all, "districts/"+d)
		for _, s := range []string{"s", "s1", "t"} {
			all = append(all, "districts/"+d+"/schools/"+s)
		}
	}
	for _, node := range all {
		district := scope.District(node)
		if district == "" {
			district = "_state"
		}
		school := ""
		if strings.Contains(node, "/schools/") {
			school = node
		}
		_, err := db.ExecContext(t.Context(), "INSERT INTO nodes VALUES ($1, $2, $3)", district, school, node)
		require.NoError(t, err)
	}
	return db, all
}

// listed reads the rows of a scope as a store does.
func listed(t *rapid.T, db *sql.DB, s scope.Scope) []string {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	where := s.Where(scope.Columns{District: "district_id", At: func(node string) string {
		if strings.Contains(node, "/schools/") {
			return "school = " + arg(node)
		}
		return "district_id = " + arg(scope.District(node))
	}}, arg)
	rows, err := db.QueryContext(context.Background(), "SELECT name FROM nodes WHERE "+where+" ORDER BY name", args...)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	names := []string{}
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

// A list holds exactly what its caller may read one by one: by the condition in
// the database, by the scope itself, and by the rule of the single resource.
func TestAListHoldsExactlyWhatCheckAllows(t *testing.T) {
	db, all := tree(t)
	set, err := policy.Load()
	require.NoError(t, err)
	var actions []string
	for _, a := range set.Actions() {
		if set.Reach(a.Name) == accessv1.Scope_SCOPE_COVERS {
			actions = append(actions, a.Name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		own := &access.Restrictions{}
		for _, r := range []access.Restriction{drawRestriction(t, set), drawRestriction(t, set)} {
			require.NoError(t, own.Set(r.District, []access.Restriction{r}))
		}
		id := drawIdentity(t, set)
		ctx := access.WithIdentity(access.WithRestrictions(context.Background(), own), id)
		action := rapid.SampledFrom(actions).Draw(t, "action")

		shown := access.ScopeOf(ctx, action)
		want := slices.DeleteFunc(slices.Clone(all), func(node string) bool { return access.Check(ctx, id, rule(action), node) != nil })
		slices.Sort(want)
		require.Equal(t, want, listed(t, db, shown))
		require.Equal(t, want, slices.DeleteFunc(sortedCopy(all), func(node string) bool { return !shown.Covers(node) }))
	})
}

func sortedCopy(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func TestScopeOfIsTheTopNodes(t *testing.T) {
	grants := append(grant(accessv1.Role_ROLE_PRINCIPAL, cedar), grant(accessv1.Role_ROLE_PRINCIPAL, maple)...)
	grants = append(grants, grant(accessv1.Role_ROLE_STATE_ADMIN, "districts/0880")...)
	ctx := access.WithIdentity(context.Background(), access.Identity{Subject: "people/p", Grants: grants})

	require.Equal(t, scope.Of(cedar, maple), access.ScopeOf(ctx, "journeys.signOff"))
	require.Equal(t, scope.Of("districts/0880"), access.ScopeOf(ctx, "journeys.get"))
	require.Equal(t, scope.Of(""), access.ScopeOf(ctx, "cycles.get"), "what everybody may shows everything")
	require.Empty(t, access.ScopeOf(ctx, "reviews.finalize"))
	require.Empty(t, access.ScopeOf(context.Background(), "cycles.get"))
	machine := access.WithIdentity(context.Background(), access.Identity{Subject: "districts/0880/apiClients/c", Scopes: []string{"schools.read"}})
	require.Equal(t, scope.Of("districts/0880"), access.ScopeOf(machine, "schools.get"))
}

func TestTheStateShowsADistrictThatForbidsItOnlyByAnotherRole(t *testing.T) {
	state := grant(accessv1.Role_ROLE_STATE_ADMIN, "")
	ctx := restrict(t, noNotes(accessv1.Role_ROLE_STATE_ADMIN))
	caller := func(grants []access.Grant) context.Context {
		return access.WithIdentity(ctx, access.Identity{Subject: "people/p", Grants: grants})
	}
	require.Equal(t, scope.Scope{Nodes: []string{""}, Except: []string{"0880"}}, access.ScopeOf(caller(state), "notes.get"))
	both := append(grant(accessv1.Role_ROLE_PRINCIPAL, maple), state...)
	require.Equal(t, scope.Scope{Nodes: []string{"", maple}, Except: []string{"0880"}}, access.ScopeOf(caller(both), "notes.get"))
	whole := append(grant(accessv1.Role_ROLE_DISTRICT_COORDINATOR, ""), state...)
	require.Equal(t, scope.Of(""), access.ScopeOf(caller(whole), "notes.get"))
}

func TestMay(t *testing.T) {
	ctx := access.WithIdentity(context.Background(), access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_PANEL_CHAIR, "districts/0880")})
	require.True(t, access.May(ctx, "reviews.readAll", maple+"/applications/a"))
	require.False(t, access.May(ctx, "reviews.readAll", other))
	require.False(t, access.May(ctx, "reviews.finalize", maple))
	require.False(t, access.May(context.Background(), "reviews.readAll", maple))
}
