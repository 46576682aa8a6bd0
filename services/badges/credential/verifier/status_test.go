package verifier_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
	"github.com/tandem-badges/tandem/services/kit/egress"
)

// bomb is a list of many more zeros than any list may have, in a few kilobytes.
func bomb(t testing.TB) []byte {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	for range 16 {
		_, err := zip.Write(make([]byte, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, zip.Close())
	doc := decoded(t, listing(t, state(t), nil))
	delete(doc, "proof")
	object(doc, "credentialSubject")["encodedList"] = "u" + base64.RawURLEncoding.EncodeToString(packed.Bytes())
	return sign(t, doc, state(t), dataintegrity.CreateOptions{})
}

func TestAListSaysWhatItSaysOrIsRefused(t *testing.T) {
	stranger := key(t, 2)
	for name, c := range map[string]struct {
		at      string
		list    func(t *testing.T) []byte
		outcome verifier.Outcome
		code    string
	}{
		"revoked":            {revoking, func(t *testing.T) []byte { t.Helper(); return listing(t, state(t), nil, place) }, verifier.Failed, "status_revoked"},
		"the place beside":   {revoking, func(t *testing.T) []byte { t.Helper(); return listing(t, state(t), nil, place-1, place+1) }, verifier.Passed, ""},
		"suspended":          {suspends, func(t *testing.T) []byte { t.Helper(); return listing(t, state(t), suspending, place) }, verifier.Failed, "status_suspended"},
		"revoked by name":    {revoked, func(t *testing.T) []byte { t.Helper(); return revocations(t, state(t), badgeID) }, verifier.Failed, "status_revoked"},
		"another by name":    {revoked, func(t *testing.T) []byte { t.Helper(); return revocations(t, state(t), badgeID+"1") }, verifier.Passed, ""},
		"a stranger's list":  {revoking, func(t *testing.T) []byte { t.Helper(); return listing(t, stranger, nil) }, verifier.Failed, "status_list_foreign"},
		"a stranger's names": {revoked, func(t *testing.T) []byte { t.Helper(); return revocations(t, stranger) }, verifier.Failed, "status_list_foreign"},
		"signed by a stranger in the issuer's name": {revoking, func(t *testing.T) []byte {
			t.Helper()
			return listing(t, stranger, func(l *status.List) { l.Issuer = state(t).DID() })
		}, verifier.Failed, "status_list_proof"},
		"the list of another purpose": {revoking, func(t *testing.T) []byte {
			t.Helper()
			return listing(t, state(t), func(l *status.List) { l.Purposes = []string{status.Suspension} })
		}, verifier.Failed, "status_purpose_wrong"},
		"another list": {revoking, func(t *testing.T) []byte {
			t.Helper()
			return listing(t, state(t), func(l *status.List) { l.ID += "0" })
		}, verifier.Failed, "status_list_wrong"},
		"yesterday's list": {revoking, func(t *testing.T) []byte {
			t.Helper()
			return listing(t, state(t), func(l *status.List) { l.ValidUntil = now().Add(-time.Minute) })
		}, verifier.Failed, "status_list_expired"},
		"tomorrow's list": {revoking, func(t *testing.T) []byte {
			t.Helper()
			return listing(t, state(t), func(l *status.List) { l.ValidFrom, l.ValidUntil = now().AddDate(0, 0, 1), now().AddDate(0, 0, 2) })
		}, verifier.Failed, "status_list_not_yet_valid"},
		"a changed list": {revoking, func(t *testing.T) []byte {
			t.Helper()
			old, fresh := decoded(t, listing(t, state(t), nil, place)), decoded(t, listing(t, state(t), nil))
			object(old, "credentialSubject")["encodedList"] = object(fresh, "credentialSubject")["encodedList"]
			return rendered(t, old)
		}, verifier.Failed, "status_list_proof"},
		"a list that grows": {revoking, func(t *testing.T) []byte { t.Helper(); return bomb(t) }, verifier.Failed, "status_list_encoding"},
		"an unsigned list": {revoking, func(t *testing.T) []byte {
			t.Helper()
			doc := decoded(t, listing(t, state(t), nil))
			delete(doc, "proof")
			return rendered(t, doc)
		}, verifier.Failed, "status_list_proof"},
		"a web page":                      {revoking, func(*testing.T) []byte { return []byte("<html></html>") }, verifier.Failed, "status_list_malformed"},
		"names where bits should be":      {revoking, func(t *testing.T) []byte { t.Helper(); return revocations(t, state(t)) }, verifier.Failed, "status_list_malformed"},
		"a badge in the place of a list":  {revoking, func(t *testing.T) []byte { t.Helper(); return issued(t) }, verifier.Failed, "status_list_malformed"},
		"a list in the form of a token":   {revoking, tokenList(nil), verifier.Passed, ""},
		"a revoking one, as a token, too": {revoking, tokenList([]int{place}), verifier.Failed, "status_revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			shelf := lists(t)
			shelf[c.at] = c.list(t)
			opts := asked(t)
			opts.Lists = shelf
			r := verify(t, issued(t), opts)
			require.Equal(t, c.outcome, r.Step(verifier.StepStatus).Outcome, r.Step(verifier.StepStatus).Reason)
			require.Equal(t, c.code, r.Step(verifier.StepStatus).Code, r.Step(verifier.StepStatus).Reason)
			require.Equal(t, c.outcome == verifier.Passed, r.Valid)
		})
	}
}

func tokenList(set []int) func(t *testing.T) []byte {
	return func(t *testing.T) []byte {
		t.Helper()
		doc := decoded(t, listing(t, state(t), nil, set...))
		delete(doc, "proof")
		return token(t, doc, state(t))
	}
}

func TestAnEntryThatCannotBeReadIsRefused(t *testing.T) {
	entry := func(change func(e map[string]any)) []byte {
		doc := built(t, sample(state(t)))
		change(object(doc, "credentialStatus"))
		return sign(t, doc, state(t), dataintegrity.CreateOptions{})
	}
	for name, c := range map[string]struct {
		change func(e map[string]any)
		code   string
	}{
		"beyond the list":      {func(e map[string]any) { e["statusListIndex"] = "131072" }, "status_range"},
		"before the list":      {func(e map[string]any) { e["statusListIndex"] = "-1" }, "status_malformed"},
		"no number":            {func(e map[string]any) { e["statusListIndex"] = "4711x" }, "status_malformed"},
		"no list":              {func(e map[string]any) { delete(e, "statusListCredential") }, "status_malformed"},
		"an unknown purpose":   {func(e map[string]any) { e["statusPurpose"] = "other" }, "status_purpose_unsupported"},
		"more than one bit":    {func(e map[string]any) { e["statusSize"] = 2 }, "status_size_unsupported"},
		"another list's place": {func(e map[string]any) { e["statusListCredential"] = suspends }, "status_purpose_wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, entry(c.change), asked(t))
			require.False(t, r.Valid)
			require.Equal(t, c.code, r.Step(verifier.StepStatus).Code, "%+v", r.Steps)
		})
	}
}

