package sqldb_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// The folder may be one that everybody enters, such as a volume's.
func TestANewSQLiteDatabaseIsForItsOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "one.db")
	open := func() *sqldb.DB {
		db, err := sqldb.Open(t.Context(), sqldb.Options{URL: "sqlite:" + path, Schema: "one"})
		require.NoError(t, err)
		_, err = db.Exec(kittest.All(t), `CREATE TABLE IF NOT EXISTS things (id TEXT PRIMARY KEY)`)
		require.NoError(t, err)
		return db
	}
	db := open()
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Len(t, files, 3, "with the log and its index")
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
	require.NoError(t, db.Close())
	require.NoError(t, os.Chmod(path, 0o640)) // the operator's own choice stays
	require.NoError(t, open().Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
}
