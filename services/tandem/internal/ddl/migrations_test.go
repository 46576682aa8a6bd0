package ddl_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/ddl"
)

const root = "../../../.."

// folders are all folders of migrations in the source tree, so that none of a new
// service is forgotten.
func folders(t *testing.T) (found []string) {
	t.Helper()
	for _, part := range []string{"services", "gateway"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, part), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && entry.Name() == "migrations" && !strings.Contains(path, "testdata") {
				name, err := filepath.Rel(root, path)
				require.NoError(t, err)
				found = append(found, filepath.ToSlash(name))
			}
			return err
		}))
	}
	return found
}

func TestEveryMigrationLeavesTheRunningProgramAlone(t *testing.T) {
	all := folders(t)
	require.Subset(t, all, []string{
		"services/kit/sqldb/migrations", "services/schools/internal/store/migrations", "services/assessments/internal/store/migrations",
		"services/evidence/internal/store/migrations", "services/badges/internal/store/migrations", "gateway/internal/store/migrations",
	})
	used := map[string]bool{}
	for _, folder := range all {
		for _, dialect := range []string{ddl.Postgres, ddl.SQLite} {
			found, err := ddl.Check(os.DirFS(filepath.Join(root, folder)), dialect)
			require.NoError(t, err, folder)
			for _, f := range found {
				key := folder + "/" + f.Key()
				if accepted[key] == "" {
					t.Errorf("%s/%s", folder, f)
				}
				used[key] = true
			}
		}
	}
	for key := range accepted {
		require.True(t, used[key], "accepted and not there: %s", key)
	}
}

// Both dialects have the same steps, by which versions of schemas are compared.
func TestBothDialectsHaveTheSameFiles(t *testing.T) {
	for _, folder := range folders(t) {
		var names [2][]string
		for i, dialect := range []string{ddl.Postgres, ddl.SQLite} {
			files, err := filepath.Glob(filepath.Join(root, folder, dialect, "*.sql"))
			require.NoError(t, err)
			require.NotEmpty(t, files, folder)
			for _, file := range files {
				names[i] = append(names[i], filepath.Base(file))
			}
			slices.Sort(names[i])
		}
		require.Equal(t, names[0], names[1], folder)
	}
}