// counting is a source that counts how often it is asked.
type counting struct {
	shelf
	asked int
}

func (c *counting) List(ctx context.Context, address string) ([]byte, error) {
	c.asked++
	return c.shelf.List(ctx, address)
}

func TestListsAreFetchedOnceAndNotWithoutEnd(t *testing.T) {
	opts := asked(t)
	source := &counting{shelf: lists(t)}
	opts.Lists = source
	raw := sign(t, record(t, nil), state(t), dataintegrity.CreateOptions{})
	require.True(t, verify(t, raw, opts).Valid)
	require.Equal(t, 3, source.asked, "six badges name the same three lists")
	many := sign(t, record(t, func(c *openbadge.CLR) {
		for n := range c.Badges {
			c.Badges[n] = decoded(t, issuedWith(t, func(b *openbadge.Badge) {
				b.ID, b.Achievement, b.Results = fmt.Sprintf("%s-%d", badgeID, n), achievement(n), nil
				for i := range b.Status[:2] {
					b.Status[i].List += fmt.Sprintf("-%d", n)
				}
				b.Status[2].ID += fmt.Sprintf("-%d", n)
			}))
		}
	}), state(t), dataintegrity.CreateOptions{})
	source.asked = 0
	r := verify(t, many, opts)
	require.Equal(t, verifier.MaxLists, source.asked)
	require.Equal(t, "status_lists_many", r.Parts[5].Step(verifier.StepStatus).Code)
}

