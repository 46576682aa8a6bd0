package did_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

const id = "did:web:badges.example.org:issuers:state"

func now() time.Time { return time.Date(2026, time.May, 1, 9, 0, 0, 0, time.UTC) }

func key(t testing.TB, n byte) *keys.Local {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{n}, 32))
	require.NoError(t, err)
	return k
}

func TestADocumentIsReadAsItWasWritten(t *testing.T) {
	want := &did.Document{
		ID: id, AlsoKnownAs: []string{key(t, 9).DID()},
		Methods: []did.Method{
			{ID: id + "#k3", Controller: id, Key: key(t, 3).Public(), Purposes: []string{did.AssertionMethod, did.Authentication}},
			{ID: id + "#k2", Controller: id, Key: key(t, 2).Public(), Purposes: []string{did.AssertionMethod}},
			{ID: id + "#k1", Controller: id, Key: key(t, 1).Public(), Revoked: now()},
		},
		Services: []did.Service{{ID: id + "#profile", Type: "Profile", Endpoint: "https://badges.example.org/issuers/state"}},
	}
	raw, err := want.JSON()
	require.NoError(t, err)
	got, err := did.Parse(raw, id)
	require.NoError(t, err)
	require.Equal(t, want.Methods, got.Methods)

	current, err := got.Resolve(t.Context(), id+"#k3", now())
	require.NoError(t, err)
	require.Equal(t, dataintegrity.Method{Controller: id, Key: key(t, 3).Public(), Purposes: []string{did.AssertionMethod, did.Authentication}}, current)
	retired, err := got.Resolve(t.Context(), id+"#k2", now())
	require.NoError(t, err)
	require.True(t, retired.Allows(did.AssertionMethod))
	require.False(t, retired.Allows(did.Authentication), "nobody signs in with a retired key")
	revoked, err := got.Resolve(t.Context(), id+"#k1", now())
	require.NoError(t, err)
	require.Equal(t, now(), revoked.Compromised)
	_, err = got.Resolve(t.Context(), id+"#k4", now())
	require.ErrorIs(t, err, dataintegrity.ErrMethodUnknown)

	var doc map[string]any
	require.NoError(t, json.Unmarshal(raw, &doc))
	require.Equal(t, []any{id + "#k3", id + "#k2"}, doc["assertionMethod"], "a revoked key is listed for nothing")
	require.Equal(t, []any{id + "#k3"}, doc["authentication"])
}

func TestTheDocumentOfADidKeyHoldsItsKey(t *testing.T) {
	k := key(t, 1)
	raw, err := did.ForKey(k.Public()).JSON()
	require.NoError(t, err)
	doc, err := did.Parse(raw, k.DID())
	require.NoError(t, err)
	m, err := doc.Resolve(t.Context(), k.VerificationMethod(), now())
	require.NoError(t, err)
	require.Equal(t, k.DID(), m.Controller)
	require.Equal(t, k.Public(), m.Key)
}

// foreign is a document of somebody else with one key; change may spoil it.
func foreign(t *testing.T, change func(doc, method map[string]any)) []byte {
	t.Helper()
	method := map[string]any{"id": id + "#k", "type": "Multikey", "controller": id, "publicKeyMultibase": keys.EncodeMultikey(key(t, 1).Public())}
	doc := map[string]any{
		"@context": []any{"https://www.w3.org/ns/did/v1"}, "id": id, "verificationMethod": []any{method}, "assertionMethod": []any{id + "#k"},
	}
	change(doc, method)
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	return raw
}

func jwk(t *testing.T, n byte) map[string]any {
	t.Helper()
	return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(key(t, n).Public())}
}

func TestKeysOfOtherIssuersAreReadInAllTheirForms(t *testing.T) {
	for name, change := range map[string]func(doc, method map[string]any){
		"as a multikey": func(_, _ map[string]any) {},
		"by a relative name": func(doc, m map[string]any) {
			m["id"] = "#k"
			doc["assertionMethod"] = []any{"#k"}
		},
		"in full where it is used": func(doc, m map[string]any) {
			delete(doc, "verificationMethod")
			doc["assertionMethod"] = []any{m}
		},
		"as a web key": func(_, m map[string]any) {
			delete(m, "publicKeyMultibase")
			m["type"], m["publicKeyJwk"] = "JsonWebKey", jwk(t, 1)
		},
		"as an older web key": func(_, m map[string]any) {
			delete(m, "publicKeyMultibase")
			m["type"], m["publicKeyJwk"] = "JsonWebKey2020", jwk(t, 1)
		},
		"as an older multikey": func(_, m map[string]any) { m["type"] = "Ed25519VerificationKey2020" },
		"beside keys of another kind": func(doc, m map[string]any) {
			doc["verificationMethod"] = []any{
				map[string]any{"id": id + "#p256", "type": "JsonWebKey", "controller": id, "publicKeyJwk": map[string]any{"kty": "EC", "crv": "P-256"}}, m,
			}
		},
		"that expires later": func(_, m map[string]any) { m["expires"] = "2026-05-01T09:00:01Z" },
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := did.Parse(foreign(t, change), id)
			require.NoError(t, err)
			m, err := doc.Resolve(t.Context(), id+"#k", now())
			require.NoError(t, err)
			require.Equal(t, key(t, 1).Public(), m.Key)
			require.Equal(t, id, m.Controller)
			require.Equal(t, []string{did.AssertionMethod}, m.Purposes)
		})
	}
}

func TestAKeyThatCannotBeReliedOnIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(doc, method map[string]any)
		want   error
	}{
		"that expired":                 {func(_, m map[string]any) { m["expires"] = "2026-05-01T09:00:00Z" }, did.ErrExpired},
		"with an end that is none":     {func(_, m map[string]any) { m["expires"] = "soon" }, did.ErrKey},
		"with a revocation of no time": {func(_, m map[string]any) { m["revoked"] = 12 }, did.ErrKey},
		"of another controller":        {func(_, m map[string]any) { m["controller"] = "did:web:other.example.org" }, did.ErrKey},
		"without a controller":         {func(_, m map[string]any) { delete(m, "controller") }, did.ErrKey},
		"of another kind":              {func(_, m map[string]any) { m["type"] = "EcdsaSecp256k1VerificationKey2019" }, did.ErrKey},
		"that is no key":               {func(_, m map[string]any) { m["publicKeyMultibase"] = "z6Mk" }, did.ErrKey},
		"that is an X25519 key": {func(_, m map[string]any) {
			m["publicKeyMultibase"] = "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"
		}, did.ErrKey},
		"whose private half is there": {func(_, m map[string]any) { m["secretKeyMultibase"] = "z3u2" }, did.ErrKey},
		"whose private web key is there": {func(_, m map[string]any) {
			private := jwk(t, 1)
			private["d"] = "AA"
			m["type"], m["publicKeyJwk"] = "JsonWebKey", private
		}, did.ErrKey},
		"that is a short web key": {func(_, m map[string]any) {
			m["type"], m["publicKeyJwk"] = "JsonWebKey", map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}
		}, did.ErrKey},
		"that is a web key for encryption": {func(_, m map[string]any) {
			k := jwk(t, 1)
			k["use"] = "enc"
			m["type"], m["publicKeyJwk"] = "JsonWebKey", k
		}, did.ErrKey},
		"that is listed for nothing": {func(doc, _ map[string]any) { delete(doc, "assertionMethod") }, did.ErrPurpose},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := did.Parse(foreign(t, c.change), id)
			require.NoError(t, err)
			_, err = doc.Resolve(t.Context(), id+"#k", now())
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestADocumentThatIsNotTheIssuersIsRefused(t *testing.T) {
	for name, raw := range map[string][]byte{
		"of another issuer":       foreign(t, func(doc, _ map[string]any) { doc["id"] = id + ":other" }),
		"without an id":           foreign(t, func(doc, _ map[string]any) { delete(doc, "id") }),
		"with two keys of a name": foreign(t, func(doc, m map[string]any) { doc["verificationMethod"] = []any{m, m} }),
		"with a nameless key":     foreign(t, func(_, m map[string]any) { delete(m, "id") }),
		"with keys of no list":    foreign(t, func(doc, m map[string]any) { doc["verificationMethod"] = m }),
		"with uses of no list":    foreign(t, func(doc, _ map[string]any) { doc["assertionMethod"] = id + "#k" }),
		"with a key twice":        []byte(`{"id":"` + id + `","id":"` + id + `"}`),
		"that is no JSON":         []byte("<html>"),
		"that is empty":           nil,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := did.Parse(raw, id)
			require.ErrorIs(t, err, did.ErrDocument)
		})
	}
}

func TestADidWebLeadsToItsAddress(t *testing.T) {
	for in, want := range map[string]string{
		"did:web:example.org":                        "https://example.org/.well-known/did.json",
		"did:web:EXAMPLE.org":                        "https://example.org/.well-known/did.json",
		"did:web:badges.example.org:issuers:state":   "https://badges.example.org/issuers/state/did.json",
		"did:web:example.org%3A8443":                 "https://example.org:8443/.well-known/did.json",
		"did:web:example.org%3a8443:issuers:d-1_2.x": "https://example.org:8443/issuers/d-1_2.x/did.json",
		"did:web:example.org:caf%C3%A9":              "https://example.org/caf%C3%A9/did.json",
	} {
		got, err := did.Address(in, false)
		require.NoError(t, err, in)
		require.Equal(t, want, got)
	}
	for _, bad := range []string{
		"", "did:key:z6Mk", "did:web:", "did:web::a", "did:web:example.org:", "did:web:example.org::a", "did:web:example.org:..",
		"did:web:example.org:.", "did:web:example.org:%2e%2e", "did:web:example.org:a%2Fb", "did:web:example.org:a%5Cb", "did:web:example.org:a/b",
		"did:web:example.org:a?b", "did:web:example.org:%zz", "did:web:exa mple.org", "did:web:example.org%3A", "did:web:example.org%3A0",
		"did:web:example.org%3A99999", "did:web:example.org%3A80%3A81", "did:web:user@example.org", "did:web:-example.org", "did:web:127.0.0.1",
		"did:web:10.0.0.1", "did:web:localhost", "did:web:[::1]", "did:web:example.org:" + strings.Repeat("a", 1000), "did:web:" + strings.Repeat("a", 64) + ".org",
	} {
		_, err := did.Address(bad, false)
		require.ErrorIs(t, err, did.ErrNotWeb, bad)
	}
	got, err := did.Address("did:web:127.0.0.1%3A8080:issuers:state", true)
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:8080/issuers/state/did.json", got)
	_, err = did.Address("did:web:10.0.0.1", true)
	require.ErrorIs(t, err, did.ErrNotWeb, "loopback only")
}

