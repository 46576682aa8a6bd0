package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/readonly"
	"github.com/tandem-badges/tandem/services/tandem/internal/accessmatrix"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// moving is what people are told in these tests.
const moving = "The platform moves to another building."

// In read-only mode every read is answered as the access matrix says, every change is
// refused with the reason, and no row changes but those that docs/operators.md names.
func TestInReadOnlyModeEverythingIsLookedAtAndNothingChanges(t *testing.T) {
	t.Setenv("TANDEM_OPS_TOKEN", "0123456789abcdef")
	w := newWorld(t, "postgres")
	all := w.tries(t) // registers people
	person := here + "/people/walkthrough-coordinator"
	w.signedIn(t, w.url, person) // links the account
	w.switchMode(t, "on", "--reason", moving)
	kittest.Eventually(t, func() bool { return w.refuses(t) }, "changes are refused")

	before := w.settled(t)
	t.Run("every change is refused", func(t *testing.T) { w.storm(t, all) })
	t.Run("every read is answered", func(t *testing.T) { w.readEverything(t, all) })
	require.Equal(t, before, w.digests(t, nil))

	t.Run("a district is given its records", func(t *testing.T) {
		at := slices.IndexFunc(all, func(one try) bool { return one.route.rpc == exportRecords && one.want == accessmatrix.Yes })
		require.Empty(t, w.judge(all[at]))
		require.NotEqual(t, before["gateway.district_exports"], w.digests(t, nil)["gateway.district_exports"], "which is written down")
	})
	t.Run("who is known signs in and out", func(t *testing.T) {
		cookies := w.signedIn(t, w.url, person)
		cookies.Set("Origin", w.url)
		require.Equal(t, http.StatusOK, w.postWith(t, "/v1/sessions:endAll", `{"includeCurrent": true}`, cookies))
	})
	require.Contains(t, w.metrics(t), "tandem_read_only 1")
	output, err := w.command("read-only", "status", "--ops-url", w.ops)
	require.Equal(t, 3, exitCode(err), output)
	require.Contains(t, output, moving)

	w.switchMode(t, "off")
	kittest.Eventually(t, func() bool { return !w.refuses(t) }, "changes are taken again")
	_, out, err := w.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
}

// The mode is the installation's: every process heeds it, also one that starts later.
func TestReadOnlyModeReachesEveryProcessAndOutlivesIt(t *testing.T) {
	i := newInstance(t, "TANDEM_NATS="+natsServer(t))
	processes := i.serveApart()
	w := newSmallWorld(t, i)
	w.switchMode(t, "on", "--reason", moving)
	kittest.Eventually(t, func() bool { return w.refuses(t) }, "changes are refused")
	require.Zero(t, processes["schools"].stop(syscall.SIGTERM))
	schools := start(t, append(i.env, "TANDEM_OPS_ADDR="+freeAddress(t)), programs.tandem, "serve", "schools")
	await(t, "schools to answer again", func() bool {
		status, _, _ := w.change(t)
		require.NotEqual(t, http.StatusOK, status, "not for a moment")
		return schools.running() && w.refuses(t)
	})
	w.switchMode(t, "off")
	kittest.Eventually(t, func() bool { return !w.refuses(t) }, "changes are taken again")
	_, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
}

// A process can be in the mode by itself.
func TestAProcessStartedReadOnlyRefusesChanges(t *testing.T) {
	i := newInstance(t)
	p := i.serve()
	w := newSmallWorld(t, i)
	require.Zero(t, p.stop(syscall.SIGTERM))
	i.env = append(i.env, "TANDEM_READ_ONLY=true")
	i.serve()
	require.True(t, w.refuses(t))
}

// switchMode runs the command.
func (w *world) switchMode(t *testing.T, args ...string) {
	t.Helper()
	output, err := w.command(append(append([]string{"read-only"}, args...), "--ops-url", w.ops)...)
	require.NoError(t, err, output)
}

// change tries one and returns the answer.
func (w *world) change(t *testing.T) (status int, reason, retry string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/v1/districts?districtId=matrix-a", strings.NewReader(`{"title": "District"}`))
	require.NoError(t, err)
	req.Header = bearer(w.token)
	req.Header.Set("Content-Type", "application/json")
	return answered(t, req)
}

// answered is the status of a request, and the reason and time of a refusal.
func answered(t *testing.T, req *http.Request) (status int, reason, retry string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var problem struct{ Reason, Detail string }
	_ = json.NewDecoder(resp.Body).Decode(&problem)
	if problem.Reason == "READ_ONLY" && !strings.Contains(problem.Detail, moving) && !strings.Contains(problem.Detail, "to be looked at only") {
		problem.Reason = "starting"
	}
	return resp.StatusCode, problem.Reason, resp.Header.Get("Retry-After")
}

