package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// sizes are what docs/sizing.md has rows for: a state has as many districts and
// schools as Colorado.
var sizes = []struct {
	name                       string
	districts, schools, answer int // answers of one wave of surveys, in all
}{
	{"small-district", 1, 8, 2_000},
	{"50-districts", 50, 500, 25_000},
	{"state", 178, 1_907, 100_000},
}

const (
	sizingRate    = 50 // requests a second
	sizingFor     = 30 * time.Second
	sizingIdle    = 10 * time.Second
	sizingBatch   = 500 // answers of one call
	sizingAtOnce  = 4
	sizingClients = 32
)

// figuresOut gets the figures, which are the point of the run.
var figuresOut = os.Stdout

// BenchmarkSizing loads three sizes of installation into separate processes on
// PostgreSQL, which waits for the disk, and NATS, then asks them at a steady rate,
// and prints what each process took: the figures of docs/sizing.md.
func BenchmarkSizing(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			s := newSizing(b)
			begun := time.Now()
			s.load(b, size.districts, size.schools, size.answer)
			s.rest.wait(b)
			_, _ = fmt.Fprintf(figuresOut, "\n## %s: %d districts, %d schools, %d answers, loaded in %.0f s\n",
				size.name, size.districts, size.schools, size.answer, time.Since(begun).Seconds())
			s.storage(b, size.schools, size.answer)
			s.idle(b)
			s.steady(b)
			b.ReportMetric(0, "ns/op")
		})
	}
}

// sizing is an installation of separate processes with what it stands on.
type sizing struct {
	*instance
	processes map[string]*process
	meters    map[string]func() usage
	db        *sql.DB
	nats      string // folder of its streams
	rest      operatorClient
	answers   []*assessmentsv1.Answer
	codes     []string // of links, one for each district
	districts []string
}

// operatorClient posts as the operator, and stops at the first thing that goes wrong.
type operatorClient struct {
	*restclient.Client
	db *sql.DB
}

func newSizing(b *testing.B) *sizing {
	b.Helper()
	owner := kittest.DurablePostgres(b)
	url, server, folder := natsProcess(b)
	i := newInstance(b, "TANDEM_DB="+owner, "TANDEM_NATS="+url, "TANDEM_RATE_ANONYMOUS=0", "TANDEM_RATE_IDENTITY=0",
		"TANDEM_LOG_LEVEL=warn")
	s := &sizing{instance: i, nats: folder, meters: map[string]func() usage{}, processes: i.serveApart()}
	for name, p := range s.processes {
		s.meters[name] = func() usage { return usageOf(b, p.cmd.Process.Pid) }
	}
	s.meters["nats"] = func() usage { return usageOf(b, server.cmd.Process.Pid) }
	db, err := sql.Open("pgx", owner)
	require.NoError(b, err)
	b.Cleanup(func() { _ = db.Close() })
	s.db = db
	s.meters["postgresql"] = func() usage { return usageOfPostgres(b, db) }
	minted, err := i.command("token", "--subject", "people/operator", "--grant", "state_admin", "--ttl", "3h")
	require.NoError(b, err, minted)
	s.rest = operatorClient{restclient.New(i.url).As(trimmed(minted)), db}
	return s
}

// load registers districts and schools, opens a survey in each district and keys
// in the answers.
func (s *sizing) load(b *testing.B, districts, schools, answers int) {
	b.Helper()
	items, filled := benchQuestions()
	s.answers = filled
	s.rest.prepare(b, items)
	work := make(chan int)
	var all sync.WaitGroup
	s.codes, s.districts = make([]string, districts), make([]string, districts)
	for range sizingAtOnce {
		all.Go(func() {
			for d := range work {
				first, last := d*schools/districts, (d+1)*schools/districts
				share := answers*last/schools - answers*first/schools
				s.district(b, d, last-first, share)
			}
		})
	}
	for d := range districts {
		work <- d
	}
	close(work)
	all.Wait()
	require.False(b, b.Failed())
}

func (s *sizing) district(b *testing.B, number, schools, answers int) {
	id := fmt.Sprintf("d-%d", number)
	name := "districts/" + id
	s.rest.post(b, "/v1/districts?districtId="+id, map[string]any{"title": "District " + id, "timeZone": "America/Denver"}, nil)
	var requests []map[string]any
	var names []string
	for n := range schools {
		school := fmt.Sprintf("s-%d", n)
		names = append(names, name+"/schools/"+school)
		requests = append(requests, map[string]any{"parent": name, "schoolId": school, "school": map[string]any{"title": "School " + school, "enrollment": 450}})
	}
	s.rest.post(b, "/v1/"+name+"/schools:batchCreate", map[string]any{"requests": requests}, nil)
	s.rest.post(b, "/v1/"+name+"/campaigns?campaignId=fall", map[string]any{
		"title": "Fall", "instrumentVersion": "instruments/bench/versions/1", "cycle": "cycles/bench", "wave": 1,
		"mode": "CAMPAIGN_MODE_OPEN_LINK", "schools": names,
	}, nil)
	s.rest.post(b, "/v1/"+name+"/campaigns/fall:open", map[string]any{}, nil)
	var link struct{ Code string }
	s.rest.post(b, "/v1/"+name+"/campaigns/fall/links?linkId=all", map[string]any{"school": names[0]}, &link)
	s.codes[number], s.districts[number] = link.Code, name
	for n, school := range names {
		s.keyIn(b, name, school, answers*(n+1)/schools-answers*n/schools)
	}
}