// TestNoAddressOfABadgeLeadsIntoTheNetworkOfTheVerifier is about addresses that a stranger wrote.
func TestNoAddressOfABadgeLeadsIntoTheNetworkOfTheVerifier(t *testing.T) {
	reached := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer inside.Close()
	strict := egress.New(egress.Options{Timeout: 2 * time.Second})
	for _, host := range []string{
		inside.URL, "https://127.0.0.1:8443", "https://[::1]", "https://10.0.0.1", "https://169.254.169.254", "https://192.168.1.1", "https://localhost",
		"https://[fd00::1]", "https://0.0.0.0", "https://2130706433", "file:///etc/passwd",
	} {
		_, err := verifier.WebLists{Client: strict}.List(t.Context(), host+"/list")
		require.Error(t, err, host)
	}
	for _, id := range []string{"did:web:127.0.0.1%3A8443", "did:web:localhost", "did:web:10.0.0.1", "did:web:169.254.169.254"} {
		doc := built(t, sample(state(t)))
		object(doc, "issuer")["id"] = id
		raw := sign(t, doc, state(t), dataintegrity.CreateOptions{VerificationMethod: id + "#key-1"})
		r := verify(t, raw, verifier.Options{Now: now(), Resolver: did.Web{Client: strict}})
		require.Equal(t, "method_unknown", r.Step(verifier.StepProof).Code, id)
	}
	require.Zero(t, reached)
}

