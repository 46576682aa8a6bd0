package logbook_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/logbook"
	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// dying ends every call from the one in which the process dies; that one may have done its work
// or not.
type dying struct {
	left int
	done bool // the last call does its work before the process dies
}

func (d *dying) call(do func() error) error {
	if d.left < 0 {
		return do()
	}
	if d.left == 0 {
		return errBroken
	}
	d.left--
	if d.left > 0 {
		return do()
	}
	if d.done {
		_ = do()
	}
	return errBroken
}

type dyingStore struct {
	logbook.Store
	life *dying
}

func (s dyingStore) Advance(ctx context.Context, next logbook.Head, rows []logbook.Row, done []logbook.Waiting) error {
	return s.life.call(func() error { return s.Store.Advance(ctx, next, rows, done) })
}

type dyingBlobs struct {
	*blob.Store
	life *dying
}

func (b dyingBlobs) Write(ctx context.Context, key string, r io.Reader, most int64) (d blob.Digest, err error) {
	err = b.life.call(func() error { d, err = b.Store.Write(ctx, key, r, most); return err })
	return d, err
}

func (b dyingBlobs) Delete(ctx context.Context, key string) error {
	return b.life.call(func() error { return b.Store.Delete(ctx, key) })
}

// TestADeathAtAnyStepLosesNothing lets the process die at each write in turn, before or after it
// took effect, and starts another.
func TestADeathAtAnyStepLosesNothing(t *testing.T) {
	on(t, func(r *rig) {
		r.settle()
		for _, done := range []bool{false, true} {
			for steps := 1; ; steps++ {
				before := r.read().Head()
				r.append(90) // every third time a tile gets full
				life := &dying{left: steps, done: done}
				book := r.open(dyingStore{r.store, life}, dyingBlobs{r.blobs, life})
				_, err := r.writer(book).Round(r.t.Context())
				require.NoError(r.t, r.read().Consistent(r.t.Context(), before), "what is shown in between is a log too")
				r.settle()
				require.NoError(r.t, r.read().Consistent(r.t.Context(), before))
				require.Equal(r.t, names(r.n), r.subjects())
				if err == nil && life.left > 0 {
					break // it lived long enough for everything
				}
			}
		}
	})
}

// TestTwoWritersMakeOneHistory has writers race, as when a lease is lost and nobody noticed.
func TestTwoWritersMakeOneHistory(t *testing.T) {
	on(t, func(r *rig) {
		r.settle()
		const writers, entries = 3, 120
		var racing sync.WaitGroup
		stop := make(chan struct{})
		for range writers {
			w := r.writer(r.book)
			racing.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := w.Round(r.t.Context()); err != nil && !problem.Is(err, problem.KindAborted) {
						r.t.Errorf("round: %v", err)
						return
					}
				}
			})
		}
		earlier := []translog.Checkpoint{}
		for range entries {
			r.append(1)
			earlier = append(earlier, r.read().Head())
		}
		close(stop)
		racing.Wait()
		r.settle()
		require.Equal(r.t, names(entries), r.subjects())
		log := r.read()
		for _, c := range earlier {
			require.NoError(r.t, log.Consistent(r.t.Context(), c))
		}
	})
}

func TestAWriterWhoseVersionIsTakenChangesNothing(t *testing.T) {
	on(t, func(r *rig) {
		r.append(3)
		r.settle()
		head, err := r.store.Head(r.t.Context())
		require.NoError(r.t, err)
		late := head
		late.Size, late.Root = 99, [32]byte{1}
		require.True(r.t, problem.Is(r.store.Advance(r.t.Context(), late, nil, nil), problem.KindAborted))
		first := head
		first.Version = 1
		require.True(r.t, problem.Is(r.store.Advance(r.t.Context(), first, nil, nil), problem.KindAborted), "a log begins once")
		now, err := r.store.Head(r.t.Context())
		require.NoError(r.t, err)
		require.Equal(r.t, head, now)
	})
}

func TestLostAndDamagedTilesAreMadeAnewFromTheEntries(t *testing.T) {
	on(t, func(r *rig) {
		r.append(300)
		r.settle()
		saved := r.read().Head()
		keys, err := r.blobs.Keys(r.t.Context(), "")
		require.NoError(r.t, err)
		for i, key := range keys {
			before := readAll(r.t, r.blobs, key)
			if i%2 == 0 {
				require.NoError(r.t, r.blobs.Delete(r.t.Context(), key))
			} else {
				_, err := r.blobs.Write(r.t.Context(), key, bytes.NewReader(bytes.ToUpper(before)), 1<<20)
				require.NoError(r.t, err)
			}
			if key == "_log/checkpoint" && i%2 == 1 {
				require.NoError(r.t, r.blobs.Delete(r.t.Context(), key))
			}
			r.settle()
			require.Equal(r.t, before, readAll(r.t, r.blobs, key), key)
		}
		r.append(1)
		r.settle()
		require.NoError(r.t, r.read().Consistent(r.t.Context(), saved))
		require.Len(r.t, r.subjects(), 301)
	})
}

// TestTheWriterRepairsWhatIsLostWhileItRuns damages the tiles that the next round needs.
func TestTheWriterRepairsWhatIsLostWhileItRuns(t *testing.T) {
	on(t, func(r *rig) {
		w := r.writer(r.book)
		r.append(10)
		_, err := w.Round(r.t.Context())
		require.NoError(r.t, err)
		require.NoError(r.t, r.blobs.Delete(r.t.Context(), "_log/tile/0/000.p/10"))
		r.append(1)
		_, err = w.Round(r.t.Context())
		require.ErrorIs(r.t, err, translog.ErrNoFile)
		n, err := w.Round(r.t.Context())
		require.NoError(r.t, err)
		require.Equal(r.t, 1, n)
		require.Len(r.t, r.subjects(), 11)
	})
}

