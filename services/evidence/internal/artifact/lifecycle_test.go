package artifact_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
	"github.com/tandem-badges/tandem/services/evidence/internal/portfolio"
	"github.com/tandem-badges/tandem/services/evidence/internal/store"
)

// plans knows every step and indicator; all journeys are underway.
type plans struct{}

func (plans) Phase(context.Context, string) (string, error)    { return "UNDERWAY", nil }
func (plans) HasStep(context.Context, string) (bool, error)    { return true, nil }
func (plans) HasJourney(context.Context, string) (bool, error) { return true, nil }
func (plans) Indicators(context.Context, string) ([]string, error) {
	return []string{et.Indicator}, nil
}

// brittle is a store whose last statement fails while it is told to.
type brittle struct {
	*rows
	broken bool
}

type rows = store.Artifacts // whose name is also that of a method

var errBroken = errors.New("the database went away")

func (b *brittle) Emit(ctx context.Context, event any) error {
	if b.broken {
		return errBroken
	}
	return b.rows.Emit(ctx, event)
}

// world is the domain over a real store and blobs in memory.
type world struct {
	ctx        context.Context
	store      *brittle
	blobs      *blob.Store
	clock      *clock.Fake
	artifacts  *artifact.Service
	portfolios *portfolio.Service
	sweeper    *artifact.Sweeper
}

func sqlite(t testing.TB) *sqldb.DB {
	t.Helper()
	return kittest.SQLite(t, "evidence", store.Migrations())
}

func newWorld(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	blobs, err := blob.Open(kittest.All(t), "mem://")
	require.NoError(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	clk := clock.NewFake(kittest.Start())
	w := &world{ctx: kittest.All(t), clock: clk, blobs: blobs, store: &brittle{rows: store.NewArtifacts(db, clk)}}
	w.artifacts = artifact.NewService(w.store, blobs, plans{}, clk, artifact.DefaultLimits(), t.TempDir())
	w.portfolios = portfolio.NewService(store.NewPortfolios(db, clk), plans{}, clk)
	w.sweeper = artifact.NewSweeper(w.store, blobs, clk)
	return w
}

func ref(id string) artifact.Ref { return artifact.Ref{District: "0880", School: "0010", ID: id} }

func description() artifact.Description {
	return artifact.Description{Journey: et.Journey, Step: et.Step, Indicator: et.Indicator, OccurDate: "2026-08-30", Groups: []int{2}, Caption: "An evening"}
}

func (w *world) create(id string) artifact.Artifact {
	a, err := w.artifacts.Create(w.ctx, ref(id), description(), "people/ana")
	if err != nil {
		return artifact.Artifact{}
	}
	return a
}

func (w *world) upload(r artifact.Ref, content []byte) (artifact.Artifact, error) {
	return w.artifacts.Upload(w.ctx, r, bytes.NewReader(content))
}

func (w *world) read(r artifact.Ref) ([]byte, error) {
	_, content, err := w.artifacts.Open(w.ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = content.Close() }()
	return io.ReadAll(content)
}

func key(content []byte) string {
	return artifact.Content{District: "0880", SHA256: sum(content)}.Key()
}

// model is what should be true of the artifacts of one journey.
type model struct {
	state   map[string]artifact.State
	content map[string]byte // seed of the accepted bytes
	frozen  map[byte]bool
}

// TestLifecycle plays calls in any order and holds the service to the model: only the
// moves of the state machine happen, accepted content is always served, and after a
// sweep exactly the contents in use are there.
func TestLifecycle(t *testing.T) {
	db := sqlite(t)
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, db)
		for _, table := range []string{"artifacts", "contents", "manifests", "frozen_contents", "portfolios"} {
			_, err := db.Exec(kittest.All(t), `DELETE FROM `+table)
			require.NoError(r, err)
		}
		m := model{state: map[string]artifact.State{}, content: map[string]byte{}, frozen: map[byte]bool{}}
		id := rapid.Custom(func(r *rapid.T) string { return fmt.Sprintf("a%d", rapid.IntRange(0, 3).Draw(r, "id")) })
		r.Repeat(map[string]func(*rapid.T){
			"create":   func(r *rapid.T) { m.create(r, w, id.Draw(r, "artifact")) },
			"upload":   func(r *rapid.T) { m.upload(r, w, id.Draw(r, "artifact"), rapid.ByteRange(1, 3).Draw(r, "content")) },
			"withdraw": func(r *rapid.T) { m.withdraw(r, w, id.Draw(r, "artifact")) },
			"freeze":   func(r *rapid.T) { m.freeze(r, w) },
			"sweep":    func(r *rapid.T) { m.sweep(r, w) },
			"":         func(r *rapid.T) { m.check(r, w) },
		})
	})
}