func TestARedirectIsNoAnswer(t *testing.T) {
	list := listing(t, state(t), nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/list", http.StatusFound)
		case "/big":
			_, _ = w.Write(make([]byte, 2<<20))
		case "/list":
			_, _ = w.Write(list)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	web := verifier.WebLists{Client: server.Client()}
	raw, err := web.List(t.Context(), server.URL+"/list")
	require.NoError(t, err)
	require.Equal(t, list, raw)
	for _, path := range []string{"/moved", "/big", "/none"} {
		_, err := web.List(t.Context(), server.URL+path)
		require.Error(t, err, path)
	}
}

func TestWhoTheIssuerIs(t *testing.T) {
	later := key(t, 3)
	rotated := func(r *registry.Registry) {
		r.Issuers[0].FormerIDs, r.Issuers[0].ID = []string{state(t).DID()}, later.DID()
		r.Issuers[0].Keys = append(r.Issuers[0].Keys, registry.Key{
			VerificationMethod: later.VerificationMethod(), PublicKeyMultibase: strings.TrimPrefix(later.DID(), "did:key:"), Created: now(),
		})
	}
	for name, c := range map[string]struct {
		change  func(r *registry.Registry)
		raw     []byte
		outcome verifier.Outcome
		code    string
		known   bool
	}{
		"known":             {nil, issued(t), verifier.Passed, "", true},
		"under a former id": {rotated, issued(t), verifier.Passed, "", true},
		"under another name": {
			nil, issuedWith(t, func(b *openbadge.Badge) { b.Issuer.Name = "Office of Schools" }), verifier.Warning, "issuer_name", true,
		},
		"in a list that is over": {func(r *registry.Registry) { r.Expires = now().Add(-time.Minute) }, issued(t), verifier.Warning, "registry_expired", true},
		"a stranger":             {nil, strangers(t, "Friends of Schools"), verifier.Warning, "issuer_unknown", false},
		"a stranger with the name of a known issuer": {nil, strangers(t, " example  STATE office"), verifier.Warning, "issuer_imitates", false},
		"with letters that nobody sees":              {nil, strangers(t, "Exa\u200bmple State\u00a0Of\u00adfice"), verifier.Warning, "issuer_imitates", false},
		"with letters of another script":             {nil, strangers(t, "Ехample Ѕtаte Оffiсе"), verifier.Warning, "issuer_imitates", false},
		"in wide letters":                            {nil, strangers(t, "Ｅxample State Ｏffice"), verifier.Warning, "issuer_imitates", false},
	} {
		t.Run(name, func(t *testing.T) {
			opts := asked(t)
			opts.Registry, opts.Lists = known(t, c.change), nil
			r := verify(t, c.raw, opts)
			require.True(t, r.Valid, "who it is and whether it holds are two questions")
			require.Equal(t, c.known, r.IssuerKnown)
			require.Equal(t, c.outcome, r.Step(verifier.StepIssuer).Outcome)
			require.Equal(t, c.code, r.Step(verifier.StepIssuer).Code)
			require.Equal(t, c.known, r.RegisteredName == stateName)
		})
	}
}

func strangers(t testing.TB, name string) []byte {
	t.Helper()
	b := sample(key(t, 2))
	b.Issuer.Name = name
	return sign(t, built(t, b), key(t, 2), dataintegrity.CreateOptions{})
}

// TestAFormerIdentifiersListIsSignedByTheOneOfNow: the state moved on to another key and signs the
// lists of its old badges with it.
func TestAFormerIdentifiersListIsSignedByTheOneOfNow(t *testing.T) {
	later := key(t, 3)
	opts := asked(t)
	opts.Lists = shelf{revoking: listing(t, later, nil), suspends: listing(t, later, suspending), revoked: revocations(t, later)}
	require.Equal(t, "status_list_foreign", verify(t, issued(t), opts).Step(verifier.StepStatus).Code)
	opts.Registry = known(t, func(r *registry.Registry) {
		r.Issuers[0].FormerIDs, r.Issuers[0].ID = []string{state(t).DID()}, later.DID()
	})
	r := verify(t, issued(t), opts)
	require.Equal(t, verifier.Passed, r.Step(verifier.StepStatus).Outcome, r.Step(verifier.StepStatus).Reason)
}

// TestACompromisedKeyCountsByTheTimeOfTheProof also shows that a did:key, which holds its key
// itself, is refused by what the registry knows of it.
func TestACompromisedKeyCountsByTheTimeOfTheProof(t *testing.T) {
	jwt := token(t, built(t, sample(state(t))), state(t))
	for name, c := range map[string]struct {
		since time.Time
		code  string
	}{
		"lost afterwards":          {signedAt().Add(time.Second), ""},
		"lost at that very moment": {signedAt(), "key_compromised"},
		"lost before":              {signedAt().Add(-time.Second), "key_compromised"},
	} {
		for form, raw := range map[string][]byte{"json": issued(t), "jwt": jwt} {
			t.Run(name+" "+form, func(t *testing.T) {
				opts := asked(t)
				opts.Lists = nil
				opts.Registry = known(t, func(r *registry.Registry) { r.Issuers[0].Keys[0].Compromised = c.since })
				r := verify(t, raw, opts)
				require.Equal(t, c.code, r.Step(verifier.StepProof).Code)
				require.Equal(t, c.code == "", r.Valid)
			})
		}
	}
	t.Run("a proof that does not say when it was made", func(t *testing.T) {
		doc := decoded(t, issued(t))
		delete(object(doc, "proof"), "created")
		opts := asked(t)
		opts.Registry = known(t, func(r *registry.Registry) { r.Issuers[0].Keys[0].Compromised = now() })
		require.Equal(t, "key_compromised", verify(t, rendered(t, doc), opts).Step(verifier.StepProof).Code)
	})
}
