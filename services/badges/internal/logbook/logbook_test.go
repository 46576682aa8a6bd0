package logbook_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/logbook"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const (
	site   = "https://badges.example.org"
	issuer = "did:web:badges.example.org:issuers:state"
)

var errBroken = errors.New("broken")

func begin() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

// rig is a log with its parts.
type rig struct {
	t      *testing.T
	db     *sqldb.DB
	store  logbook.Store
	blobs  *blob.Store
	signer *keys.Local
	book   *logbook.Book
	now    time.Time
	n      int // entries so far
}

func newRig(t *testing.T, db *sqldb.DB) *rig {
	t.Helper()
	blobs, err := blob.Open(t.Context(), "mem://")
	require.NoError(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	signer, err := keys.FromSeed(make([]byte, 32))
	require.NoError(t, err)
	r := &rig{t: t, db: db, store: store.New(db), blobs: blobs, signer: signer, now: begin()}
	r.book = r.open(r.store, r.blobs)
	return r
}

func (r *rig) open(s logbook.Store, b logbook.Blobs) *logbook.Book {
	book, err := logbook.Open(r.t.Context(), s, b, r.signer, site, func() time.Time { return r.now })
	require.NoError(r.t, err)
	return book
}

func (r *rig) writer(book *logbook.Book) *logbook.Writer {
	w, err := logbook.NewWriter(book, r.signer, kittest.Log(r.t))
	require.NoError(r.t, err)
	return w
}

// on runs a test on both databases.
func on(t *testing.T, test func(r *rig)) {
	t.Helper()
	kittest.Databases(t, "badges", migrations.FS, func(t *testing.T, db *sqldb.DB) { test(newRig(t, db)) })
}

func credential(i int) string { return fmt.Sprintf("credentials/c%d", i) }

func entry(i int) translog.Entry {
	sum := sha256.Sum256(fmt.Append(nil, i))
	return translog.Entry{Kind: translog.Issued, Issuer: issuer, Subject: site + "/v1/" + credential(i), Digest: hex.EncodeToString(sum[:])}
}

// append enters more entries, as a district's work does.
func (r *rig) append(count int) {
	r.t.Helper()
	for range count {
		require.NoError(r.t, r.db.Tx(kittest.All(r.t), func(ctx context.Context) error { return r.book.Append(ctx, entry(r.n)) }))
		r.n++
	}
}

// settle runs rounds until nothing waits.
func (r *rig) settle() {
	r.t.Helper()
	w := r.writer(r.book)
	for {
		n, err := w.Round(r.t.Context())
		require.NoError(r.t, err)
		if n == 0 {
			return
		}
	}
}

// mirror reads the log as strangers do: by its files.
type mirror struct{ r *rig }

func (m mirror) Read(ctx context.Context, path string) ([]byte, error) {
	if path == translog.CheckpointPath {
		return m.r.book.Checkpoint(ctx)
	}
	raw, err := m.r.book.Tile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", translog.ErrNoFile, err)
	}
	return raw, nil
}

func (r *rig) read() *translog.Log {
	r.t.Helper()
	key, err := translog.ParseKey(r.book.Key())
	require.NoError(r.t, err)
	log, err := translog.Open(r.t.Context(), mirror{r}, key)
	require.NoError(r.t, err)
	return log
}

// subjects reads the whole log.
func (r *rig) subjects() (out []string) {
	r.t.Helper()
	log := r.read()
	require.NoError(r.t, log.Entries(r.t.Context(), 0, log.Head().Size, func(_ int64, leaf []byte) error {
		e, err := translog.ParseEntry(leaf)
		out = append(out, strings.TrimPrefix(e.Subject, site+"/v1/credentials/"))
		return err
	}))
	return out
}

func names(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("c%d", i))
	}
	return out
}