// keyIn enters what came on paper.
func (s *sizing) keyIn(b *testing.B, district, school string, count int) {
	for first := 0; first < count; first += sizingBatch {
		var responses []*assessmentsv1.PaperResponse
		for i := first; i < min(count, first+sizingBatch); i++ {
			responses = append(responses, &assessmentsv1.PaperResponse{ResponseId: fmt.Sprintf("paper-%s-%d", filepath.Base(school), i), Language: "en", Answers: s.answers})
		}
		request := &assessmentsv1.BatchSubmitResponsesRequest{Parent: district + "/campaigns/fall", School: school, Responses: responses}
		if err := s.rest.Post(context.Background(), "/v1/"+district+"/campaigns/fall/responses:batchSubmit", nil, request, nil); err != nil {
			b.Error(err)
		}
	}
}

// storage prints what lies on disks.
func (s *sizing) storage(b *testing.B, schools, answers int) {
	b.Helper()
	for _, schema := range []string{"schools", "assessments", "evidence", "badges", "gateway"} {
		var bytes int64
		require.NoError(b, s.db.QueryRowContext(b.Context(), `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c
			JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')`, schema).Scan(&bytes))
		_, _ = fmt.Fprintf(figuresOut, "database %-12s %8.1f MB", schema, mb(bytes))
		switch schema {
		case "schools":
			_, _ = fmt.Fprintf(figuresOut, "  %.1f kB for a school", float64(bytes)/1000/float64(schools))
		case "assessments":
			_, _ = fmt.Fprintf(figuresOut, "  %.2f kB for an answer", float64(bytes)/1000/float64(answers))
		}
		_, _ = fmt.Fprintln(figuresOut)
	}
	var streams int64
	require.NoError(b, filepath.WalkDir(s.nats, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if info, err := entry.Info(); err == nil {
			streams += info.Size()
		}
		return nil
	}))
	_, _ = fmt.Fprintf(figuresOut, "streams               %8.1f MB\n", mb(streams))
}

// idle prints memory after loading, and CPU while nobody asks.
func (s *sizing) idle(b *testing.B) {
	b.Helper()
	s.measure("nobody asks", sizingIdle, func() int { <-time.After(sizingIdle); return 0 })
}

// steady asks at a steady rate: four of ten requests answer a survey, two open its
// form, three list schools, one reads a district.
func (s *sizing) steady(b *testing.B) {
	b.Helper()
	s.measure(fmt.Sprintf("%d requests/s", sizingRate), sizingFor, func() int {
		tick := time.NewTicker(time.Second / sizingRate)
		defer tick.Stop()
		queue := make(chan int, sizingRate*int(sizingFor.Seconds()))
		var all sync.WaitGroup
		took := newTimes()
		for range sizingClients {
			all.Go(func() {
				for n := range queue {
					begun := time.Now()
					if err := s.ask(b.Context(), n); err != nil {
						b.Error(err)
					}
					took.add(time.Since(begun))
				}
			})
		}
		sent := 0
		for end := time.Now().Add(sizingFor); time.Now().Before(end); sent++ {
			<-tick.C
			queue <- sent
		}
		close(queue)
		all.Wait()
		f := figuresOf(took.all, sizingFor)
		_, _ = fmt.Fprintf(figuresOut, "%d requests, %.1f/s, p50 %s, p99 %s\n", sent, f.perSecond, f.p50.Round(time.Millisecond/10), f.p99.Round(time.Millisecond/10))
		return sent
	})
}

func (s *sizing) ask(ctx context.Context, n int) error {
	d := n % len(s.districts)
	switch n % 10 {
	case 0, 1, 2, 3:
		return s.rest.Post(ctx, "/v1/responses:submit", nil, &assessmentsv1.SubmitResponseRequest{
			Code: s.codes[d], ResponseId: fmt.Sprintf("steady-%d", n), Language: "en", Answers: s.answers,
		}, nil)
	case 4, 5:
		return s.rest.Get(ctx, "/v1/forms/"+s.codes[d], nil, nil)
	case 6, 7, 8:
		return s.rest.Get(ctx, "/v1/"+s.districts[d]+"/schools", nil, nil)
	default:
		return s.rest.Get(ctx, "/v1/"+s.districts[d], nil, nil)
	}
}

func mb(bytes int64) float64 { return float64(bytes) / 1_000_000 }
