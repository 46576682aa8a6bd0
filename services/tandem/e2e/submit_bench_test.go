package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/grpcserver"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

const (
	benchFor       = 6 * time.Second // of each measurement
	benchDistricts = 8
	benchItems     = 20
	// perInvite is how many codes one call makes at most.
	perInvite = 1000
)

// BenchmarkSubmit measures how many answers are acknowledged in a second, each with
// a token of its own, through gRPC and through REST with the gateway in front, by
// the installed program on PostgreSQL with all that durability asks of it. Beside it
// pgbench inserts one row of the same content with the same number of clients on the
// same server: what the disk and the database can do. Only ratios of one run mean
// something.
func BenchmarkSubmit(b *testing.B) {
	m := newSubmitBench(b)
	for _, clients := range []int{4, 16, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			limit := m.pgbench(b, clients)
			grpc := m.load(b, clients, m.overGRPC)
			rest := m.load(b, clients, m.overREST)
			again := m.pgbench(b, clients) // the machine may have changed its mind meanwhile
			limit.perSecond, limit.p50, limit.p99 = (limit.perSecond+again.perSecond)/2, (limit.p50+again.p50)/2, (limit.p99+again.p99)/2
			b.ReportMetric(0, "ns/op")
			limit.report(b, "pgbench", limit)
			grpc.report(b, "grpc", limit)
			rest.report(b, "rest", limit)
		})
	}
}

// figures are those of one measurement.
type figures struct {
	perSecond float64
	p50, p99  time.Duration
}

func (f figures) report(b *testing.B, who string, limit figures) {
	b.ReportMetric(f.perSecond, who+"/s")
	b.ReportMetric(float64(f.p50.Microseconds())/1000, who+"-p50-ms")
	b.ReportMetric(float64(f.p99.Microseconds())/1000, who+"-p99-ms")
	if who != "pgbench" {
		b.ReportMetric(f.perSecond/limit.perSecond, who+"-ratio")
		b.ReportMetric(float64(f.p99)/float64(limit.p99), who+"-p99-ratio")
	}
}

func figuresOf(took []time.Duration, during time.Duration) figures {
	slices.Sort(took)
	at := func(share float64) time.Duration { return took[int(share*float64(len(took)-1))] }
	return figures{perSecond: float64(len(took)) / during.Seconds(), p50: at(0.5), p99: at(0.99)}
}

// submitBench is an installation with open campaigns, and the database beside it
// that pgbench fills.
type submitBench struct {
	*instance
	conn      *grpc.ClientConn
	rest      *restclient.Client
	campaigns []string
	answers   []*assessmentsv1.Answer

	pgURL   string
	pgFiles string

	mu     sync.Mutex
	tokens []string
}

func newSubmitBench(b *testing.B) *submitBench {
	b.Helper()
	owner := kittest.DurablePostgres(b)
	log := filepath.Join(b.TempDir(), "log")
	i := newInstance(b, "TANDEM_DB="+owner, "TANDEM_RATE_ANONYMOUS=0", "TANDEM_RATE_IDENTITY=0", "TANDEM_LOG_FILE="+log)
	i.serve()
	m := &submitBench{instance: i, pgURL: kittest.DurablePostgres(b), pgFiles: b.TempDir()}
	m.signIn(b)
	var err error
	m.conn, err = grpcserver.Dial(grpcserver.Peer{Target: i.ports["ASSESSMENTS"], Name: "assessments", Prover: i.signer(b)})
	require.NoError(b, err)
	b.Cleanup(func() { _ = m.conn.Close() })
	m.openCampaigns(b)
	m.preparePgbench(b)
	return m
}

// signIn has the operator make what follows.
func (m *submitBench) signIn(b testing.TB) {
	b.Helper()
	minted, err := m.command("token", "--subject", "people/operator", "--grant", "state_admin")
	require.NoError(b, err, minted)
	m.rest = restclient.New(m.url).As(strings.TrimSpace(minted))
}

