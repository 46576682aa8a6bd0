package backup_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/tandem/internal/backup"
)

// Tables of three services, small but with all that real ones have: every type, keys of several
// columns, references to other tables and to their own, counters, files that rows name.
const (
	things = `CREATE TABLE things (
  district_id TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, yes BOOLEAN, number BIGINT, small INTEGER, words TEXT, raw %[1]s,
  PRIMARY KEY (district_id, id), FOREIGN KEY (district_id, parent) REFERENCES things (district_id, id));
CREATE TABLE a_part (
  district_id TEXT NOT NULL, thing TEXT NOT NULL, number BIGINT NOT NULL,
  PRIMARY KEY (district_id, thing, number), FOREIGN KEY (district_id, thing) REFERENCES things (district_id, id));`
	contents = `CREATE TABLE contents (
  district_id TEXT NOT NULL, sha256 TEXT NOT NULL, state BIGINT NOT NULL, thing TEXT NOT NULL DEFAULT '', PRIMARY KEY (district_id, sha256));`
	sessions = `CREATE TABLE sessions (district_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (district_id, id));`
	later    = `ALTER TABLE things ADD COLUMN later TEXT NOT NULL DEFAULT 'new';`
)

// migrations of a service, up to a version.
func migrations(service string, version int) fs.FS {
	files := fstest.MapFS{}
	for dialect, binary := range map[string]string{"sqlite": "BLOB", "postgres": "BYTEA"} {
		first := map[string]string{"schools": fmt.Sprintf(things, binary), "evidence": contents, "gateway": sessions}[service]
		files[dialect+"/00001_init.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + first)}
		if version > 1 && service == "schools" {
			files[dialect+"/00002_later.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + later)}
		}
	}
	return files
}

// world is an installation for tests.
type world struct {
	backup.Installation
	owner string
	name  string // that --wipe wants
	dbs   map[string]*sqldb.DB
}

var services = []string{"schools", "evidence", "gateway"}

// newWorld makes an empty installation. On PostgreSQL its owner is no superuser: he is
// held by the policies as everybody is.
func newWorld(t testing.TB, dialect string, version int) *world {
	t.Helper()
	w := &world{dbs: map[string]*sqldb.DB{}}
	dir := t.TempDir()
	w.name = filepath.Base(dir)
	if dialect == "postgres" {
		w.owner = owned(t, kittest.Postgres(t))
		cfg, err := pgx.ParseConfig(w.owner)
		require.NoError(t, err)
		w.name = cfg.Database
	}
	for _, service := range services {
		url := "sqlite:" + filepath.Join(dir, service+".db")
		if w.owner != "" {
			url = w.owner
		}
		w.Databases = append(w.Databases, backup.Database{Service: service, URL: url, Migrations: migrations(service, version)})
	}
	w.Open = func(ctx context.Context, service string) (*sqldb.DB, error) {
		o := sqldb.Options{URL: "sqlite:" + filepath.Join(dir, service+".db"), Schema: service}
		if w.owner != "" {
			urls, err := sqldb.Provision(ctx, w.owner, services)
			if err != nil {
				return nil, err
			}
			o.URL, o.OwnerURL = urls[service], w.owner
		}
		return sqldb.Open(ctx, o)
	}
	w.Bus, w.Publishers = kittest.NATS(t), []string{"schools"}
	var err error
	w.Blobs, err = blob.Open(t.Context(), "file://"+filepath.ToSlash(t.TempDir()))
	require.NoError(t, err)
	return w
}

// owned gives a database to a new user who may make roles and nothing more.
func owned(t testing.TB, admin string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), admin)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	name := "o_" + ids.New()
	_, err = conn.Exec(t.Context(), `CREATE ROLE `+name+` LOGIN CREATEROLE; ALTER DATABASE `+conn.Config().Database+` OWNER TO `+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), admin)
		require.NoError(t, err)
		defer func() { _ = conn.Close(context.Background()) }()
		_, err = conn.Exec(context.Background(), `REASSIGN OWNED BY `+name+` TO postgres; DROP OWNED BY `+name+`; DROP ROLE `+name)
		require.NoError(t, err)
	})
	return strings.Replace(admin, "postgres@", name+"@", 1)
}

// open opens the database of a service, until release.
func (w *world) open(t testing.TB, service string) *sqldb.DB {
	t.Helper()
	if w.dbs[service] == nil {
		db, err := w.Open(t.Context(), service)
		require.NoError(t, err)
		w.dbs[service] = db
		t.Cleanup(func() { _ = db.Close() })
	}
	return w.dbs[service]
}

// release ends all connections, as stopped services have none.
func (w *world) release(t testing.TB) *world {
	t.Helper()
	for service, db := range w.dbs {
		require.NoError(t, db.Close())
		delete(w.dbs, service)
	}
	return w
}

// migrate makes the tables of all services.
func (w *world) migrate(t testing.TB) *world {
	t.Helper()
	for _, db := range w.Databases {
		require.NoError(t, w.open(t, db.Service).Migrate(t.Context(), db.Migrations))
	}
	return w
}

// exec changes rows of a service.
func (w *world) exec(t testing.TB, service, query string, args ...any) {
	t.Helper()
	_, err := w.open(t, service).Exec(kittest.All(t), query, args...)
	require.NoError(t, err)
}

// count asks a service for a number.
func (w *world) count(t testing.TB, service, query string, args ...any) (n int64) {
	t.Helper()
	require.NoError(t, w.open(t, service).Conn(kittest.All(t)).QueryRowContext(kittest.All(t), query, args...).Scan(&n))
	return n
}

