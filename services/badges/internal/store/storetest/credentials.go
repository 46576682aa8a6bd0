package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/scope"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// aBadge is a badge of a school, with every field set that badges have.
func aBadge(id, school string, i int) award.Credential {
	return award.Credential{
		Name: "credentials/" + id, Award: school + "/awards/" + id, Kind: award.KindBadge, School: school, Title: "Welcome",
		Issuer: "did:key:a", IssuerName: "issuers/state", Key: "did:key:a#a", FrameworkVersion: fv,
		Document: []byte("{\x00\xff" + id + "}"), Digest: "digest of " + id, Version: 1, IssueTime: at(i), ExpireTime: at(i + 100),
	}
}

func aPartnership(id, school string, i int, parts ...string) award.Credential {
	c := aBadge(id, school, i)
	c.Award, c.Kind, c.Title, c.Parts = "", award.KindPartnership, "Partnership School", parts
	return c
}

func anExternal(id, school, digest string, i int) award.Credential {
	return award.Credential{
		Name: "credentials/" + id, Kind: award.KindExternal, School: school, Title: "From elsewhere", Issuer: "did:web:else.example.org",
		Key: "did:web:else.example.org#k", Document: []byte("jwt"), Digest: digest, Version: 1, IssueTime: at(i),
	}
}

// signedAnew is a credential with a new proof.
func signedAnew(c award.Credential, i int) award.Credential {
	c.Document, c.Digest, c.Key, c.Issuer = []byte("new"), fmt.Sprint("new digest ", i), "did:key:b#b", "did:key:b"
	c.Version, c.IssueTime = c.Version+1, at(i)
	return c
}

func insert(t *testing.T, s *store.Store, list ...award.Credential) {
	t.Helper()
	for _, c := range list {
		require.NoError(t, s.InsertCredential(kittest.All(t), c), c.Name)
	}
}

func credentials(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	list := []award.Credential{
		aBadge("c1", school, 1), aPartnership("p1", school, 2, "credentials/c1"), aPartnership("p2", school, 3),
		anExternal("e1", school, "x", 4), anExternal("e2", school, "y", 5), anExternal("e3", "districts/d2/schools/s1", "x", 6),
	}
	insert(t, s, list...)
	for _, c := range list {
		read(t, c, must(s.Credential(t.Context(), c.Name)))
	}
	other := aBadge("other", school, 1)
	other.Award = list[0].Award
	require.True(t, problem.Is(s.InsertCredential(ctx, other), problem.KindAlreadyExists), "one credential per award")
	require.True(t, problem.Is(s.InsertCredential(ctx, aBadge("c1", "districts/d2/schools/s1", 1)), problem.KindAlreadyExists), "a name is taken everywhere")
	require.True(t, problem.Is(s.InsertCredential(ctx, anExternal("e4", school, "x", 4)), problem.KindAlreadyExists), "a document is kept once by a school")
	found, ok, err := s.ExternalCredential(ctx, school, "y")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, list[4], found)
	_, ok, err = s.ExternalCredential(ctx, school, "digest of c1")
	require.NoError(t, err)
	require.False(t, ok, "not from elsewhere")
	_, err = s.Credential(ctx, "credentials/none")
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func reissues(t *testing.T, s *store.Store, db *sqldb.DB) {
	ctx := kittest.All(t)
	c := aBadge("c1", school, 1)
	insert(t, s, c)
	anew := signedAnew(c, 2)
	require.NoError(t, s.ReissueCredential(ctx, anew, award.Reissue{Operation: "op/1", Reason: "KEY"}))
	read(t, anew, must(s.Credential(ctx, c.Name)))
	again := signedAnew(anew, 3)
	require.True(t, problem.Is(s.ReissueCredential(ctx, again, award.Reissue{Operation: "op/1", Reason: "KEY"}), problem.KindAlreadyExists), "once per operation")
	read(t, anew, must(s.Credential(ctx, c.Name)))
	require.Equal(t, problem.Stale(c.Name), s.ReissueCredential(ctx, anew, award.Reissue{Operation: "op/2"}), "the version is 2 already")
	require.NoError(t, s.ReissueCredential(ctx, again, award.Reissue{Operation: "op/2"}))
	for version, digest := range map[int]string{1: c.Digest, 2: anew.Digest, 3: again.Digest} {
		name, got, err := s.Document(t.Context(), digest)
		require.NoError(t, err)
		require.Equal(t, c.Name, name)
		require.Equal(t, version, got, "old digests stay known")
	}
	_, _, err := s.Document(ctx, "never")
	require.True(t, problem.Is(err, problem.KindNotFound))
	require.Equal(t, []string{c.Name}, must(s.ReissuedBy(ctx, "op/2", []string{c.Name, "credentials/x"})))
	require.Empty(t, must(s.ReissuedBy(ctx, "op/3", []string{c.Name})))
	require.Empty(t, must(s.ReissuedBy(ctx, "op/2", nil)))
	var documents int
	require.NoError(t, db.Conn(ctx).QueryRowContext(ctx, "SELECT count(*) FROM credential_versions").Scan(&documents))
	require.Equal(t, 3, documents)
}