// openCampaigns makes districts with an open campaign each, on an instrument of so
// many items.
func (m *submitBench) openCampaigns(b testing.TB) {
	b.Helper()
	ctx := b.Context()
	post := func(path string, in map[string]any) {
		at, query, _ := strings.Cut(path, "?")
		name, value, _ := strings.Cut(query, "=")
		values := map[string][]string{}
		if name != "" {
			values[name] = []string{value}
		}
		require.NoError(b, m.rest.Post(ctx, at, values, in, nil), path)
	}
	items, answers := benchQuestions()
	m.answers = answers
	post("/v1/instruments?instrumentId=bench", map[string]any{"title": "Bench"})
	post("/v1/instruments/bench/versions?instrumentVersionId=1", map[string]any{
		"title": "Bench", "frameworkVersion": "frameworks/national-standards/versions/2022", "languages": []string{"en"}, "items": items,
	})
	post("/v1/instruments/bench/versions/1:publish", map[string]any{})
	post("/v1/cycles?cycleId=bench", map[string]any{
		"title": "Bench", "startDate": "2026-08-01", "endDate": "2027-06-30",
		"terms": []map[string]any{{"title": "Fall", "startDate": "2026-08-01", "endDate": "2026-12-31"}},
	})
	for d := range benchDistricts {
		district := fmt.Sprintf("districts/bench-%d", d)
		post("/v1/districts?districtId="+strings.TrimPrefix(district, "districts/"), map[string]any{"title": "District", "timeZone": "America/Denver"})
		post("/v1/"+district+"/schools?schoolId=oak", map[string]any{"title": "Oak"})
		post("/v1/"+district+"/campaigns?campaignId=fall", map[string]any{
			"title": "Fall", "instrumentVersion": "instruments/bench/versions/1", "cycle": "cycles/bench", "wave": 1,
			"mode": "CAMPAIGN_MODE_TOKEN", "schools": []string{district + "/schools/oak"},
		})
		post("/v1/"+district+"/campaigns/fall:open", map[string]any{})
		m.campaigns = append(m.campaigns, district+"/campaigns/fall")
	}
}

// benchQuestions are so many items, and answers to them.
func benchQuestions() (items []map[string]any, answers []*assessmentsv1.Answer) {
	for i := range benchItems {
		id := fmt.Sprintf("q%02d", i)
		var options []map[string]any
		for o := range 5 {
			options = append(options, map[string]any{"id": strconv.Itoa(o + 1), "text": map[string]any{"en": fmt.Sprint("Option ", o)}, "score": o + 1, "favorable": o > 2})
		}
		items = append(items, map[string]any{"id": id, "type": "ITEM_TYPE_SCALE", "text": map[string]any{"en": "Question " + id}, "options": options})
		answers = append(answers, &assessmentsv1.Answer{Item: id, Option: strconv.Itoa(1 + i%5)})
	}
	return append(items, map[string]any{"id": "words", "type": "ITEM_TYPE_TEXT", "text": map[string]any{"en": "In your words"}}), answers
}

// stock makes tokens until there are enough.
func (m *submitBench) stock(b testing.TB, enough int) {
	b.Helper()
	for i := 0; len(m.tokens) < enough; i++ {
		name := m.campaigns[i%len(m.campaigns)]
		var made struct{ Codes []string }
		district, _, _ := strings.Cut(name, "/campaigns/")
		require.NoError(b, m.rest.Post(b.Context(), "/v1/"+name+"/invitations:batchCreate", nil,
			map[string]any{"school": district + "/schools/oak", "count": perInvite}, &made))
		m.tokens = append(m.tokens, made.Codes...)
	}
}

func (m *submitBench) token() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := len(m.tokens) - 1
	given := m.tokens[last]
	m.tokens = m.tokens[:last]
	return given
}

