package backup_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/backup"
)

var dialects = []string{"sqlite", "postgres"}

func TestABackupComesBackOnEachDatabaseFromEach(t *testing.T) {
	for _, from := range dialects {
		for _, into := range dialects {
			t.Run(from+" into "+into, func(t *testing.T) {
				w := newWorld(t, from, 1).migrate(t).fill(t)
				folder, _ := place(t)
				m := create(t, w, folder)
				require.NoError(t, backup.Verify(t.Context(), folder, m, &report{}))
				to := newWorld(t, into, 1)
				restore(t, folder, m, to)
				for _, query := range []string{
					`SELECT count(*) FROM things WHERE raw IS NULL AND words IS NULL AND yes IS NULL`,
					`SELECT count(*) FROM things WHERE number < 0 AND words LIKE '%☂%'`,
					`SELECT count(*) FROM a_part`, `SELECT sum(number) FROM a_part`, `SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL`,
				} {
					require.Equal(t, w.count(t, "schools", query), to.count(t, "schools", query), query)
				}
				require.Zero(t, to.count(t, "schools", `SELECT count(*) FROM leases`), "who held one is gone")
				require.Zero(t, to.count(t, "gateway", `SELECT count(*) FROM sessions`), "people sign in again")
				ev := event(99)
				to.exec(t, "schools", insertEvent, ev.ID, ev.District(), ev.Subject, ev.Type, ev.Name, 1, ev.Data, nil)
				require.EqualValues(t, 21, to.count(t, "schools", `SELECT max(seq) FROM outbox`), "a number that was given is not given again")
				content, err := to.Blobs.Read(t.Context(), "_log/checkpoint")
				require.NoError(t, err)
				text, err := io.ReadAll(content)
				require.NoError(t, err)
				require.Equal(t, "size 2", string(text))
				value, err := to.Bus.Setting(t.Context(), "restrictions.d1")
				require.NoError(t, err)
				require.Equal(t, "nobody", string(value))
			})
		}
	}
}

func TestSessionsStayWhereTheyAreToStay(t *testing.T) {
	w := newWorld(t, "sqlite", 1).migrate(t).fill(t)
	folder, _ := place(t)
	m := create(t, w, folder)
	to := newWorld(t, "sqlite", 1)
	_, err := backup.Restore(t.Context(), folder, m, to.Installation, backup.RestoreOptions{KeepSessions: true, Report: &report{}})
	require.NoError(t, err)
	require.EqualValues(t, 1, to.count(t, "gateway", `SELECT count(*) FROM sessions`))
}

