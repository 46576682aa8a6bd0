package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/backup"
)

// work writes to two services and the bus as fast as it can: a thing of schools with its
// event, then evidence that names the thing. done is the last number that was acknowledged.
func work(t *testing.T, w *world, done *atomic.Int64) (stop func()) {
	schools, evidence := w.open(t, "schools"), w.open(t, "evidence")
	require.NoError(t, w.Bus.Ensure(t.Context(), "schools"))
	all := kittest.All(t)
	return kittest.Go(t, func(ctx context.Context) error {
		for i := 1; ctx.Err() == nil; i++ {
			ev := event(i)
			err := schools.Tx(all, func(tx context.Context) error {
				_, first := schools.Conn(tx).ExecContext(tx, insertThing, "d1", ev.ID, nil, true, i, i, "of the load", []byte{byte(i)})
				_, second := schools.Conn(tx).ExecContext(tx, insertEvent, ev.ID, "d1", ev.Subject, ev.Type, ev.Name, i, ev.Data, nil)
				return errors.Join(first, second)
			})
			if err == nil {
				err = w.Bus.Publish(all, ev)
			}
			if err == nil {
				_, err = schools.Exec(all, `UPDATE outbox SET sent_at = $1 WHERE id = $2`, i, ev.ID)
			}
			if err == nil {
				_, err = evidence.Exec(all, `INSERT INTO contents (district_id, sha256, state, thing) VALUES ('d1', $1, 1, $2)`, fmt.Sprint(i), ev.ID)
			}
			if err != nil {
				return err
			}
			done.Store(int64(i))
		}
		return nil
	})
}

func TestABackupUnderLoadIsOneMomentOfAllServices(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			w := newWorld(t, dialect, 1).migrate(t)
			var done atomic.Int64
			stop := work(t, w, &done)
			kittest.Eventually(t, func() bool { return done.Load() > 20 }, "the load to begin")
			before := done.Load()
			o := options(t)
			o.Report = &report{then: func(part string) {
				if part == "db/schools/things" { // services write on between the databases
					at := done.Load()
					kittest.Eventually(t, func() bool { return done.Load() > at+5 }, "the load to go on")
				}
			}}
			folder, _ := place(t)
			m, err := backup.Create(t.Context(), w.Installation, folder, o)
			require.NoError(t, err)
			require.Greater(t, done.Load(), before+5, "the load went on")
			stop()

			to := newWorld(t, dialect, 1)
			restore(t, folder, m, to)
			rows := to.count(t, "schools", `SELECT count(*) FROM things`)
			require.GreaterOrEqual(t, rows, before, "what was acknowledged before is in")
			require.Less(t, rows, done.Load(), "what came after is not")
			require.Equal(t, rows, to.count(t, "schools", `SELECT count(*) FROM outbox`))
			named := to.count(t, "evidence", `SELECT count(*) FROM contents`)
			require.Contains(t, []int64{rows - 1, rows}, named, "no evidence names a thing that is not there")
			requireStream(t, to, rows)
		})
	}
}

// requireStream holds the stream to the outbox: no event of a change that is not there, and
// every one that counts as sent.
func requireStream(t *testing.T, w *world, rows int64) {
	t.Helper()
	var events int64
	require.NoError(t, w.Bus.ReadStream(t.Context(), "schools", 1<<40, func(m bus.Stored) error {
		events++
		require.EqualValues(t, 1, w.count(t, "schools", `SELECT count(*) FROM outbox WHERE id = $1`, m.Header["ce-id"][0]))
		return nil
	}))
	require.Contains(t, []int64{rows - 1, rows}, events)
	require.GreaterOrEqual(t, events, w.count(t, "schools", `SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL`))
}

func TestFilesAreThoseThatTheRowsWant(t *testing.T) {
	w := newWorld(t, "sqlite", 1).migrate(t).fill(t)
	purged := w.file(t, "d1", "purged while the databases are read", 2)
	o := options(t)
	o.Report = &report{then: func(part string) {
		if part == "db/schools/a_part" {
			require.NoError(t, w.Blobs.Delete(t.Context(), purged))
			w.put(t, "_log/checkpoint", "size 3")
			w.put(t, "exports/new", "came while the databases were read")
		}
	}}
	folder, dir := place(t)
	m, err := backup.Create(t.Context(), w.Installation, folder, o)
	require.NoError(t, err)
	to := newWorld(t, "sqlite", 1)
	restore(t, folder, m, to)
	require.Equal(t, "size 2", read(t, to, "_log/checkpoint"), "the log of the moment")
	require.Equal(t, "purged while the databases are read", read(t, to, purged))
	require.Equal(t, "came while the databases were read", read(t, to, "exports/new"))

	// The next backup counts on contents that are there already. The purged file is missing now.
	_, err = backup.Create(t.Context(), w.Installation, folder, options(t))
	require.ErrorContains(t, err, purged)
	o = options(t)
	o.DespiteMissing = true
	o.Now = func() time.Time { return time.Now().Add(time.Hour * 72) }
	second, err := backup.Create(t.Context(), w.Installation, folder, o)
	require.NoError(t, err)
	require.NoError(t, folder.Prune(t.Context(), second, 1, o.Now(), o.Log))
	require.Equal(t, []string{purged}, second.Missing)
	_, err = folder.Manifest(t.Context(), m.ID)
	require.Error(t, err, "one backup is kept")
	require.NoError(t, backup.Verify(t.Context(), folder, second, &report{}))
	left, err := filepath.Glob(filepath.Join(dir, "files", "*", "*"))
	require.NoError(t, err)
	require.Len(t, left, 5, "contents that no backup names are gone; equal ones are kept once")
}