func TestEveryEntryIsPublishedInItsOrderAndProven(t *testing.T) {
	on(t, func(r *rig) {
		r.settle()
		require.Zero(r.t, r.read().Head().Size, "an empty log has a checkpoint too")
		earlier := []translog.Checkpoint{r.read().Head()}
		for _, count := range []int{1, 2, 40, 212, 1, 1, 300} { // 255, 256 and 257 among the sizes
			r.append(count)
			r.settle()
			earlier = append(earlier, r.read().Head())
		}
		require.Equal(r.t, names(557), r.subjects())
		log := r.read()
		require.Equal(r.t, "badges.example.org/log", log.Head().Origin)
		for _, c := range earlier {
			require.NoError(r.t, log.Consistent(r.t.Context(), c))
		}
		key, err := translog.ParseKey(r.book.Key())
		require.NoError(r.t, err)
		for _, i := range []int{0, 1, 255, 256, 511, 556} {
			text, err := r.book.Proof(r.t.Context(), credential(i))
			require.NoError(r.t, err)
			proof, err := translog.ParseProof(text)
			require.NoError(r.t, err)
			e, _, err := proof.Verify(key)
			require.NoError(r.t, err)
			require.Equal(r.t, entry(i).Digest, e.Digest)
			require.EqualValues(r.t, i, proof.Index)
		}
	})
}

func TestAnEntryComesWithItsChangeOrNotAtAll(t *testing.T) {
	on(t, func(r *rig) {
		require.ErrorIs(r.t, r.book.Append(kittest.All(r.t), entry(0)), sqldb.ErrNoTx)
		err := r.db.Tx(kittest.All(r.t), func(ctx context.Context) error {
			require.NoError(r.t, r.book.Append(ctx, entry(0)))
			return errBroken
		})
		require.ErrorIs(r.t, err, errBroken)
		r.append(1)
		r.settle()
		require.Len(r.t, r.subjects(), 1)
	})
}

func TestNobodyChoosesTheTimeOfAnEntry(t *testing.T) {
	on(t, func(r *rig) {
		early := begin().AddDate(-1, 0, 0)
		require.NoError(r.t, r.db.Tx(kittest.All(r.t), func(ctx context.Context) error {
			e := entry(0)
			e.Time = early
			if err := r.book.Append(ctx, e); err != nil {
				return err
			}
			return r.book.Append(ctx, translog.Entry{Kind: translog.KeyCompromised, Issuer: issuer, Subject: issuer + "#k", Time: early})
		}))
		r.settle()
		rows, err := r.book.Newest(r.t.Context(), 0, 10)
		require.NoError(r.t, err)
		require.Len(r.t, rows, 2)
		require.Equal(r.t, early, rows[0].Time, "since when a key is in wrong hands is what the entry says")
		require.Equal(r.t, begin(), rows[1].Time)
	})
}

func TestAWrongEntryIsRefusedBeforeItIsEntered(t *testing.T) {
	on(t, func(r *rig) {
		for _, change := range []func(*translog.Entry){
			func(e *translog.Entry) { e.Kind = "forgotten" }, func(e *translog.Entry) { e.Issuer = "the state" },
			func(e *translog.Entry) { e.Digest = "" }, func(e *translog.Entry) { e.Subject = "two words" },
		} {
			e := entry(0)
			change(&e)
			err := r.db.Tx(kittest.All(r.t), func(ctx context.Context) error { return r.book.Append(ctx, e) })
			require.ErrorIs(r.t, err, translog.ErrEntry)
		}
	})
}

func TestFullTilesTakeThePlaceOfPartialOnes(t *testing.T) {
	on(t, func(r *rig) {
		for range 4 {
			r.append(70)
			r.settle()
		}
		keys, err := r.blobs.Keys(r.t.Context(), "")
		require.NoError(r.t, err)
		require.ElementsMatch(r.t, []string{
			"_log/checkpoint", "_log/tile/0/000", "_log/tile/0/001.p/24", "_log/tile/1/000.p/1",
			"_log/tile/entries/000", "_log/tile/entries/001.p/24",
		}, keys)
	})
}

