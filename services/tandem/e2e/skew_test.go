package e2e

import (
	"database/sql"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// parts are the processes of an installation in which each runs one.
var parts = []string{"schools", "assessments", "evidence", "badges", "gateway"}

// mixed is an installation whose processes are of two versions.
type mixed struct {
	*instance
	t        *testing.T
	previous string // program of the version before
	database string
	running  map[string]*process
	is       map[string]string // program of each that runs
}

// TestTwoVersionsRunSideBySide plays a school's year on every mixture that an upgrade
// and a rollback go through, on the schema of the newer version. `make skew` runs it.
func TestTwoVersionsRunSideBySide(t *testing.T) {
	previous := os.Getenv("TANDEM_PREVIOUS_BINARY")
	if previous == "" {
		t.Skipf("needs the program of the version before in TANDEM_PREVIOUS_BINARY: `make skew` builds it")
	}
	database := kittest.Postgres(t)
	m := &mixed{
		instance: newInstance(t, "TANDEM_DB="+database, "TANDEM_NATS="+natsServer(t)), t: t,
		previous: previous, database: database, running: map[string]*process{}, is: map[string]string{},
	}
	m.runs("the version before on its own schema")
	m.waitsForTheSchema()
	output, err := m.command("migrate")
	require.NoError(t, err, output)
	m.plays("the version before, running on, on the newer schema")
	m.restart("schools", previous)
	m.plays("the version before, started on the newer schema")
	m.runs("only the gateway is new", "gateway")
	m.runs("only the services are new", "schools", "assessments", "evidence", "badges")
	for _, service := range parts[:4] {
		m.runs("only "+service+" is new", service)
	}
	m.runs("all are new", parts...)
	m.runs("and back again")
}

// runs has the named parts run the present program and the others that before, and
// plays a year.
func (m *mixed) runs(what string, present ...string) {
	m.t.Helper()
	programOf := map[string]string{}
	for _, part := range parts {
		programOf[part] = m.previous
	}
	for _, part := range present {
		programOf[part] = programs.tandem
	}
	for _, part := range parts {
		if m.is[part] != programOf[part] {
			m.restart(part, programOf[part])
		}
	}
	m.plays(what)
}

func (m *mixed) restart(part, program string) {
	m.t.Helper()
	if p := m.running[part]; p != nil {
		require.Zero(m.t, p.stop(syscall.SIGTERM), "%s stops in good order", part)
	}
	ops := m.ports["OPS"]
	if part != "gateway" {
		ops = freeAddress(m.t)
	}
	m.running[part], m.is[part] = start(m.t, append(m.env, "TANDEM_OPS_ADDR="+ops), program, "serve", part), program
	if part == "gateway" {
		m.awaitReady(m.ops, m.running[part])
	}
}

// plays a year, and sees that all of its events were applied by everybody who wants
// them and none became a dead letter.
func (m *mixed) plays(what string) {
	m.t.Helper()
	m.awaitReady(m.ops, m.running["gateway"])
	_, out, err := m.play(m.t.Context(), walkthrough.Options{})
	require.NoError(m.t, err, "%s: %s", what, out)
	db, err := sql.Open("pgx", m.database)
	require.NoError(m.t, err)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(m.t.Context(), `SELECT set_config('tandem.districts', '*', false)`)
	require.NoError(m.t, err)
	await(m.t, what+": all events are applied", func() bool {
		var open int
		err := db.QueryRowContext(m.t.Context(), openEvents).Scan(&open)
		return err == nil && open == 0
	})
	var dead int
	require.NoError(m.t, db.QueryRowContext(m.t.Context(), `SELECT count(*) FROM schools.dead_letters WHERE NOT retry`).Scan(&dead))
	require.Zero(m.t, dead, what)
	m.t.Log(what)
}

// openEvents counts events that have not left, or that the schools service, which
// listens to the others, has not applied though it applies others of their type.
const openEvents = `
	WITH sent AS (
		SELECT id, type, sent_at FROM assessments.outbox UNION ALL SELECT id, type, sent_at FROM evidence.outbox
		UNION ALL SELECT id, type, sent_at FROM badges.outbox
	), wanted AS (SELECT DISTINCT type FROM sent JOIN schools.inbox ON event_id = id)
	SELECT count(*) FROM sent WHERE sent_at IS NULL
		OR type IN (SELECT type FROM wanted) AND id NOT IN (SELECT event_id FROM schools.inbox)`

// waitsForTheSchema starts the present program without leave to migrate: it waits, says
// so, is alive and takes no requests.
func (m *mixed) waitsForTheSchema() {
	m.t.Helper()
	require.Zero(m.t, m.running["schools"].stop(syscall.SIGTERM))
	ops := freeAddress(m.t)
	p := start(m.t, append(m.env, "TANDEM_OPS_ADDR="+ops, "TANDEM_MIGRATE=false", "TANDEM_START_WAIT=5m"), programs.tandem, "serve", "schools")
	await(m.t, "the new program to say that it waits", func() bool {
		require.True(m.t, p.running(), p.log.tail())
		return p.log.says("waiting until the database is migrated")
	})
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		resp, err := http.Get("http://" + ops + path)
		require.NoError(m.t, err)
		require.NoError(m.t, resp.Body.Close())
		require.Equal(m.t, want, resp.StatusCode, path)
	}
	p.kill()
	m.running["schools"] = nil
	m.restart("schools", m.previous)
}

// says tells whether the process printed something.
func (b *buffer) says(words string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(b.text.String(), words)
}