// The log of badges had no checkpoint yet; the one that is left from later would be ahead of the
// rows. What else is left stays.
func TestACheckpointFromAfterTheBackupIsTakenAway(t *testing.T) {
	folder, _ := place(t)
	m := create(t, newWorld(t, "sqlite", 1).migrate(t), folder)
	to := newWorld(t, "sqlite", 1)
	to.put(t, "_log/checkpoint", "size 9")
	to.put(t, "d1/other", "somebody's")
	restore(t, folder, m, to)
	left, err := to.Blobs.Keys(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{"d1/other"}, left)
}

func read(t *testing.T, w *world, key string) string {
	t.Helper()
	r, err := w.Blobs.Read(t.Context(), key)
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(text)
}

func TestABackupLiesInABucketBelowAPrefix(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("backups"))
	srv := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(srv.Close)
	folder, err := backup.OpenFolder(t.Context(), "s3://backups?region=us-east-1&use_path_style=true&prefix=tandem/&endpoint="+srv.URL)
	require.NoError(t, err)
	w := newWorld(t, "sqlite", 1).migrate(t).fill(t)
	create(t, w, folder)
	m, err := folder.Find(t.Context(), "")
	require.NoError(t, err)
	restore(t, folder, m, newWorld(t, "sqlite", 1))
	objects, err := backend.ListBucket("backups", nil, gofakes3.ListBucketPage{})
	require.NoError(t, err)
	for _, o := range objects.Contents {
		require.True(t, strings.HasPrefix(o.Key, "tandem/"), o.Key)
	}
}

func TestKeysAreSealedAndOpenedWithOnePassphrase(t *testing.T) {
	const passphrase = "a passphrase for this test"
	dir := t.TempDir()
	from, sealed := filepath.Join(dir, "from"), filepath.Join(dir, "keys.age")
	require.NoError(t, os.MkdirAll(filepath.Join(from, "gateway", "..data"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(from, "gateway", "..data", "one.key"), []byte("private"), 0o600))
	require.NoError(t, os.Symlink(filepath.Join("..data", "one.key"), filepath.Join(from, "gateway", "one.key")))
	require.NoError(t, os.WriteFile(filepath.Join(from, "issuer-keeper.key"), []byte("keeper"), 0o600))
	files, err := backup.SealKeys(t.Context(), from, sealed, passphrase)
	require.NoError(t, err)
	require.Equal(t, 2, files)
	text, err := os.ReadFile(sealed)
	require.NoError(t, err)
	require.NotContains(t, string(text), "keeper")
	_, err = backup.SealKeys(t.Context(), from, sealed, passphrase)
	require.ErrorIs(t, err, os.ErrExist, "a file of keys is not written over")

	to := filepath.Join(dir, "to")
	_, err = backup.OpenKeys(sealed, to, "another passphrase")
	require.ErrorContains(t, err, "passphrase")
	require.NoDirExists(t, to)
	files, err = backup.OpenKeys(sealed, to, passphrase)
	require.NoError(t, err)
	require.Equal(t, 2, files)
	key, err := os.ReadFile(filepath.Join(to, "gateway", "one.key"))
	require.NoError(t, err)
	require.Equal(t, "private", string(key))

	// As a program leaves it that is killed while it writes.
	require.NoError(t, os.Rename(filepath.Join(to, "gateway", "one.key"), filepath.Join(to, "gateway", "one.key.tmp")))
	require.NoError(t, os.Truncate(filepath.Join(to, "gateway", "one.key.tmp"), 3))
	_, err = backup.OpenKeys(sealed, to, passphrase)
	require.NoError(t, err, "what broke off is repeated")
	key, err = os.ReadFile(filepath.Join(to, "gateway", "one.key"))
	require.NoError(t, err)
	require.Equal(t, "private", string(key))
	require.NoFileExists(t, filepath.Join(to, "gateway", "one.key.tmp"))
	for path, content := range map[string]string{"gateway/one.key": "another", "schools.key": "new"} {
		require.NoError(t, os.WriteFile(filepath.Join(to, path), []byte(content), 0o600))
		_, err = backup.OpenKeys(sealed, to, passphrase)
		require.ErrorContains(t, err, path+" already")
		require.NoError(t, os.Remove(filepath.Join(to, path)))
	}
}
