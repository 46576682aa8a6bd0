package store_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
)

// first are the migrations of the service as they were before grants were rows.
func first(t *testing.T) fs.FS {
	t.Helper()
	old := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(store.Migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/00001_") {
			return err
		}
		text, err := fs.ReadFile(store.Migrations(), path)
		old[path] = &fstest.MapFile{Data: text}
		return err
	}))
	return old
}

func TestWhatPeopleHeldBeforeMovesOver(t *testing.T) {
	kittest.Databases(t, "schools", first(t), func(t *testing.T, db *sqldb.DB) {
		ctx := kittest.All(t)
		for _, p := range []struct{ district, parent, id, grants string }{
			{"d", "districts/d", "ana", `[{"role":"principal","node":"districts/d/schools/s"},{"role":"team_lead","node":"districts/d"}]`},
			{"d", "districts/d", "none", `null`},
			{"d", "districts/d", "empty", `[]`},
			{"_state", "", "ada", `[{"role":"state_admin","node":""}]`},
		} {
			_, err := db.Exec(ctx, `INSERT INTO people (district_id, parent, id, version, created_at, updated_at, display_name, email, grants, demo)
				VALUES ($1, $2, $3, 1, 7, 7, 'P', '', $4, FALSE)`, p.district, p.parent, p.id, p.grants)
			require.NoError(t, err)
		}
		require.NoError(t, db.Migrate(context.WithoutCancel(ctx), store.Migrations()))
		kept := store.New(db, clock.NewFake(kittest.Start()))
		held, err := kept.Held(ctx, []string{"districts/d/people/ana", "districts/d/people/none", "people/ada"}, kittest.Start())
		require.NoError(t, err)
		require.Equal(t, map[string][]person.Role{
			"districts/d/people/ana": {{Role: "principal", Node: "districts/d/schools/s"}, {Role: "team_lead", Node: "districts/d"}},
			"people/ada":             {{Role: "state_admin"}},
		}, held)
		g, err := kept.Grant(ctx, "districts/d/people/ana/grants/before-1")
		require.NoError(t, err)
		require.Empty(t, g.Grantor, "nobody knows any more who gave it")
		ana, err := kept.Person(ctx, "districts/d/people/ana")
		require.NoError(t, err)
		require.False(t, ana.Disabled)
	})
}
