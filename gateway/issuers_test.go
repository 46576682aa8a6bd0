package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	issuerPath  = "/issuers/state"
	issuerDID   = "did:web:badges.example.org:issuers:state"
	didDocument = `{"id":"did:web:badges.example.org:issuers:state"}`
)

// fakeIssuers has the keys of one issuer.
type fakeIssuers struct {
	badgesv1.UnimplementedIssuersServiceServer
}

func ofState(name string) error {
	if name != "issuers/state" {
		return kitproblem.NotFound(name)
	}
	return nil
}

func (fakeIssuers) GetDidDocument(_ context.Context, req *badgesv1.GetDidDocumentRequest) (*httpbody.HttpBody, error) {
	return &httpbody.HttpBody{ContentType: "application/did+ld+json", Data: []byte(didDocument)}, ofState(req.GetName())
}

func (fakeIssuers) GetIssuerRegistry(context.Context, *badgesv1.GetIssuerRegistryRequest) (*httpbody.HttpBody, error) {
	return &httpbody.HttpBody{ContentType: "application/json", Data: []byte(`{"type":"IssuerRegistry"}`)}, nil
}

func (fakeIssuers) ListIssuerKeys(_ context.Context, req *badgesv1.ListIssuerKeysRequest) (*badgesv1.ListIssuerKeysResponse, error) {
	key := func(id string, state badgesv1.IssuerKey_State, month time.Month) *badgesv1.IssuerKey {
		day := timestamppb.New(time.Date(2026, month, 2, 9, 0, 0, 0, time.UTC))
		return &badgesv1.IssuerKey{
			VerificationMethod: issuerDID + "#" + id, State: state, CreateTime: day, RetireTime: day, CompromiseTime: day, CompromiseReason: "A <laptop> was stolen.",
		}
	}
	return &badgesv1.ListIssuerKeysResponse{IssuerKeys: []*badgesv1.IssuerKey{
		key("k3", badgesv1.IssuerKey_STATE_CURRENT, time.March), key("k2", badgesv1.IssuerKey_STATE_RETIRED, time.February),
		key("k1", badgesv1.IssuerKey_STATE_COMPROMISED, time.January),
	}}, ofState(req.GetParent())
}

// GetIssuer answers with the state's.
func (f *fakeBadges) GetIssuer(_ context.Context, req *badgesv1.GetIssuerRequest) (*badgesv1.Issuer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return nil, kitproblem.Unavailable("database")
	}
	return &badgesv1.Issuer{
		Name: "issuers/state", Title: "Office of <Family> Partnership", Did: issuerDID, FormerDids: []string{"did:key:z6MkExample"},
		Url: "https://office.example.org", Email: "badges@example.org", ImageUrl: "https://office.example.org/seal.png",
	}, ofState(req.GetName())
}

func TestTheKeysOfAnIssuerAreWhereDidWebLooksForThem(t *testing.T) {
	w := start(t)
	for accept, media := range map[string]string{
		"": "application/did+ld+json", "*/*": "application/did+ld+json", "application/did+json": "application/did+json",
		"application/json": "application/json", "text/html": "application/did+ld+json",
		"application/did+ld+json, application/did+json;q=0.9": "application/did+ld+json",
	} {
		got := w.do(http.MethodGet, issuerPath+"/did.json", "", "Accept: "+accept)
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, didDocument, got.body)
		require.Equal(t, media, got.header.Get("Content-Type"), accept)
		require.Equal(t, "public, max-age=300", got.header.Get("Cache-Control"))
		require.Equal(t, "*", got.header.Get("Access-Control-Allow-Origin"), "for verifiers in browsers")
		require.Contains(t, got.header.Values("Vary"), "Accept")
		same := w.do(http.MethodGet, issuerPath+"/did.json", "", "Accept: "+accept, "If-None-Match: "+got.header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, same.status)
		require.Empty(t, same.body)
	}
	gone := w.do(http.MethodGet, "/issuers/none/did.json", "")
	require.Equal(t, http.StatusNotFound, gone.status)
	require.Equal(t, "application/problem+json", gone.header.Get("Content-Type"))
}

func TestAnIssuerHasAPageForPeopleAndAProfileForPrograms(t *testing.T) {
	w := start(t)
	page := w.do(http.MethodGet, issuerPath, "", "Accept: text/html")
	require.Equal(t, http.StatusOK, page.status)
	for _, text := range []string{
		"Office of &lt;Family&gt; Partnership", issuerDID, "did:key:z6MkExample", "mailto:badges@example.org",
		"New badges are signed with this key.", "Until 2 February 2026. What it signed stays valid.",
		"What was signed with it since 2 January 2026 is refused: A &lt;laptop&gt; was stolen.", "/issuers/state/did.json",
	} {
		require.Contains(t, page.body, text)
	}
	got := w.do(http.MethodGet, issuerPath, "", "Accept: application/json")
	require.Equal(t, http.StatusOK, got.status)
	var profile map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.body), &profile))
	require.Equal(t, map[string]any{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       issuerDID, "type": []any{"Profile"}, "name": "Office of <Family> Partnership", "url": "https://office.example.org",
		"email": "badges@example.org", "image": map[string]any{"id": "https://office.example.org/seal.png", "type": "Image"},
	}, profile)
	require.NotEmpty(t, got.header.Get("ETag"))

	require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, "/issuers/none", "", "Accept: text/html").status)
	require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, "/issuers/none", "", "Accept: application/json").status)
	w.badges.set(0, false, true)
	require.Equal(t, http.StatusServiceUnavailable, w.do(http.MethodGet, issuerPath, "", "Accept: text/html").status)
}

func TestTheRegistryIsFetchedOnceAndThenOnlyAskedFor(t *testing.T) {
	w := start(t)
	for path, text := range map[string]string{"/v1/issuers:registry": `{"type":"IssuerRegistry"}`, "/v1/issuers/state:didDocument": didDocument} {
		got := w.do(http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, text, got.body, "byte for byte")
		require.Equal(t, "public, max-age=300", got.header.Get("Cache-Control"))
		require.Equal(t, http.StatusNotModified, w.do(http.MethodGet, path, "", "If-None-Match: "+got.header.Get("ETag")).status)
	}
}