func TestAnAddressHasADidWeb(t *testing.T) {
	for in, want := range map[string]string{
		"https://badges.example.org/issuers/state":      "did:web:badges.example.org:issuers:state",
		"https://badges.example.org:8443/issuers/state": "did:web:badges.example.org%3A8443:issuers:state",
	} {
		got, err := did.ForAddress(in)
		require.NoError(t, err)
		require.Equal(t, want, got)
		back, err := did.Address(got, false)
		require.NoError(t, err)
		require.Equal(t, in+"/did.json", back)
	}
	for _, bad := range []string{"http://badges.example.org/x", "https://127.0.0.1/x", "https://localhost/x", "https:///x", "://", "https://example.org/x?y"} {
		_, err := did.ForAddress(bad)
		require.ErrorIs(t, err, did.ErrNotWeb, bad)
	}
}

// web serves a document at every path of this machine and resolves one of its keys.
func web(t *testing.T, handler http.HandlerFunc) (did.Web, string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	host := strings.Replace(strings.TrimPrefix(server.URL, "http://"), ":", "%3A", 1)
	return did.Web{Client: server.Client(), Loopback: true, Now: now}, "did:web:" + host + ":issuers:state"
}

func documentOf(t *testing.T, id string) []byte {
	t.Helper()
	raw, err := (&did.Document{ID: id, Methods: []did.Method{{ID: id + "#k", Controller: id, Key: key(t, 1).Public(), Purposes: []string{did.AssertionMethod}}}}).JSON()
	require.NoError(t, err)
	return raw
}

func TestTheKeyOfADidWebIsFetched(t *testing.T) {
	var own string
	var accept, path string
	resolver, own := web(t, func(w http.ResponseWriter, r *http.Request) {
		accept, path = r.Header.Get("Accept"), r.URL.Path
		_, _ = w.Write(documentOf(t, own))
	})
	m, err := resolver.Resolve(t.Context(), own+"#k")
	require.NoError(t, err)
	require.Equal(t, key(t, 1).Public(), m.Key)
	require.Equal(t, "/issuers/state/did.json", path)
	require.Contains(t, accept, did.MediaTypeLD)
	_, err = resolver.Resolve(t.Context(), own)
	require.ErrorIs(t, err, dataintegrity.ErrMethodUnknown, "the whole document is no key")
}

func TestAServerThatMisbehavesIsRefused(t *testing.T) {
	var own string
	for name, answer := range map[string]http.HandlerFunc{
		"by a redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				_, _ = w.Write(documentOf(t, own))
				return
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		},
		"by an error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusGone)
			_, _ = w.Write(documentOf(t, own))
		},
		"by too much": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append(documentOf(t, own), bytes.Repeat([]byte(" "), 1<<20)...))
		},
		"by hanging up":          func(_ http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, //nolint:forbidigo // how a handler hangs up
		"by another's documents": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(documentOf(t, id)) },
	} {
		t.Run(name, func(t *testing.T) {
			resolver, host := web(t, answer)
			own = host
			_, err := resolver.Resolve(t.Context(), own+"#k")
			if name == "by another's documents" {
				require.ErrorIs(t, err, did.ErrDocument)
				return
			}
			require.ErrorIs(t, err, did.ErrUnreachable)
		})
	}
	resolver, host := web(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := resolver.Resolve(ctx, host+"#k")
	require.ErrorIs(t, err, context.Canceled)
	_, err = did.Web{}.Resolve(t.Context(), id+"#k")
	require.ErrorIs(t, err, did.ErrUnreachable, "without a network nothing is fetched")
	for _, bad := range []string{"did:example:1#k", "http://example.org/issuer#k", "https://user@example.org/#k", host[:7] + "#k"} {
		_, err = did.Web{Client: http.DefaultClient}.Resolve(t.Context(), bad)
		require.ErrorIs(t, err, did.ErrNotWeb, bad)
	}
}

func TestAControllerDocumentIsFoundAtItsAddress(t *testing.T) {
	var own string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, "%s", documentOf(t, own)) }))
	t.Cleanup(server.Close)
	own = server.URL + "/issuers/565049"
	m, err := did.Web{Client: server.Client(), Now: now}.Resolve(t.Context(), own+"#k")
	require.NoError(t, err)
	require.Equal(t, own, m.Controller)
}
