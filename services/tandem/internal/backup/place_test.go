package backup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/backup"
)

func TestAPlaceMayHaveAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "50% of #1?")
	folder, err := backup.OpenFolder(t.Context(), dir)
	require.NoError(t, err)
	m := create(t, newWorld(t, "sqlite", 1).migrate(t), folder)
	require.FileExists(t, filepath.Join(dir, m.ID, "manifest.json"))
}

func TestAMistypedPlaceIsNotMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bakcups")
	for _, where := range []string{dir, "file://" + filepath.ToSlash(dir)} {
		_, err := backup.FindFolder(t.Context(), where)
		require.ErrorContains(t, err, dir+" is no folder")
		require.NoDirExists(t, dir)
	}
	folder, err := backup.OpenFolder(t.Context(), dir)
	require.NoError(t, err)
	require.NoError(t, folder.Close())
	again, err := backup.FindFolder(t.Context(), dir)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

// Nobody else of the machine reads what is kept, and nothing lies there that the manifest
// does not name.
func TestABackupIsForItsOwnerOnlyAndHoldsWhatItsManifestNames(t *testing.T) {
	folder, dir := place(t)
	m := create(t, newWorld(t, "sqlite", 1).migrate(t).fill(t), folder)
	manifest, err := os.ReadFile(filepath.Join(dir, m.ID, "manifest.json"))
	require.NoError(t, err)
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		if path == dir {
			return nil // the test's own
		}
		info, err := entry.Info()
		require.NoError(t, err)
		if entry.IsDir() {
			require.Zero(t, info.Mode().Perm()&0o077, path)
		}
		name := strings.TrimPrefix(path, dir+"/")
		if !entry.IsDir() && strings.HasPrefix(name, m.ID) && entry.Name() != "manifest.json" && entry.Name() != "begun" {
			files++
			require.Contains(t, string(manifest), `"`+name+`"`)
		}
		return nil
	}))
	require.Greater(t, files, 10)
}

func TestADamagedBackupDoesNotKeepTheNextOneFromBeingMade(t *testing.T) {
	w := newWorld(t, "sqlite", 1).migrate(t).fill(t)
	for _, file := range []string{"manifest.json", "files-seen.zst"} {
		t.Run(file, func(t *testing.T) {
			folder, dir := place(t)
			path := filepath.Join(dir, create(t, w, folder).ID, file)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, text[:len(text)-20], 0o600))
			o := options(t)
			o.Now = func() time.Time { return time.Now().Add(time.Hour) }
			m, err := backup.Create(t.Context(), w.Installation, folder, o)
			require.NoError(t, err)
			require.NoError(t, backup.Verify(t.Context(), folder, m, &report{}))
		})
	}
}

// A clock that was ahead made a backup that looks newer than the one just made.
func TestTheBackupJustMadeStays(t *testing.T) {
	w := newWorld(t, "sqlite", 1).migrate(t).fill(t)
	folder, _ := place(t)
	o := options(t)
	o.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	_, err := backup.Create(t.Context(), w.Installation, folder, o)
	require.NoError(t, err)
	made := create(t, w, folder)
	require.NoError(t, folder.Prune(t.Context(), made, 1, time.Now(), kittest.Log(t)))
	complete, _, err := folder.IDs(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{made.ID}, complete)
	require.NoError(t, backup.Verify(t.Context(), folder, made, &report{}))
}

// rewriting changes a large file once it was read.
type rewriting struct {
	report
	change func()
}

func (r *rewriting) Moved(bytes int) {
	if bytes > 4<<20 && r.change != nil {
		r.change()
		r.change = nil
	}
}

func TestALargeFileThatChangesWhileItIsReadFailsTheBackup(t *testing.T) {
	w := newWorld(t, "sqlite", 1).migrate(t)
	content := strings.Repeat("a lot of words ", 400_000)
	w.put(t, "large", content)
	o := options(t)
	o.Report = &rewriting{change: func() { w.put(t, "large", content+"more") }}
	folder, dir := place(t)
	_, err := backup.Create(t.Context(), w.Installation, folder, o)
	require.ErrorContains(t, err, "large changed while it was read")
	kept, err := filepath.Glob(filepath.Join(dir, "files", "*", "*"))
	require.NoError(t, err)
	require.Empty(t, kept, "no content under the digest of another")
}