func TestAfterARestoreDistrictsAreHeldApartAsBefore(t *testing.T) {
	w := newWorld(t, "postgres", 1).migrate(t).fill(t)
	folder, _ := place(t)
	to := newWorld(t, "postgres", 1)
	restore(t, folder, create(t, w, folder), to)
	db := to.open(t, "schools")
	var seen int
	ctx := tenant.With(t.Context(), "d2")
	require.NoError(t, db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM things`).Scan(&seen))
	require.Equal(t, 1, seen)
	owner, err := pgx.Connect(t.Context(), to.owner)
	require.NoError(t, err)
	defer func() { _ = owner.Close(t.Context()) }()
	require.NoError(t, owner.QueryRow(t.Context(), `SELECT count(*) FROM schools.things`).Scan(&seen))
	require.Zero(t, seen, "the policies hold the owner again")
}

func TestTablesThatMayHideRowsAreNotBackedUp(t *testing.T) {
	w := newWorld(t, "postgres", 1).migrate(t).fill(t)
	owner, err := pgx.Connect(t.Context(), w.owner)
	require.NoError(t, err)
	defer func() { _ = owner.Close(t.Context()) }()
	_, err = owner.Exec(t.Context(), `CREATE POLICY hide ON schools.things AS RESTRICTIVE USING (district_id <> 'd2')`)
	require.NoError(t, err)
	folder, _ := place(t)
	_, err = backup.Create(t.Context(), w.Installation, folder, options(t))
	require.ErrorContains(t, err, "schools.things has policy")
	_, err = folder.Find(t.Context(), "")
	require.ErrorContains(t, err, "no complete backup")
}

func TestAnOlderBackupIsBroughtToThePresentAndANewerOneRefused(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			folder, _ := place(t)
			m := create(t, newWorld(t, dialect, 1).migrate(t).fill(t), folder)
			to := newWorld(t, dialect, 2).migrate(t) // migrated already, and empty
			restore(t, folder, m, to)
			require.EqualValues(t, 5, to.count(t, "schools", `SELECT count(*) FROM things WHERE later = 'new'`))

			newer := create(t, to, folder)
			old := newWorld(t, dialect, 1).migrate(t)
			_, err := tryRestore(t, folder, newer, old, "")
			require.ErrorContains(t, err, "goose_schools is at 2, this program knows 1")
		})
	}
}

func TestARestoreIntoWhatIsNotEmptyIsRefused(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			folder, _ := place(t)
			m := create(t, newWorld(t, dialect, 1).migrate(t).fill(t), folder)
			to := newWorld(t, dialect, 1)
			restore(t, folder, m, to)
			again := func(wipe string) error {
				_, err := tryRestore(t, folder, m, to, wipe)
				return err
			}
			to.exec(t, "schools", `DELETE FROM a_part`)
			require.ErrorContains(t, again(""), "not empty")
			require.ErrorContains(t, again("another"), "--wipe "+to.name)
			require.Zero(t, to.count(t, "schools", `SELECT count(*) FROM a_part`), "nothing was written")
			require.NoError(t, again(to.name))
			require.EqualValues(t, 300, to.count(t, "schools", `SELECT count(*) FROM a_part`))
		})
	}
	t.Run("a file that is no database any more", func(t *testing.T) {
		folder, _ := place(t)
		m := create(t, newWorld(t, "sqlite", 1).migrate(t).fill(t), folder)
		to := newWorld(t, "sqlite", 1).migrate(t).release(t)
		path := strings.TrimPrefix(to.Databases[0].URL, "sqlite:")
		require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 9000)), 0o600))
		_, err := tryRestore(t, folder, m, to, "")
		require.ErrorContains(t, err, "--wipe "+to.name)
		_, err = tryRestore(t, folder, m, to, to.name)
		require.NoError(t, err)
		require.EqualValues(t, 5, to.count(t, "schools", `SELECT count(*) FROM things`))
	})
	t.Run("a stream", func(t *testing.T) {
		folder, _ := place(t)
		m := create(t, newWorld(t, "sqlite", 1).migrate(t).fill(t), folder)
		to := newWorld(t, "sqlite", 1)
		require.NoError(t, to.Bus.Ensure(t.Context(), "schools"))
		require.NoError(t, to.Bus.Publish(t.Context(), event(1)))
		_, err := tryRestore(t, folder, m, to, "")
		require.ErrorContains(t, err, "stream of schools is not empty")
	})
	t.Run("while a service runs", func(t *testing.T) {
		folder, _ := place(t)
		m := create(t, newWorld(t, "postgres", 1).migrate(t).fill(t), folder)
		to := newWorld(t, "postgres", 1).migrate(t)
		db := to.open(t, "schools")
		require.NoError(t, db.Ping(t.Context()))
		_, err := backup.Restore(t.Context(), folder, m, to.Installation, backup.RestoreOptions{Wipe: to.name, Report: &report{}})
		require.ErrorContains(t, err, "stop all services")
	})
}

func TestWhatIsDamagedIsFoundBeforeAnythingIsWritten(t *testing.T) {
	w := newWorld(t, "sqlite", 1).migrate(t).fill(t)
	change := func(at int, to ...byte) func([]byte) []byte {
		return func(text []byte) []byte {
			if at < 0 {
				at += len(text)
			}
			return slices.Concat(text[:at], to, text[min(len(text), at+max(1, len(to))):])
		}
	}
	for name, c := range map[string]struct {
		file   string
		damage func([]byte) []byte // nil: the file is gone
		want   string
	}{
		"a byte of a table":         {"db/schools/things.zst", change(-20, 'X'), "things.zst"},
		"a table that is cut short": {"db/schools/a_part.zst", func(text []byte) []byte { return text[:len(text)-9] }, "a_part.zst"},
		"a table that is gone":      {"db/schools/outbox.zst", nil, "outbox.zst is missing"},
		"an empty table":            {"db/schools/things.zst", func([]byte) []byte { return nil }, "things.zst"},
		"a stream":                  {"streams/schools.zst", change(-12, 'X'), "streams/schools.zst"},
		"settings that are gone":    {"settings.zst", nil, "settings.zst is missing"},
		"the list of files":         {"files.zst", nil, "files.zst is missing"},
		"the manifest":              {"manifest.json", change(-100, 'X'), "damaged: manifest.json"},
		"a manifest without a line": {"manifest.json", func(text []byte) []byte {
			return []byte(strings.Replace(string(text), `"program": "v1"`, `"program": "v2"`, 1))
		}, "damaged: manifest.json"},
		"a file that is gone": {"../files/*/*", nil, "is missing"},
		"a byte of a file":    {"../files/*/*", change(3, 'X'), "files/"},
	} {
		t.Run(name, func(t *testing.T) {
			folder, dir := place(t)
			m := create(t, w, folder)
			found, err := filepath.Glob(filepath.Join(dir, m.ID, c.file))
			require.NoError(t, err)
			require.NotEmpty(t, found)
			text, err := os.ReadFile(found[0])
			require.NoError(t, err)
			require.NoError(t, os.Remove(found[0]))
			if c.damage != nil {
				require.NoError(t, os.WriteFile(found[0], c.damage(text), 0o600))
			}
			m, err = folder.Find(t.Context(), m.ID)
			if strings.HasSuffix(c.file, ".json") {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			err = backup.Verify(t.Context(), folder, m, &report{})
			require.ErrorIs(t, err, backup.ErrDamaged)
			require.ErrorContains(t, err, c.want)
			to := newWorld(t, "sqlite", 1).migrate(t)
			_, err = tryRestore(t, folder, m, to, "")
			require.ErrorIs(t, err, backup.ErrDamaged)
			require.Zero(t, to.count(t, "schools", `SELECT count(*) FROM things`))
			keys, err := to.Blobs.Keys(t.Context(), "")
			require.NoError(t, err)
			require.Empty(t, keys)
		})
	}
}

func TestABackupThatWasInterruptedIsNone(t *testing.T) {
	w := newWorld(t, "sqlite", 1).migrate(t).fill(t)
	folder, _ := place(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t)
	o.Report = &report{then: func(part string) {
		if part == "db/evidence/contents" {
			cancel()
		}
	}}
	_, err := backup.Create(ctx, w.Installation, folder, o)
	require.ErrorIs(t, err, context.Canceled)
	_, err = folder.Find(t.Context(), "")
	require.ErrorContains(t, err, "no complete backup")
	complete, begun, err := folder.IDs(t.Context())
	require.NoError(t, err)
	require.Empty(t, complete)
	require.Len(t, begun, 1)

	o = options(t)
	o.Now = func() time.Time { return time.Now().Add(72 * time.Hour) }
	m, err := backup.Create(t.Context(), w.Installation, folder, o)
	require.NoError(t, err)
	require.NoError(t, folder.Prune(t.Context(), m, 1, o.Now(), o.Log))
	complete, begun, err = folder.IDs(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{m.ID}, complete)
	require.Empty(t, begun, "what nobody completes any more is removed")
}

// TestTheTablesOfAllServicesAreAlikeOnBothDatabases is what lets a backup of one be brought
// back on the other.
func TestTheTablesOfAllServicesAreAlikeOnBothDatabases(t *testing.T) {
	shapes := map[string][]backup.Table{}
	for _, dialect := range dialects {
		w := &world{Installation: backup.Installation{Publishers: app.ServiceNames(), Bus: kittest.NATS(t)}}
		w.Blobs = newWorld(t, "sqlite", 1).Blobs
		owner := ""
		if dialect == "postgres" {
			owner = kittest.Postgres(t)
		}
		storage := app.NewStorage(app.StorageSettings{Data: t.TempDir(), DB: owner}, kittest.Log(t))
		for _, service := range app.DatabaseNames() {
			db, err := storage.Migrated(t.Context(), service)
			require.NoError(t, err)
			require.NoError(t, db.Close())
			w.Databases = append(w.Databases, backup.Database{Service: service, URL: storage.Place(service), Migrations: app.Migrations(service)})
		}
		folder, _ := place(t)
		m := create(t, w, folder)
		for _, table := range m.Tables {
			table.Path = ""
			for _, c := range table.Columns {
				require.Contains(t, []string{"text", "int", "bool", "bytes"}, c.Type, "%s.%s.%s", table.Service, table.Name, c.Name)
			}
			shapes[dialect] = append(shapes[dialect], table)
		}
	}
	require.Greater(t, len(shapes["sqlite"]), 100)
	for i, table := range shapes["sqlite"] {
		table.Path, shapes["postgres"][i].Path = "", ""
		require.Equal(t, table, shapes["postgres"][i])
	}
}
