package storetest

import (
	"bytes"
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/keeper"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

func anIssuer(id, district string) issuer.Issuer {
	return issuer.Issuer{
		Name: "issuers/" + id, District: district, Profile: issuer.Profile{Title: "T", URL: "https://example.org", Email: "a@example.org", ImageURL: "https://example.org/i.png"},
		Method: issuer.Web, DID: "did:web:example.org:issuers:" + id, CreateTime: at(1), UpdateTime: at(1), Version: 1,
	}
}

func aKey(t *testing.T, owner string, n byte) issuer.SigningKey {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{n}, 32))
	require.NoError(t, err)
	return issuer.SigningKey{
		Name: owner + "/keys/k" + strconv.Itoa(int(n)), Issuer: owner, Public: k.Public(), Sealed: []byte{0, 1, 0xff}, State: issuer.Current,
		CreateTime: at(int(n)), UpdateTime: at(int(n)), Version: 1,
	}
}

func issuers(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := tenant.With(t.Context(), tenant.State)
	i := anIssuer("b", "")
	require.NoError(t, s.InsertIssuer(ctx, i))
	read(t, i, must(s.Issuer(ctx, i.Name)))
	read(t, i, must(s.IssuerOf(ctx, "")))
	require.True(t, problem.Is(s.InsertIssuer(ctx, anIssuer("c", "")), problem.KindAlreadyExists), "one issuer of the state")
	d := anIssuer("a", "districts/d1")
	require.NoError(t, s.InsertIssuer(ctx, d))
	require.True(t, problem.Is(s.InsertIssuer(ctx, anIssuer("c", "districts/d1")), problem.KindAlreadyExists), "one issuer of a district")
	i.Title, i.Method, i.DID, i.FormerDIDs, i.UpdateTime, i.Version = "U", issuer.Key, "did:key:z6MkAb", []string{i.DID, "did:web:old.example.org%3A8443:x"}, at(2), 2
	require.NoError(t, s.UpdateIssuer(ctx, i))
	for _, did := range append([]string{i.DID}, i.FormerDIDs...) {
		read(t, i, must(s.IssuerByDID(ctx, did)))
	}
	for _, did := range []string{"", "did:key:z6MkAB", "did:web:old.example.org%3A8443", "did:web:old.example.org%", "%", `"`} {
		_, err := s.IssuerByDID(ctx, did)
		require.True(t, problem.Is(err, problem.KindNotFound), did)
	}
	read(t, []issuer.Issuer{d, i}, must(s.Issuers(ctx, issuer.Slice{})))
	read(t, []issuer.Issuer{i}, must(s.Issuers(ctx, issuer.Slice{After: d.Name, Limit: 5})))
	i.Version = 9
	require.True(t, problem.Is(s.UpdateIssuer(ctx, i), problem.KindAborted))
	read(t, d, must(s.IssuerOf(tenant.With(ctx, "d2"), "districts/d1"))) // who issues is public
}

func issuerKeys(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := tenant.With(t.Context(), tenant.State)
	const owner = "issuers/b"
	k := aKey(t, owner, 1)
	require.NoError(t, s.InsertKey(ctx, k))
	read(t, k, must(s.Key(ctx, k.Name)))
	read(t, k, must(s.KeyByPublic(ctx, k.Public)))
	read(t, k, must(s.CurrentKey(ctx, owner)))
	next := aKey(t, owner, 2)
	require.True(t, problem.Is(s.InsertKey(ctx, next), problem.KindAlreadyExists), "one key signs")
	k.State, k.Sealed, k.RetireTime, k.UpdateTime, k.Version = issuer.Retired, nil, at(5), at(5), 2
	require.NoError(t, s.UpdateKey(ctx, k))
	read(t, k, must(s.Key(ctx, k.Name)))
	require.NoError(t, s.InsertKey(ctx, next))
	read(t, next, must(s.CurrentKey(ctx, owner)))
	k.State, k.CompromiseTime, k.Reason, k.Version = issuer.Compromised, at(3), "lost", 3
	require.NoError(t, s.UpdateKey(ctx, k))
	other := aKey(t, "platform/log", 3)
	require.NoError(t, s.InsertKey(ctx, other))
	same := aKey(t, "issuers/c", 1)
	require.True(t, problem.Is(s.InsertKey(ctx, same), problem.KindAlreadyExists), "a key is one issuer's")
	read(t, []issuer.SigningKey{next, k}, must(s.Keys(ctx, owner, issuer.Slice{})))
	read(t, []issuer.SigningKey{k}, must(s.Keys(ctx, owner, issuer.Slice{After: next.Name, Limit: 3})))
	read(t, []issuer.SigningKey{next}, must(s.Keys(ctx, owner, issuer.Slice{Limit: 1})))
	require.Len(t, must(s.Keys(ctx, "", issuer.Slice{})), 3)
	_, err := s.CurrentKey(ctx, "issuers/none")
	require.True(t, problem.Is(err, problem.KindNotFound))
	k.Version = 9
	require.True(t, problem.Is(s.UpdateKey(ctx, k), problem.KindAborted))
}

