package status_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	lists "github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	site   = "https://badges.example.org"
	issuer = "issuers/state"
)

// office signs for every issuer with one key, which can be changed.
type office struct {
	mu     sync.Mutex
	signer keys.Signer
}

func (o *office) Signer(context.Context, string) (keys.Signer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.signer, nil
}

func (o *office) rotate(t testing.TB, seed byte) {
	t.Helper()
	signer, err := keys.FromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	require.NoError(t, err)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.signer = signer
}

type shelf struct {
	*status.Book
	rows   *store.Store
	clock  *clock.Fake
	office *office
	engine *dataintegrity.Engine
}

func begin(t testing.TB, db *sqldb.DB) *shelf {
	t.Helper()
	set, err := contexts.Standard()
	require.NoError(t, err)
	s := &shelf{rows: store.New(db), clock: clock.NewFake(kittest.Start()), office: &office{}, engine: dataintegrity.New(jsonld.New(set))}
	s.office.rotate(t, 'a')
	s.Book = s.replica()
	return s
}

// replica is the book of another process on the same database.
func (s *shelf) replica() *status.Book {
	return status.New(s.rows, s.office.Signer, s.engine, site, s.clock.Now)
}

func onSQLite(t testing.TB) *shelf { return begin(t, kittest.SQLite(t, "badges", migrations.FS)) }

func district(t testing.TB) context.Context { return tenant.With(t.Context(), "aspen") }

// issued gives a credential its places, and returns them as a verifier reads them.
func (s *shelf) issued(t testing.TB, credential string) []lists.Entry {
	t.Helper()
	places, err := s.Allocate(district(t), issuer, credential)
	require.NoError(t, err)
	out := make([]lists.Entry, len(places))
	for i, p := range places {
		out[i] = lists.Entry{ID: p.ID, Type: p.Type, Purpose: p.Purpose, List: p.List, Index: p.Index}
	}
	return out
}

// open reads a published list as a verifier does, with its proof.
func (s *shelf) open(t testing.TB, book *status.Book, address string) (*lists.List, status.Published) {
	t.Helper()
	p, err := book.List(district(t), strings.TrimPrefix(address, site+"/v1/"))
	require.NoError(t, err)
	doc, err := jsonld.Decode(p.Document)
	require.NoError(t, err)
	l, err := lists.Open(doc)
	require.NoError(t, err)
	_, err = s.engine.Verify(t.Context(), doc, dataintegrity.VerifyOptions{
		Now: s.clock.Now(), Resolver: dataintegrity.DIDKey{}, Controller: l.Issuer,
	})
	require.NoError(t, err)
	return l, p
}

// says is what the published list says about a place.
func (s *shelf) says(t testing.TB, book *status.Book, e lists.Entry) bool {
	t.Helper()
	l, _ := s.open(t, book, e.List)
	signer, err := s.office.Signer(t.Context(), issuer)
	require.NoError(t, err)
	on, err := l.Check(e, lists.Use{Issuer: signer.DID(), Now: s.clock.Now()})
	require.NoError(t, err)
	return on
}

func (s *shelf) set(t testing.TB, credential, purpose string, on bool) {
	t.Helper()
	require.NoError(t, s.Set(district(t), credential, purpose, on, ""))
}

func TestACredentialIsInAListForEachPurpose(t *testing.T) {
	s := onSQLite(t)
	e := s.issued(t, "credentials/c1")
	require.Len(t, e, 3)
	require.Equal(t, []string{"revocation", "suspension"}, []string{e[0].Purpose, e[1].Purpose})
	require.Equal(t, site+"/v1/statusLists/state-revocation-1", e[0].List)
	require.Equal(t, fmt.Sprintf("%s#%d", e[0].List, e[0].Index), e[0].ID)
	require.Equal(t, lists.TypeRevocation, e[2].Type)
	require.Equal(t, site+"/v1/issuers/state/revocationList", e[2].ID)
	require.Equal(t, e, s.issued(t, "credentials/c1"), "signed anew it keeps its places")
	require.False(t, s.says(t, s.Book, e[0]))

	s.set(t, "credentials/c1", "suspension", true)
	require.False(t, s.says(t, s.Book, e[0]))
	require.True(t, s.says(t, s.Book, e[1]))
	state, err := s.State(district(t), "credentials/c1")
	require.NoError(t, err)
	require.Equal(t, status.State{Suspended: true}, state)

	s.set(t, "credentials/c1", "suspension", false)
	require.NoError(t, s.Set(district(t), "credentials/c1", "revocation", true, "A badge it rests on is gone."))
	require.True(t, s.says(t, s.Book, e[0]))
	require.False(t, s.says(t, s.Book, e[1]))
	state, err = s.State(district(t), "credentials/c1")
	require.NoError(t, err)
	require.Equal(t, status.State{Revoked: true, Reason: "A badge it rests on is gone."}, state)
}