// load has so many clients answer one after the other until the time is over.
func (m *submitBench) load(b *testing.B, clients int, submit func(ctx context.Context, req *assessmentsv1.SubmitResponseRequest) error) figures {
	b.Helper()
	const mostPerSecond = 6000
	m.stock(b, mostPerSecond*int(benchFor.Seconds()))
	m.settle(b)
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	start := time.Now()
	for range clients {
		all.Go(func() {
			var mine []time.Duration
			for time.Since(start) < benchFor {
				req := &assessmentsv1.SubmitResponseRequest{Code: m.token(), ResponseId: "r-" + ids.New(), Language: "en", Answers: m.answers}
				begun := time.Now()
				if err := submit(b.Context(), req); err != nil {
					b.Error(err)
					return
				}
				mine = append(mine, time.Since(begun))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	all.Wait()
	return figuresOf(took, time.Since(start))
}

func (m *submitBench) overGRPC(ctx context.Context, req *assessmentsv1.SubmitResponseRequest) error {
	_, err := assessmentsv1.NewResponsesServiceClient(m.conn).SubmitResponse(ctx, req)
	return err
}

var restTransport = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}

func (m *submitBench) overREST(ctx context.Context, msg *assessmentsv1.SubmitResponseRequest) error {
	body, err := protojson.Marshal(proto.Message(msg))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url+"/v1/responses:submit", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := restTransport.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%d %s", resp.StatusCode, text)
	}
	return err
}

// settle waits until the events of what went before have left, and writes what is
// dirty to the disk, so that no measurement pays for the one before.
func (m *submitBench) settle(b *testing.B) {
	b.Helper()
	db := m.owner(b, strings.TrimPrefix(m.env[len(m.env)-4], "TANDEM_DB="))
	await(b, "the events to leave", func() bool {
		var n int
		return db.QueryRowContext(b.Context(), `SELECT count(*) FROM assessments.outbox WHERE sent_at IS NULL`).Scan(&n) == nil && n == 0
	})
	_, err := db.ExecContext(b.Context(), `CHECKPOINT`)
	require.NoError(b, err)
}

func (m *submitBench) owner(b *testing.B, url string) *sql.DB {
	b.Helper()
	db, err := sql.Open("pgx", url)
	require.NoError(b, err)
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// pgbenchScript inserts what one answer is: a unique token and 20 answers.
const pgbenchScript = `INSERT INTO answers (token, body) VALUES (gen_random_uuid(), '%s');
`

func (m *submitBench) preparePgbench(b *testing.B) {
	b.Helper()
	body := map[string]string{}
	for _, a := range m.answers {
		body[a.GetItem()] = a.GetOption()
	}
	raw, err := json.Marshal(body)
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(filepath.Join(m.pgFiles, "script.sql"), fmt.Appendf(nil, pgbenchScript, raw), 0o600))
	db := m.owner(b, m.pgURL)
	_, err = db.ExecContext(b.Context(), `CREATE TABLE answers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, token uuid NOT NULL UNIQUE, body jsonb NOT NULL)`)
	require.NoError(b, err)
}

// pgbench measures the same with PostgreSQL's own program.
func (m *submitBench) pgbench(b *testing.B, clients int) figures {
	b.Helper()
	program := kittest.PostgresProgram(b, "pgbench")
	m.settle(b)
	old, err := filepath.Glob(filepath.Join(m.pgFiles, "log*"))
	require.NoError(b, err)
	for _, name := range old {
		require.NoError(b, os.Remove(name))
	}
	cmd := exec.CommandContext(b.Context(), program, "-n", "-M", "prepared", "-f", "script.sql", "-c", strconv.Itoa(clients), "-j", "2",
		"-T", strconv.Itoa(int(benchFor.Seconds())), "-l", "--log-prefix=log", m.pgURL)
	cmd.Dir = m.pgFiles
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, string(out))
	logs, err := filepath.Glob(filepath.Join(m.pgFiles, "log*"))
	require.NoError(b, err)
	var took []time.Duration
	for _, name := range logs {
		raw, err := os.ReadFile(name)
		require.NoError(b, err)
		for line := range strings.Lines(string(raw)) { // client, number, microseconds, ...
			micros, err := strconv.ParseInt(strings.Fields(line)[2], 10, 64)
			require.NoError(b, err)
			took = append(took, time.Duration(micros)*time.Microsecond)
		}
	}
	return figuresOf(took, benchFor)
}
