package artifact_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
	et "github.com/tandem-badges/tandem/services/evidence/internal/evidencetest"
	"github.com/tandem-badges/tandem/services/evidence/internal/store"
)

// TestCrashBetweenContentAndRowLosesNothing fails the transaction after the bytes were
// stored; the upload is repeated later.
func TestCrashBetweenContentAndRowLosesNothing(t *testing.T) {
	kittest.Databases(t, "evidence", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		a := w.create("a")
		w.store.broken = true
		_, err := w.upload(a.Ref, et.PNG(1))
		require.ErrorIs(t, err, errBroken)
		there, err := w.blobs.Exists(w.ctx, key(et.PNG(1)))
		require.NoError(t, err)
		require.True(t, there, "the bytes are there")
		got, err := w.artifacts.Get(w.ctx, a.Ref)
		require.NoError(t, err)
		require.Equal(t, a, got, "and the artifact is as it was")

		w.store.broken = false
		_, err = w.upload(a.Ref, et.PNG(1))
		require.NoError(t, err)
		content, err := w.read(a.Ref)
		require.NoError(t, err)
		require.Equal(t, et.PNG(1), content)
	})
}

func TestContentLeftBehindByACrashIsErasedAfterAnHour(t *testing.T) {
	w := newWorld(t, sqlite(t))
	a := w.create("a")
	w.store.broken = true
	_, err := w.upload(a.Ref, et.PNG(1))
	require.ErrorIs(t, err, errBroken)
	n, err := w.sweeper.Sweep(w.ctx)
	require.NoError(t, err)
	require.Zero(t, n, "it may still be on its way")
	w.clock.Advance(time.Hour + time.Second)
	n, err = w.sweeper.Sweep(w.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	there, err := w.blobs.Exists(w.ctx, key(et.PNG(1)))
	require.NoError(t, err)
	require.False(t, there)
}

// racing calls between once, before the bytes of an upload are written and after.
type racing struct {
	*blob.Store
	between func()
}

func (r *racing) Write(ctx context.Context, key string, content io.Reader, max int64) (blob.Digest, error) {
	d, err := r.Store.Write(ctx, key, content, max)
	if between := r.between; between != nil {
		r.between = nil
		between()
	}
	return d, err
}

func TestContentErasedWhileItArrivesIsWrittenAnew(t *testing.T) {
	kittest.Databases(t, "evidence", store.Migrations(), func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		blobs := &racing{Store: w.blobs, between: func() {
			w.clock.Advance(2 * time.Hour)
			n, err := w.sweeper.Sweep(w.ctx)
			require.NoError(t, err)
			require.Equal(t, 1, n, "the sweeper takes it for left behind")
		}}
		slow := artifact.NewService(w.store, blobs, plans{}, w.clock, artifact.DefaultLimits(), t.TempDir())
		a := w.create("a")
		_, err := slow.Upload(w.ctx, a.Ref, bytes.NewReader(et.PNG(1)))
		require.NoError(t, err)
		content, err := w.read(a.Ref)
		require.NoError(t, err, "an acknowledged content is there")
		require.Equal(t, et.PNG(1), content)
	})
}

// stuck is a blob store that cannot delete.
type stuck struct{ *blob.Store }

func (stuck) Delete(context.Context, string) error { return problem.Unavailable("blob store") }

func TestUploadWaitsForBytesThatAreBeingErased(t *testing.T) {
	w := newWorld(t, sqlite(t))
	a, b := w.create("a"), w.create("b")
	_, err := w.upload(a.Ref, et.PNG(1))
	require.NoError(t, err)
	require.NoError(t, w.artifacts.Withdraw(w.ctx, a.Ref, ""))
	_, err = artifact.NewSweeper(w.store, stuck{w.blobs}, w.clock).Sweep(w.ctx)
	require.True(t, problem.Is(err, problem.KindUnavailable), "%v", err)
	_, err = w.upload(b.Ref, et.PNG(1))
	require.True(t, problem.Is(err, problem.KindAborted), "told to repeat: %v", err)
	n, err := w.sweeper.Sweep(w.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n, "the next sweep goes on where the other failed")
	_, err = w.upload(b.Ref, et.PNG(1))
	require.NoError(t, err)
}

// meddling changes an artifact while the schools service is asked about another change.
type meddling struct {
	plans
	meddle func()
}

func (m meddling) HasStep(ctx context.Context, step string) (bool, error) {
	m.meddle()
	return m.plans.HasStep(ctx, step)
}

func TestChangesThatMeetAreNotLost(t *testing.T) {
	for name, c := range map[string]struct {
		tag    string
		reason problem.Reason
	}{
		"who sent an etag is behind":         {`"1"`, problem.ReasonEtagStale},
		"who sent none is told to repeat it": {"", problem.ReasonConflict},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sqlite(t))
			a := w.create("a")
			other := artifact.NewService(w.store, w.blobs, meddling{meddle: func() {
				_, err := w.artifacts.Update(w.ctx, a.Ref, "", func(d *artifact.Description) error { d.Caption = "First"; return nil })
				require.NoError(t, err)
			}}, w.clock, artifact.DefaultLimits(), t.TempDir())
			_, err := other.Update(w.ctx, a.Ref, c.tag, func(d *artifact.Description) error { d.Caption, d.Step = "Second", et.Step2; return nil })
			e, ok := problem.As(err)
			require.True(t, ok)
			require.Equal(t, c.reason, e.Reason)
			got, err := w.artifacts.Get(w.ctx, a.Ref)
			require.NoError(t, err)
			require.Equal(t, "First", got.Caption)
		})
	}
}