func (w *world) refuses(t *testing.T) bool {
	status, reason, _ := w.change(t)
	return status == http.StatusServiceUnavailable && reason == "READ_ONLY"
}

// may are the tries of who may, at most so many for each route and place.
func may(all []try, most int, reads bool) (some []try) {
	seen := map[string]int{}
	for _, one := range all {
		key := one.route.String() + one.place.Name
		if one.want == accessmatrix.Yes && (one.route.method == http.MethodGet) == reads && seen[key] < most {
			seen[key]++
			some = append(some, one)
		}
	}
	return some
}

// storm makes every change that somebody may make.
func (w *world) storm(t *testing.T, all []try) {
	refused := map[string]bool{}
	for _, one := range may(all, 2, false) {
		if readonly.Answered(fullMethod(one.route.rpc)) {
			continue
		}
		req, err := http.NewRequestWithContext(t.Context(), one.route.method, w.url+one.path, strings.NewReader(`{}`))
		require.NoError(t, err)
		req.Header = bearer(one.caller.token)
		req.Header.Set("Content-Type", "application/json")
		if one.caller.token == "" {
			req.Header.Del("Authorization")
		}
		status, reason, retry := answered(t, req)
		require.Equal(t, http.StatusServiceUnavailable, status, "%s as %s", one.route, one.caller.Name)
		require.Equal(t, "READ_ONLY", reason, one.route)
		seconds, err := strconv.Atoi(retry)
		require.NoError(t, err, one.route)
		require.Positive(t, seconds)
		refused[one.route.rpc] = true
	}
	require.Greater(t, len(refused), 100, "changes of the API")
}

// readEverything makes every read, as three of those who may. An export of a district's
// records is written down, so it comes last and alone.
func (w *world) readEverything(t *testing.T, all []try) {
	reads := may(all, 3, true)
	require.Greater(t, len(reads), 200)
	for _, one := range reads {
		if one.route.rpc == exportRecords {
			continue
		}
		require.Empty(t, w.judge(one), "%s as %s", one.route, one.caller.Name)
	}
}

const exportRecords = "records.v1.RecordsService.ExportRecords"

// metrics is what the operator's port tells.
func (w *world) metrics(t *testing.T) string {
	t.Helper()
	resp, err := http.Get(w.ops + "/metrics")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(text)
}

// Changing rows in read-only mode: who works, and who was shown records of people.
var upkeepTables = []string{"leases", "disclosures"}

// settled are the digests once what was under way has ended: what is committed leaves
// for the bus and gets its place in the audit chain.
func (w *world) settled(t *testing.T) (last map[string]string) {
	t.Helper()
	waiting := 1
	kittest.Eventually(t, func() bool {
		now := w.digests(t, &waiting)
		same := waiting == 0 && fmt.Sprint(now) == fmt.Sprint(last)
		last = now
		return same
	}, "rows stay as they are")
	return last
}

// digests are one for each table of every schema, of its rows in order; waiting gets
// how many rows are on their way.
func (w *world) digests(t *testing.T, waiting *int) map[string]string {
	t.Helper()
	at := slices.IndexFunc(w.env, func(v string) bool { return strings.HasPrefix(v, "TANDEM_DB=") })
	db, err := sql.Open("pgx", strings.TrimPrefix(w.env[at], "TANDEM_DB="))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(t.Context(), `SELECT set_config('tandem.districts', '*', false)`)
	require.NoError(t, err)
	found, total := map[string]string{}, 0
	for _, table := range tables(t, db) {
		var digest string
		var left int
		what, wait := "t", "FALSE"
		switch _, name, _ := strings.Cut(table, "."); {
		case slices.Contains(upkeepTables, name):
			continue
		case name == "outbox":
			what, wait = "(t.seq, t.id, t.payload)", "t.sent_at IS NULL"
		case name == "audit_pending":
			wait = "TRUE"
		}
		require.NoError(t, db.QueryRowContext(t.Context(),
			`SELECT coalesce(md5(string_agg(md5(`+what+`::text), '' ORDER BY md5(`+what+`::text))), 'empty'), count(*) FILTER (WHERE `+wait+`) FROM `+table+` t`).Scan(&digest, &left))
		found[table] = digest
		total += left
	}
	if waiting != nil {
		*waiting = total
	}
	return found
}

func tables(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT schemaname || '.' || tablename FROM pg_tables
		WHERE schemaname IN ('schools', 'assessments', 'evidence', 'badges', 'gateway') ORDER BY 1`)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	require.Greater(t, len(names), 60)
	return names
}

// fullMethod is an RPC as gRPC calls it.
func fullMethod(rpc string) string {
	at := strings.LastIndex(rpc, ".")
	if at < 0 {
		return ""
	}
	return "/tandem." + rpc[:at] + "/" + rpc[at+1:]
}