func (m model) create(r *rapid.T, w *world, id string) {
	_, err := w.artifacts.Create(w.ctx, ref(id), description(), "people/ana")
	if m.state[id] != 0 {
		require.True(r, problem.Is(err, problem.KindAlreadyExists), "%v", err)
		return
	}
	require.NoError(r, err)
	m.state[id] = artifact.AwaitingContent
}

// refusedAs holds an error to the state of an artifact: unknown, or withdrawn.
func (m model) refusedAs(r *rapid.T, id string, err error) {
	want := problem.KindPrecondition
	if m.state[id] == 0 {
		want = problem.KindNotFound
	}
	require.True(r, problem.Is(err, want), "%v", err)
}

func (m model) upload(r *rapid.T, w *world, id string, seed byte) {
	_, err := w.upload(ref(id), et.PNG(seed))
	switch state := m.state[id]; {
	case state == artifact.AwaitingContent || state == artifact.Accepted && m.content[id] == seed:
		require.NoError(r, err)
		m.state[id], m.content[id] = artifact.Accepted, seed
	default:
		m.refusedAs(r, id, err)
	}
}

func (m model) withdraw(r *rapid.T, w *world, id string) {
	err := w.artifacts.Withdraw(w.ctx, ref(id), "")
	if m.state[id] == 0 || m.state[id] == artifact.Withdrawn {
		m.refusedAs(r, id, err)
		return
	}
	require.NoError(r, err)
	m.state[id] = artifact.Withdrawn
}

func (m model) freeze(r *rapid.T, w *world) {
	got, err := w.portfolios.Freeze(w.ctx, portfolio.Journey{District: "0880", School: "0010", Team: "team", ID: "welcome"}, "")
	listed := 0
	for id, state := range m.state {
		if state == artifact.Accepted {
			m.frozen[m.content[id]] = true
			listed++
		}
	}
	if listed == 0 {
		require.True(r, problem.Is(err, problem.KindPrecondition), "%v", err)
		return
	}
	require.NoError(r, err)
	require.Len(r, got.Entries, listed)
}

func (m model) sweep(r *rapid.T, w *world) {
	_, err := w.sweeper.Sweep(w.ctx)
	require.NoError(r, err)
	for seed := byte(1); seed <= 3; seed++ {
		used := m.frozen[seed]
		for id, state := range m.state {
			used = used || state == artifact.Accepted && m.content[id] == seed
		}
		there, err := w.blobs.Exists(w.ctx, key(et.PNG(seed)))
		require.NoError(r, err)
		require.Equal(r, used, there, "content %d", seed)
	}
}

func (m model) check(r *rapid.T, w *world) {
	for id, state := range m.state {
		got, err := w.artifacts.Get(w.ctx, ref(id))
		require.NoError(r, err)
		require.Equal(r, state, got.State)
		content, err := w.read(ref(id))
		if state != artifact.Accepted {
			require.True(r, problem.Is(err, problem.KindPrecondition), "%v", err)
			continue
		}
		require.NoError(r, err)
		require.Equal(r, et.PNG(m.content[id]), content)
	}
}

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}