func TestIndicesDoNotFollowTheOrderOfIssue(t *testing.T) {
	s := onSQLite(t)
	seen, ascending := map[int]bool{}, 0
	last := -1
	for i := range 100 {
		e := s.issued(t, fmt.Sprintf("credentials/c%d", i))[0]
		require.False(t, seen[e.Index])
		if seen[e.Index] = true; e.Index > last {
			ascending++
		}
		last = e.Index
	}
	require.Less(t, ascending, 80, "what came later is not further on")
}

func TestAnAllocationThatIsTakenBackLeavesNothing(t *testing.T) {
	s := onSQLite(t)
	wrong := errors.New("the issue failed")
	require.ErrorIs(t, s.rows.Tx(district(t), func(ctx context.Context) error {
		_, err := s.Allocate(ctx, issuer, "credentials/c1")
		require.NoError(t, err)
		return wrong
	}), wrong)
	got, err := s.rows.StatusEntries(district(t), "credentials/c1")
	require.NoError(t, err)
	require.Empty(t, got)
	_, err = s.List(district(t), "statusLists/state-revocation-1")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func TestWhatHasNoPlaceIsNotLost(t *testing.T) {
	s := onSQLite(t)
	require.NoError(t, s.Set(district(t), "credentials/old", "revocation", true, ""), "its award tells")
	state, err := s.State(district(t), "credentials/old")
	require.NoError(t, err)
	require.Zero(t, state)
}

func TestAListThatIsHalfFullGetsASuccessor(t *testing.T) {
	s := onSQLite(t)
	first := s.issued(t, "credentials/first")[0]
	ctx := tenant.With(t.Context(), tenant.State)
	require.NoError(t, s.rows.Tx(ctx, func(ctx context.Context) error {
		for i := range lists.MinEntries / 2 {
			if _, err := s.rows.InsertStatusEntry(ctx, status.Entry{
				List: "statusLists/state-revocation-1", Index: i, Credential: fmt.Sprintf("credentials/x%d", i), Purpose: "revocation", Version: 1,
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	var last lists.Entry
	for i := 0; i < 5000 && strings.HasSuffix(last.List, "-1") || last.List == ""; i++ {
		last = s.issued(t, fmt.Sprintf("credentials/y%d", i))[0]
	}
	require.Equal(t, site+"/v1/statusLists/state-revocation-2", last.List)
	s.set(t, "credentials/first", "revocation", true)
	require.True(t, s.says(t, s.Book, first), "the old list goes on telling")
}

func TestAPublishedListStaysTheSameUntilSomethingChanges(t *testing.T) {
	s := onSQLite(t)
	e := s.issued(t, "credentials/c1")[0]
	other := s.replica()
	_, first := s.open(t, s.Book, e.List)
	require.Equal(t, s.clock.Now().Add(12*time.Hour), first.Expires)
	s.clock.Advance(5 * time.Hour)
	_, again := s.open(t, s.Book, e.List)
	_, there := s.open(t, other, e.List)
	require.Equal(t, first, again)
	require.Equal(t, first, there, "every replica serves the same bytes")

	s.set(t, "credentials/c1", "revocation", true)
	_, changed := s.open(t, s.Book, e.List)
	require.NotEqual(t, first.ETag, changed.ETag)
	_, there = s.open(t, other, e.List)
	require.Equal(t, first, there, "another replica looks again after a second")
	s.clock.Advance(time.Second)
	_, there = s.open(t, other, e.List)
	require.Equal(t, changed, there)
	require.True(t, s.says(t, other, e))
}

func TestAListIsSignedAnewBeforeItIsTooOldAndWithANewKey(t *testing.T) {
	s := onSQLite(t)
	e := s.issued(t, "credentials/c1")[0]
	_, first := s.open(t, s.Book, e.List)
	s.clock.Advance(6 * time.Hour)
	l, second := s.open(t, s.Book, e.List)
	require.NotEqual(t, first.ETag, second.ETag)
	require.Equal(t, s.clock.Now(), l.ValidFrom)
	s.office.rotate(t, 'b')
	s.clock.Advance(time.Second)
	l, _ = s.open(t, s.Book, e.List)
	signer, err := s.office.Signer(t.Context(), issuer)
	require.NoError(t, err)
	require.Equal(t, signer.DID(), l.Issuer, "what the old key signed may be worth nothing")
}

func TestPublishingDoesNotWaitUntilSomebodyAsks(t *testing.T) {
	s := onSQLite(t)
	e := s.issued(t, "credentials/c1")[0]
	n, err := s.Publish(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, n)
	s.set(t, "credentials/c1", "revocation", true)
	_, err = s.Publish(t.Context())
	require.NoError(t, err)
	kept, err := s.rows.SignedStatusList(district(t), "statusLists/state-revocation-1")
	require.NoError(t, err)
	doc, err := jsonld.Decode(kept.Document)
	require.NoError(t, err)
	l, err := lists.Open(doc)
	require.NoError(t, err)
	on, err := l.Bits.Get(e.Index)
	require.NoError(t, err)
	require.True(t, on)
}

func TestTheRevocationListNamesWhatIsRevokedAndWhoseItIs(t *testing.T) {
	s := onSQLite(t)
	for _, name := range []string{"credentials/a", "credentials/b", "credentials/c"} {
		s.issued(t, name)
	}
	s.set(t, "credentials/a", "suspension", true)
	require.NoError(t, s.Set(district(t), "credentials/b", "revocation", true, "A badge it rests on is gone."))
	p, err := s.RevocationList(district(t), issuer)
	require.NoError(t, err)
	l, err := lists.ParseRevocations(p.Document)
	require.NoError(t, err)
	signer, err := s.office.Signer(t.Context(), issuer)
	require.NoError(t, err)
	require.Equal(t, site+"/v1/issuers/state/revocationList", l.ID)
	require.Equal(t, signer.DID(), l.Issuer)
	require.Contains(t, l.Revoked, lists.Revoked{ID: site + "/v1/credentials/b", Reason: "A badge it rests on is gone."})
	require.NotContains(t, string(p.Document), "credentials/a", "a suspension is not a revocation")
}

// TestNoChangeIsLost has 32 writers change bits at once, two replicas publishing meanwhile, and holds that the list
// says at the end what was said last of each credential.
func TestNoChangeIsLost(t *testing.T) {
	const writers, changes, credentials = 32, 10_000, 512
	kittest.Databases(t, "badges", migrations.FS, func(t *testing.T, db *sqldb.DB) {
		s := begin(t, db)
		places := make([]lists.Entry, credentials)
		for i := range places {
			places[i] = s.issued(t, fmt.Sprintf("credentials/c%d", i))[0]
		}
		want := make([]bool, credentials)
		versions := make([]int64, credentials)
		group, ctx := errgroup.WithContext(district(t))
		for w := range writers {
			group.Go(func() error { // each writer has credentials of its own, next to those of the others
				for i := w; i < changes; i += writers {
					c := w + writers*rand.IntN(credentials/writers)
					want[c], versions[c] = !want[c], versions[c]+1
					err := s.rows.Tx(ctx, func(ctx context.Context) error {
						return s.Set(ctx, fmt.Sprintf("credentials/c%d", c), "revocation", want[c], "")
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		done := make(chan struct{})
		var readers errgroup.Group
		for _, book := range []*status.Book{s.Book, s.replica()} {
			readers.Go(func() error {
				for {
					select {
					case <-done:
						return nil
					default:
					}
					if _, err := book.Publish(t.Context()); err != nil {
						return err
					}
				}
			})
		}
		err := group.Wait()
		close(done)
		require.NoError(t, errors.Join(err, readers.Wait()))
		s.clock.Advance(time.Minute)
		total := int64(0)
		l, _ := s.open(t, s.replica(), places[0].List)
		for i, e := range places {
			on, err := l.Bits.Get(e.Index)
			require.NoError(t, err)
			require.Equal(t, want[i], on, i)
			row, err := s.rows.StatusEntries(district(t), fmt.Sprintf("credentials/c%d", i))
			require.NoError(t, err)
			require.Equal(t, versions[i]+1, row[0].Version)
			total += versions[i]
		}
		require.EqualValues(t, changes, total)
	})
}

// BenchmarkRebuildAndSign is what a change of one bit costs a list of 131,072 entries, 1,000 of them set: rows read,
// bits packed and compressed, credential signed.
func BenchmarkRebuildAndSign(b *testing.B) {
	s := onSQLite(b)
	bits, err := lists.NewBits(lists.MinEntries)
	require.NoError(b, err)
	for range 1000 {
		require.NoError(b, bits.Set(rand.IntN(lists.MinEntries)))
	}
	signer, err := s.office.Signer(b.Context(), issuer)
	require.NoError(b, err)
	for b.Loop() {
		doc, err := lists.Build(lists.List{
			ID: site + "/v1/statusLists/l", Issuer: signer.DID(), Purposes: []string{"revocation"},
			ValidFrom: s.clock.Now(), ValidUntil: s.clock.Now().Add(time.Hour), TTL: time.Minute, Bits: bits,
		})
		require.NoError(b, err)
		signed, err := s.engine.Sign(b.Context(), doc, signer, dataintegrity.CreateOptions{Created: s.clock.Now()})
		require.NoError(b, err)
		require.NoError(b, json.NewEncoder(io.Discard).Encode(signed))
	}
}

// BenchmarkPublish is the same with the rows of a database: what one replica does once after a change.
func BenchmarkPublish(b *testing.B) {
	s := onSQLite(b)
	ctx := tenant.With(b.Context(), tenant.State)
	s.issued(b, "credentials/c")
	require.NoError(b, s.rows.Tx(ctx, func(ctx context.Context) error {
		for i := range 1000 {
			e := status.Entry{
				List: "statusLists/state-revocation-1", Index: 131 * i, Credential: fmt.Sprintf("credentials/x%d", i),
				Purpose: "revocation", On: true, Version: 2,
			}
			if _, err := s.rows.InsertStatusEntry(ctx, e); err != nil {
				return err
			}
		}
		return nil
	}))
	on := false
	for b.Loop() {
		on = !on
		s.set(b, "credentials/c", "revocation", on)
		_, err := s.List(ctx, "statusLists/state-revocation-1")
		require.NoError(b, err)
	}
}
