package assessments_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"

	assessments "github.com/tandem-badges/tandem/services/assessments"
)

// BenchmarkDashboard publishes a whole state and reads its dashboard: 30 items, the
// schools of Colorado where their list is, as many invented ones otherwise.
//
// Publication is timed without its audit, which is timed apart. DASHBOARD_LANGUAGES
// is how many languages people answer in: with more than one, tables of districts and
// above are made for each.
func BenchmarkDashboard(b *testing.B) {
	for _, answers := range []int{10_000, 100_000, 850_000} {
		b.Run(fmt.Sprintf("answers=%d", answers), func(b *testing.B) {
			db := kittest.OpenPostgres(b, kittest.DurablePostgres(b), assessments.Name, assessments.Migrations)
			s := &stateBench{B: b, db: db, clock: clock.NewFake(kittest.Start()), schools: stateSchools(b)}
			s.ask(answers)
			b.ResetTimer()
			for range b.N {
				s.publish()
				s.read()
			}
		})
	}
}

// stateBench is a state whose families have answered.
type stateBench struct {
	*testing.B
	db      *sqldb.DB
	clock   clock.Clock
	schools []stateSchool
	release string
}

type stateSchool struct {
	district, id string
	pupils       int
}

// stateSchools reads the list of schools, or invents 1,907 in 186 districts.
func stateSchools(b *testing.B) []stateSchool {
	b.Helper()
	f, err := os.Open(filepath.Join(os.Getenv("TANDEM_SHARED"), "data", "colorado-schools-2024.csv"))
	var out []stateSchool
	if err != nil {
		b.Log("the list of schools is not there (TANDEM_SHARED): invented ones")
		random := rand.New(rand.NewPCG(1, 2))
		for i := range 1907 {
			out = append(out, stateSchool{fmt.Sprintf("d%03d", i*i%186), fmt.Sprintf("s%04d", i), 20 + random.IntN(900)})
		}
		return out
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(b, err)
	for _, row := range rows[1:] {
		pupils, err := strconv.Atoi(row[slices.Index(rows[0], "total")])
		require.NoError(b, err)
		out = append(out, stateSchool{row[0], row[2], pupils})
	}
	return out
}

// ask stores answers, by the size of schools.
func (s *stateBench) ask(answers int) {
	campaigns := map[string]*campaign.Campaign{}
	pupils := 0
	for _, school := range s.schools {
		pupils += school.pupils
		if campaigns[school.district] == nil {
			campaigns[school.district] = &campaign.Campaign{
				District: school.district, ID: "fall", Title: "Fall", InstrumentVersion: "instruments/bench/versions/1", FrameworkVersion: "frameworks/bench/versions/1",
				Cycle: "cycles/2026-27", Wave: 1, Mode: campaign.OpenLink, State: campaign.Closed, Version: 1,
			}
		}
		c := campaigns[school.district]
		c.Schools = append(c.Schools, campaign.School{ID: school.id, Title: "School " + school.id})
	}
	kept := store.NewCampaigns(s.db, s.clock)
	for _, c := range campaigns {
		require.NoError(s, kept.AddCampaign(kittest.All(s), *c))
	}
	item := `CASE WHEN random() < 0.03 THEN 'na' ELSE (1 + floor(sqrt(random()) * 5))::int::text END`
	var options []string
	for i := range 30 {
		options = append(options, fmt.Sprintf(`'"q%02d":"' || %s || '"'`, i, item))
	}
	languages, _ := strconv.Atoi(os.Getenv("DASHBOARD_LANGUAGES"))
	insert := `INSERT INTO responses (district_id, campaign_id, school_id, response_id, language, day, options, texts)
		SELECT $1, 'fall', $2, md5(random()::text || g), (ARRAY['en','es','ar','vi'])[1 + floor(random() * ` + strconv.Itoa(max(1, languages)) + `)::int], 0,
		'{' || ` + strings.Join(options, " || ',' || ") + ` || '}', '{}' FROM generate_series(1, $3::int) g`
	require.NoError(s, s.db.Tx(kittest.All(s), func(ctx context.Context) error {
		for _, school := range s.schools {
			if _, err := s.db.Exec(ctx, insert, school.district, school.id, answers*school.pupils/pupils); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err := s.db.Exec(kittest.All(s), `ANALYZE responses`)
	require.NoError(s, err)
}

// stateForm is the questionnaire of the benchmark, its standards, and the state's rules.
type stateForm struct{}

func (stateForm) Edition(context.Context, string, string) (instrument.Version, error) {
	scale := []instrument.Option{{ID: "na", NotApplicable: true}}
	for i := 1; i <= 5; i++ {
		scale = append(scale, instrument.Option{ID: strconv.Itoa(i), Score: i, Favorable: i > 3})
	}
	v := instrument.Version{State: 2}
	for i := range 30 {
		v.Body.Items = append(v.Body.Items, instrument.Item{ID: fmt.Sprintf("q%02d", i), Type: instrument.Scale, Standard: fmt.Sprintf("s%d", i/5), Required: true, Options: scale})
	}
	for i := range 6 {
		m := instrument.Measure{ID: fmt.Sprintf("scale%d", i), Kind: instrument.Reflective}
		for q := range 5 {
			m.Items = append(m.Items, fmt.Sprintf("q%02d", i*5+q))
		}
		v.Body.Scales = append(v.Body.Scales, m)
	}
	return v, nil
}

type stateStandards struct{}

func (stateStandards) Edition(context.Context, string, string) (framework.Version, error) {
	v := framework.Version{State: 2}
	for i := range 6 {
		v.Body.Standards = append(v.Body.Standards, framework.Standard{ID: fmt.Sprintf("s%d", i)})
	}
	return v, nil
}

func (stateForm) Policy(context.Context) (policy.Policy, error) {
	return policy.Policy{}.InForce(), nil
}

func (stateForm) HasCycle(context.Context, string) (bool, error) { return true, nil }

// Plan puts districts into 21 regions.
func (stateForm) Plan(_ context.Context, districts []string) (rollup.Plan, error) {
	var p rollup.Plan
	for i, d := range districts {
		p.Districts = append(p.Districts, rollup.PlannedDistrict{ID: d, Title: "District " + d, Region: fmt.Sprintf("Region %d", i%21)})
	}
	return p, nil
}

// publish times the phases of a publication and how much memory it takes at most.
func (s *stateBench) publish() {
	tables := store.NewRollUps(s.db, s.clock)
	service := rollup.NewService(tables, rollup.NewMaker(tables, stateForm{}, stateStandards{}, stateForm{}), stateForm{}, s.clock)
	w := rollup.Wave{Instrument: "bench", Cycle: "cycles/2026-27", Number: 1}
	operation := fmt.Sprintf("op-%d", time.Now().UnixNano())
	require.NoError(s, service.Prepare(kittest.All(s), w, operation))
	peak, stop := watchMemory()
	took, worked := map[string]time.Duration{}, map[string]time.Duration{}
	var mutex sync.Mutex
	phase, begun, busy := rollup.Counting, time.Now(), cores(s)
	next := func(name string) {
		mutex.Lock()
		defer mutex.Unlock()
		if name != phase {
			took[phase] += time.Since(begun)
			worked[phase] += cores(s) - busy
			phase, begun, busy = name, time.Now(), cores(s)
		}
	}
	r, err := service.Publish(kittest.All(s), w, operation, func(name string, _, _ int, _ int64) error { next(name); return nil },
		func(context.Context, rollup.Release) error { return nil })
	require.NoError(s, err)
	next("")
	stop()
	s.release = r.ID
	publication := took[rollup.Counting] + took[rollup.Protecting] + took[rollup.Writing]
	for name, d := range map[string]time.Duration{
		"s-publication": publication, "s-counting": took[rollup.Counting], "s-protecting": took[rollup.Protecting], "s-audit": took[rollup.Auditing], "s-writing": took[rollup.Writing],
	} {
		s.ReportMetric(d.Seconds(), name)
	}
	s.ReportMetric((worked[rollup.Counting] + worked[rollup.Protecting] + worked[rollup.Writing]).Seconds(), "core-s-publication")
	s.ReportMetric(worked[rollup.Auditing].Seconds(), "core-s-audit")
	s.ReportMetric(float64(peak.Load())/(1<<20), "MiB-peak")
	s.ReportMetric(float64(r.Audit.Hidden)/float64(r.Audit.Hidden+r.Audit.Shown), "hidden/count")
}

// cores is how long the cores worked for this process, the database not counted.
func cores(s *stateBench) time.Duration {
	var u syscall.Rusage
	require.NoError(s, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// watchMemory keeps the most memory that the process had in use.
func watchMemory() (peak *atomic.Uint64, stop func()) {
	runtime.GC()
	peak = &atomic.Uint64{}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return peak, func() { close(done); <-ended }
}

// read opens pages of the dashboard as people do: lists of the state's, of regions' and of
// districts' places, and single tables.
func (s *stateBench) read() {
	tables := store.NewRollUps(s.db, s.clock)
	ctx := tenant.With(context.Background())
	lines, err := tables.Lines(ctx, tenant.State, s.release, rollup.Select{Limit: 5000})
	require.NoError(s, err)
	var took []time.Duration
	timed := func(f func() error) {
		begun := time.Now()
		require.NoError(s, f())
		took = append(took, time.Since(begun))
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		at := lines[random.IntN(len(lines))]
		timed(func() error {
			_, err := tables.Page(ctx, tenant.State, s.release, at.Table)
			return err
		})
		timed(func() error {
			_, err := tables.Lines(ctx, tenant.State, s.release, rollup.Select{Under: at.Table, Limit: 51})
			return err
		})
		timed(func() error {
			_, err := tables.Lines(ctx, tenant.State, s.release, rollup.Select{Level: rollup.School, After: at.Table, Limit: 51})
			return err
		})
	}
	slices.Sort(took)
	s.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-page-p50")
	s.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-page-p99")
}