const insertThing = `INSERT INTO things (district_id, id, parent, yes, number, small, words, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// fill puts in what may go wrong on its way.
func (w *world) fill(t testing.TB) *world {
	t.Helper()
	w.exec(t, "schools", insertThing, "d2", "z", nil, true, int64(-1)<<63, 7, "tab\tline\nback\\slash\r\b\f\v \\N \\. é ☂ \U0001F600", []byte{0, 1, 255, '\\', '\n', '\t'})
	w.exec(t, "schools", insertThing, "d1", "a", nil, nil, nil, nil, nil, nil)
	w.exec(t, "schools", insertThing, "d1", "B", nil, false, int64(1)<<62, 0, "", []byte{})
	w.exec(t, "schools", insertThing, "d1", "A", "a", false, 0, 0, `\N`, []byte(`\x00`)) // comes before what it refers to
	w.exec(t, "schools", insertThing, "d1-x", "é", nil, true, 1, 1, strings.Repeat("long ", 20_000), make([]byte, 100_000))
	w.exec(t, "schools", `WITH RECURSIVE n(i) AS (SELECT -150 UNION ALL SELECT i + 1 FROM n WHERE i < 149)
		INSERT INTO a_part (district_id, thing, number) SELECT 'd1', 'a', i FROM n`)
	w.exec(t, "schools", `INSERT INTO leases (name, holder, expires_at) VALUES ('relay', 'somebody', 1)`)
	w.exec(t, "gateway", `INSERT INTO sessions (district_id, id) VALUES ('d1', 's')`)
	for i := range 20 {
		w.event(t, i)
	}
	w.exec(t, "schools", `DELETE FROM outbox WHERE seq = 20`) // the counter stays where it is
	w.file(t, "d1", "evidence of d1", 2)
	w.file(t, "d1-x", strings.Repeat("large evidence ", 400_000), 2)
	w.file(t, "d2", "evidence of d1", 3)
	w.put(t, "_log/checkpoint", "size 2")
	w.put(t, "_log/tile/0", "tile 2")
	require.NoError(t, w.Bus.StoreSetting(t.Context(), "restrictions.d1", []byte("nobody")))
	return w
}

// event writes a row of the outbox that was sent, and publishes it.
func (w *world) event(t testing.TB, i int) {
	t.Helper()
	ev := event(i)
	w.exec(t, "schools", insertEvent, ev.ID, ev.District(), ev.Subject, ev.Type, ev.Name, sqldb.Micros(ev.Time), ev.Data, sqldb.Micros(ev.Time))
	require.NoError(t, w.Bus.Ensure(t.Context(), "schools"))
	require.NoError(t, w.Bus.Publish(t.Context(), ev))
}

const insertEvent = `INSERT INTO outbox (id, district_id, subject, type, name, occurred_at, payload, sent_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

func event(i int) bus.Event {
	return bus.Event{
		ID: fmt.Sprintf("event-%06d", i), Type: "sample.ThingMade", Subject: "tandem.schools.thing.made.v1.d1",
		Name: fmt.Sprintf("districts/d1/things/%d", i), Time: kittest.Start(), Data: []byte{8, byte(i)},
	}
}

// file stores evidence as the service does: the file, and a row that names it.
func (w *world) file(t testing.TB, district, content string, state int) string {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	key := hex.EncodeToString(sum[:])
	w.put(t, district+"/"+key, content)
	w.exec(t, "evidence", `INSERT INTO contents (district_id, sha256, state) VALUES ($1, $2, $3)`, district, key, state)
	return district + "/" + key
}

func (w *world) put(t testing.TB, key, content string) {
	t.Helper()
	_, err := w.Blobs.Write(t.Context(), key, strings.NewReader(content), 1<<40)
	require.NoError(t, err)
}

// report does something when a part is done.
type report struct {
	mu    sync.Mutex
	parts []string
	then  func(part string)
}

func (r *report) Moved(int) {}

func (r *report) Part(line backup.Line) {
	r.mu.Lock()
	r.parts = append(r.parts, line.Name)
	r.mu.Unlock()
	if r.then != nil {
		r.then(line.Name)
	}
}

func place(t testing.TB) (*backup.Folder, string) {
	t.Helper()
	dir := t.TempDir()
	f, err := backup.OpenFolder(t.Context(), dir)
	require.NoError(t, err)
	return f, dir
}

func options(t testing.TB) backup.CreateOptions {
	return backup.CreateOptions{Program: "v1", Now: time.Now, Report: &report{}, Log: kittest.Log(t)}
}

func create(t testing.TB, w *world, to *backup.Folder) *backup.Manifest {
	t.Helper()
	m, err := backup.Create(t.Context(), w.Installation, to, options(t))
	require.NoError(t, err)
	return m
}

func restore(t testing.TB, from *backup.Folder, m *backup.Manifest, to *world) *backup.Restored {
	t.Helper()
	got, err := tryRestore(t, from, m, to, "")
	require.NoError(t, err)
	require.Empty(t, got.Differs)
	require.Equal(t, m.Lines(), got.Lines)
	return got
}

func tryRestore(t testing.TB, from *backup.Folder, m *backup.Manifest, to *world, wipe string) (*backup.Restored, error) {
	t.Helper()
	to.release(t)
	awaitNobody(t, to)
	return backup.Restore(t.Context(), from, m, to.Installation, backup.RestoreOptions{Wipe: wipe, Report: &report{}})
}

// awaitNobody waits until PostgreSQL knows that connections ended.
func awaitNobody(t testing.TB, w *world) {
	t.Helper()
	if w.owner == "" {
		return
	}
	conn, err := pgx.Connect(t.Context(), w.owner)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	kittest.Eventually(t, func() bool {
		var others int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&others)
		return err == nil && others == 0
	}, "connections to end")
}