// heldKey: while somebody signs in a transaction, whoever it is, the key is not replaced under
// their hands.
func heldKey(t *testing.T, s *store.Store, db *sqldb.DB) {
	state := tenant.With(t.Context(), tenant.State)
	const owner = "issuers/b"
	k := aKey(t, owner, 1)
	require.NoError(t, s.InsertKey(state, k))
	order, retired := make(chan string, 2), make(chan error, 1)
	require.NoError(t, s.Tx(tenant.With(t.Context(), "d1"), func(ctx context.Context) error {
		if _, err := s.CurrentKey(ctx, owner); err != nil {
			return err
		}
		go func() {
			gone := k
			gone.State, gone.Version = issuer.Retired, 2
			err := s.UpdateKey(state, gone)
			order <- "retired"
			retired <- err
		}()
		if db.Dialect() == sqldb.Postgres { // elsewhere nobody else writes at all
			_, err := db.Exec(state, "SELECT name FROM issuer_keys WHERE name = $1 FOR UPDATE NOWAIT", k.Name)
			require.ErrorContains(t, err, "could not obtain lock")
		}
		order <- "signed"
		return nil
	}))
	require.NoError(t, <-retired)
	require.Equal(t, []string{"signed", "retired"}, []string{<-order, <-order})
	_, err := s.CurrentKey(state, owner)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

// unwritten is a log that forgets.
type unwritten struct{}

// Append forgets an entry.
func (unwritten) Append(context.Context, translog.Entry) error { return nil }

// anyDistrict knows all districts.
type anyDistrict struct{}

// District knows it.
func (anyDistrict) District(context.Context, string) error { return nil }

func anOffice(ctx context.Context, s *store.Store, folder string) (*issuer.Office, error) {
	vault, err := keeper.Open(ctx, folder, nil)
	if err != nil {
		return nil, err
	}
	now := clock.NewAdjustable().Now
	return issuer.NewOffice(issuer.Options{
		Store: s, Keyring: issuer.NewKeyring(s, vault, now, ids.New), Log: unwritten{}, Districts: anyDistrict{},
		PublicURL: "https://badges.example.org", Now: now, NewID: ids.New,
	}), nil
}

// starts: replicas that start together end with one issuer, one key and one registry.
func starts(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := tenant.With(t.Context(), tenant.State)
	const replicas = 8
	folder, results := t.TempDir(), make(chan string, replicas)
	for range replicas {
		go func() {
			office, err := anOffice(ctx, s, folder)
			if err == nil {
				err = office.Start(ctx, issuer.Legacy{})
			}
			if err != nil {
				results <- err.Error()
				return
			}
			raw, err := office.Registry(ctx)
			results <- string(raw) + errorText(err)
		}()
	}
	first := <-results
	require.Contains(t, first, "IssuerRegistry")
	for range replicas - 1 {
		require.Equal(t, first, <-results)
	}
	require.Len(t, must(s.Issuers(ctx, issuer.Slice{})), 1)
	require.Len(t, must(s.Keys(ctx, "", issuer.Slice{})), 2, "one of the state, one of the registry")
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// changes: what is changed at the same time is changed one after the other, or refused.
func changes(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := tenant.With(t.Context(), tenant.State)
	office, err := anOffice(ctx, s, t.TempDir())
	require.NoError(t, err)
	require.NoError(t, office.Start(ctx, issuer.Legacy{}))
	const writers = 8
	results := make(chan error, writers)
	for range writers {
		go func() {
			_, err := office.Rotate(ctx, issuer.State)
			results <- err
		}()
	}
	rotated := 0
	for range writers {
		if err := <-results; err == nil {
			rotated++
		} else {
			require.True(t, problem.Is(err, problem.KindAborted), "%v", err)
		}
	}
	require.NotZero(t, rotated)
	all := must(office.Keys(ctx, issuer.State, issuer.Slice{}))
	require.Len(t, all, rotated+1)
	for i, k := range all {
		require.Equal(t, i == 0, k.State == issuer.Current, "the newest signs, and only that")
		require.Equal(t, i == 0, len(k.Sealed) > 0, "of the others nobody has the private half")
	}
	_, signer, err := office.Signer(ctx, issuer.State)
	require.NoError(t, err)
	require.Equal(t, all[0].Method, signer.VerificationMethod())
}