func TestARewrittenPastStopsTheLog(t *testing.T) {
	forge := func(r *rig, position int) {
		e := entry(1000)
		e.Time = begin()
		leaf, err := e.Marshal()
		require.NoError(r.t, err)
		_, err = r.db.Exec(kittest.All(r.t), `UPDATE log_entries SET leaf = $1 WHERE position = $2`, leaf, position)
		require.NoError(r.t, err)
	}
	for name, c := range map[string]struct {
		change func(r *rig)
		want   error
	}{
		"an entry was changed": {func(r *rig) { forge(r, 3) }, logbook.ErrRewritten},
		"an entry was removed": {func(r *rig) {
			_, err := r.db.Exec(kittest.All(r.t), `DELETE FROM log_entries WHERE position = 9`)
			require.NoError(r.t, err)
		}, logbook.ErrRewritten},
		"an older database was brought back": {func(r *rig) {
			_, err := r.db.Exec(kittest.All(r.t), `DELETE FROM log_entries WHERE position >= 5`)
			require.NoError(r.t, err)
			_, err = r.db.Exec(kittest.All(r.t), `UPDATE log_heads SET size = 5, published = 5`)
			require.NoError(r.t, err)
		}, logbook.ErrRolledBack},
		"the database has a checkpoint of another key": {func(r *rig) {
			_, err := r.db.Exec(kittest.All(r.t), `UPDATE log_heads SET checkpoint = $1`, []byte("badges.example.org/log\n0\n\n"))
			require.NoError(r.t, err)
		}, logbook.ErrOtherKey},
		"the blob store has a checkpoint of another key": {func(r *rig) {
			_, err := r.blobs.Write(r.t.Context(), "_log/checkpoint", bytes.NewReader([]byte("x\n1\n")), 1<<20)
			require.NoError(r.t, err)
		}, logbook.ErrOtherKey},
	} {
		t.Run(name, func(t *testing.T) {
			on(t, func(r *rig) {
				r.append(10)
				r.settle()
				shown, err := r.book.Checkpoint(r.t.Context())
				require.NoError(r.t, err)
				c.change(r)
				r.append(1)
				_, err = r.writer(r.book).Round(r.t.Context())
				require.ErrorIs(r.t, err, c.want)
				blobs := readAll(r.t, r.blobs, "_log/checkpoint")
				if !errors.Is(c.want, logbook.ErrOtherKey) {
					require.Equal(r.t, shown, blobs, "nothing new was signed")
				}
				n, _, err := r.store.Backlog(r.t.Context())
				require.NoError(r.t, err)
				require.EqualValues(r.t, 1, n, "what waits keeps waiting")
			})
		})
	}
}

func TestAnEntryChangedUnderARunningWriterIsNotPublished(t *testing.T) {
	on(t, func(r *rig) {
		w := r.writer(r.book)
		r.append(10)
		_, err := w.Round(r.t.Context())
		require.NoError(r.t, err)
		e := entry(7)
		e.Kind, e.Time = translog.Reissued, begin()
		leaf, err := e.Marshal()
		require.NoError(r.t, err)
		_, err = r.db.Exec(kittest.All(r.t), `UPDATE log_entries SET leaf = $1 WHERE position = 7`, leaf)
		require.NoError(r.t, err)
		r.append(1)
		_, err = w.Round(r.t.Context())
		require.ErrorIs(r.t, err, logbook.ErrRewritten)
		require.EqualValues(r.t, 10, r.read().Head().Size)
	})
}

// TestEveryPrefixIsABeginningOfTheLog grows logs by random steps with random deaths between them.
func TestEveryPrefixIsABeginningOfTheLog(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, kittest.SQLite(t, "badges", migrations.FS))
		r.settle()
		earlier := []translog.Checkpoint{r.read().Head()}
		for range rapid.IntRange(1, 4).Draw(rt, "steps") {
			r.append(rapid.IntRange(0, 40).Draw(rt, "entries"))
			life := &dying{left: rapid.IntRange(0, 12).Draw(rt, "life"), done: rapid.Bool().Draw(rt, "done")}
			_, _ = r.writer(r.open(dyingStore{r.store, life}, dyingBlobs{r.blobs, life})).Round(t.Context())
			earlier = append(earlier, r.read().Head())
		}
		r.settle()
		require.Equal(rt, names(r.n), r.subjects())
		log := r.read()
		for _, c := range earlier {
			require.NoError(rt, log.Consistent(t.Context(), c))
		}
	})
}

// overtaken lets something happen once, between the look at the head and the work on it.
type overtaken struct {
	logbook.Store
	meanwhile func()
}

func (s *overtaken) Head(ctx context.Context) (logbook.Head, error) {
	head, err := s.Store.Head(ctx)
	if do := s.meanwhile; do != nil {
		s.meanwhile = nil
		do()
	}
	return head, err
}

func TestAWriterThatWasOvertakenBeginsAgain(t *testing.T) {
	on(t, func(r *rig) {
		r.append(3)
		r.settle()
		store := &overtaken{Store: r.store}
		slow := r.writer(r.open(store, r.blobs))
		store.meanwhile = func() { r.append(4); r.settle() }
		_, err := slow.Round(r.t.Context())
		require.True(r.t, problem.Is(err, problem.KindAborted), "the blob store is ahead for a good reason: %v", err)
		_, err = slow.Round(r.t.Context())
		require.NoError(r.t, err)
	})
}