func credentialLists(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	const west, far = "districts/d1/schools/s2", "districts/d2/schools/s1"
	insert(t, s, aBadge("a", school, 1), aBadge("b", school, 2), aPartnership("c", school, 2), anExternal("d", west, "x", 3), aBadge("e", far, 4))
	list := func(parent string, since time.Time, p award.CredentialSlice, nodes ...string) (out []string) {
		rows, err := s.Credentials(ctx, caller.Scope{Parent: parent, Readable: scope.Of(nodes...)}, since, p)
		require.NoError(t, err)
		for _, c := range rows {
			out = append(out, c.Name[len("credentials/"):])
		}
		return out
	}
	var all award.CredentialSlice
	require.Equal(t, []string{"e", "d", "c", "b", "a"}, list("districts/-/schools/-", time.Time{}, all, ""))
	require.Equal(t, []string{"c", "b", "a"}, list(school, time.Time{}, all, ""))
	require.Equal(t, []string{"d"}, list("districts/-/schools/-", time.Time{}, all, west))
	require.Equal(t, []string{"e", "d", "c", "b"}, list("districts/-/schools/-", at(2), all, ""))
	require.Equal(t, []string{"c", "b"}, list(school, time.Time{}, award.CredentialSlice{Limit: 2}, ""))
	require.Equal(t, []string{"b", "a"}, list(school, time.Time{}, award.CredentialSlice{Before: at(2), Name: "credentials/c", Limit: 2}, ""))
	require.Empty(t, list(school, time.Time{}, all))
}

func reissuable(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	const far = "districts/d2/schools/s1"
	other, foreign := aBadge("c", school, 3), aBadge("d", far, 4)
	other.Key, foreign.IssuerName = "did:key:b#b", "issuers/d2"
	insert(t, s, aBadge("b", school, 1), aBadge("a", far, 2), other, foreign, aPartnership("p", school, 5), anExternal("x", school, "x", 6))
	run := func(sel award.Selection, most int) (batches [][]string) {
		total, err := s.CountReissuable(ctx, sel)
		require.NoError(t, err)
		last, seen := "", int64(0)
		for {
			batch := must(s.Reissuable(ctx, sel, last, most))
			if len(batch) == 0 {
				require.Equal(t, total, seen)
				return batches
			}
			var ids []string
			for _, c := range batch {
				ids, last = append(ids, c.Name[len("credentials/"):]), c.Name
			}
			batches, seen = append(batches, ids), seen+int64(len(ids))
		}
	}
	require.Equal(t, [][]string{{"b", "c"}, {"a", "d"}, {"p"}}, run(award.Selection{}, 10), "badges first, district by district")
	require.Equal(t, [][]string{{"b"}, {"c"}, {"a"}, {"d"}, {"p"}}, run(award.Selection{}, 1))
	require.Equal(t, [][]string{{"d"}, {"p"}}, run(award.Selection{IssuerName: "issuers/d2"}, 10))
	require.Equal(t, [][]string{{"c"}, {"p"}}, run(award.Selection{Keys: []string{"did:key:b#b", "did:web:b#k"}}, 10))
}

func partnershipCredentials(t *testing.T, s *store.Store, _ *sqldb.DB) {
	ctx := kittest.All(t)
	_, ok, err := s.PartnershipCredential(ctx, school, fv)
	require.NoError(t, err)
	require.False(t, ok)
	first, second := aPartnership("p1", school, 1, "credentials/a"), aPartnership("p2", school, 2, "credentials/b")
	insert(t, s, aBadge("a", school, 3), first, aPartnership("far", "districts/d1/schools/s2", 9))
	current := func() award.Credential {
		c, ok, err := s.PartnershipCredential(ctx, school, fv)
		require.NoError(t, err)
		require.True(t, ok)
		return c
	}
	read(t, first, current())
	require.NoError(t, s.ReplaceCredential(ctx, first, second.Name))
	insert(t, s, second)
	read(t, second, current())
	first.ReplacedBy = second.Name
	read(t, first, must(s.Credential(ctx, first.Name)))
}