func TestTheNewestEntriesComeFirst(t *testing.T) {
	on(t, func(r *rig) {
		r.append(5)
		r.settle()
		r.append(1) // waits
		rows, err := r.book.Newest(r.t.Context(), 0, 2)
		require.NoError(r.t, err)
		require.EqualValues(r.t, 4, rows[0].Position)
		rows, err = r.book.Newest(r.t.Context(), rows[1].Position, 10)
		require.NoError(r.t, err)
		require.Len(r.t, rows, 3)
		require.Equal(r.t, entry(2).Subject, rows[0].Subject)
	})
}

func TestALogKeepsItsNameWhenThePlatformMoves(t *testing.T) {
	on(t, func(r *rig) {
		r.settle()
		moved, err := logbook.Open(r.t.Context(), r.store, r.blobs, r.signer, "https://elsewhere.example.org", time.Now)
		require.NoError(r.t, err)
		require.Equal(r.t, r.book.Key(), moved.Key())
	})
}

func TestTheWriterRunsUntilItIsTold(t *testing.T) {
	on(t, func(r *rig) {
		stop := kittest.Go(r.t, func(ctx context.Context) error { return r.writer(r.book).Run(ctx) })
		r.append(3)
		kittest.Eventually(r.t, func() bool {
			rows, err := r.book.Newest(r.t.Context(), 0, 10)
			return err == nil && len(rows) == 3
		}, "entries are published")
		stop()
	})
}

func readAll(t *testing.T, b *blob.Store, key string) []byte {
	t.Helper()
	r, err := b.Read(t.Context(), key)
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	raw, err := io.ReadAll(r)
	require.NoError(t, err)
	return raw
}

func TestWhatWasIssuedBeforeThereWasALogIsEnteredWhenItBegins(t *testing.T) {
	kittest.Databases(t, "badges", migrations.FS, func(t *testing.T, db *sqldb.DB) {
		for i, kind := range []string{"BADGE", "BADGE", "EXTERNAL"} {
			document := fmt.Sprintf(`{"id":"http://former.example.org/v1/%s"}`, credential(i))
			_, err := db.Exec(kittest.All(t), `INSERT INTO credentials (district_id, name, award, document, digest, issued_at, kind, issuer)
				VALUES ('aspen', $1, $2, $3, $4, $5, $6, $7)`, credential(i), fmt.Sprintf("w%d", i), []byte(document), entry(i).Digest, i, kind, issuer)
			require.NoError(t, err)
		}
		_, err := db.Exec(kittest.All(t), `INSERT INTO awards (district_id, name, id, school, edition, standard, framework_version, application,
			decision, journey, credential, state, awarded_at, expires_at, lapses_at, revoke_reason, created_at, updated_at, version)
			VALUES ('aspen', 'w1', 'w1', 's', 'e', 's', 'f', 'a', 'd', 'j', $1, 'REVOKED', 1, 1, 1, '', 1, 1, 1)`, credential(1))
		require.NoError(t, err)
		r := newRig(t, db)
		r.open(r.store, r.blobs) // a second process that begins finds it begun
		r.append(1)
		r.settle()
		rows, err := r.book.Newest(t.Context(), 0, 10)
		require.NoError(t, err)
		var said []string
		for _, row := range rows {
			said = append(said, row.Kind+" "+row.Subject)
		}
		require.Equal(t, []string{
			"issued " + entry(0).Subject, "revoked http://former.example.org/v1/credentials/c1",
			"issued http://former.example.org/v1/credentials/c1", "issued http://former.example.org/v1/credentials/c0",
		}, said)

		text, err := r.book.Proof(t.Context(), credential(1))
		require.NoError(t, err, "found by its digest")
		proof, err := translog.ParseProof(text)
		require.NoError(t, err)
		require.EqualValues(t, 1, proof.Index)
		_, err = r.book.Proof(t.Context(), credential(2))
		require.True(t, problem.Is(err, problem.KindNotFound), "a badge from elsewhere is not in our log")
	})
}
