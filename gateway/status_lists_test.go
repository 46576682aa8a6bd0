package gateway_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

const statusListPath = "/v1/statusLists/state-revocation-1"

// fakeLists has one status list.
type fakeLists struct {
	badgesv1.UnimplementedStatusListsServiceServer
	mu   sync.Mutex
	text string
}

func (f *fakeLists) put(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text = text
}

func (f *fakeLists) GetStatusList(_ context.Context, req *badgesv1.GetStatusListRequest) (*httpbody.HttpBody, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if req.GetName() != "statusLists/state-revocation-1" {
		return nil, kitproblem.NotFound(req.GetName())
	}
	return &httpbody.HttpBody{ContentType: "application/vc+ld+json", Data: []byte(f.text)}, nil
}

func (f *fakeLists) GetRevocationList(context.Context, *badgesv1.GetRevocationListRequest) (*httpbody.HttpBody, error) {
	return &httpbody.HttpBody{ContentType: "application/json", Data: []byte(`{"revokedCredential":[]}`)}, nil
}

func TestAStatusListIsFetchedOnceAndThenOnlyAskedFor(t *testing.T) {
	w := start(t)
	w.badges.lists.put(`{"list":1}`)
	first := w.do(http.MethodGet, statusListPath, "")
	require.Equal(t, http.StatusOK, first.status)
	require.JSONEq(t, `{"list":1}`, first.body)
	require.Equal(t, "application/vc+ld+json", first.header.Get("Content-Type"))
	require.Equal(t, "public, max-age=10", first.header.Get("Cache-Control"))
	require.Equal(t, "*", first.header.Get("Access-Control-Allow-Origin"), "for verifiers in browsers")
	tag := first.header.Get("ETag")
	require.Regexp(t, `^"[0-9a-f]{64}"$`, tag)

	for name, header := range map[string]string{
		"the tag": tag, "a weak tag": "W/" + tag, "one of several": `"x", ` + tag, "any": "*",
	} {
		t.Run(name, func(t *testing.T) {
			same := w.do(http.MethodGet, statusListPath, "", "If-None-Match: "+header)
			require.Equal(t, http.StatusNotModified, same.status)
			require.Empty(t, same.body)
			require.Equal(t, tag, same.header.Get("ETag"))
			require.Equal(t, "public, max-age=10", same.header.Get("Cache-Control"))
		})
	}
	require.Equal(t, http.StatusOK, w.do(http.MethodGet, statusListPath, "", `If-None-Match: "other"`).status)

	w.badges.lists.put(`{"list":2}`)
	changed := w.do(http.MethodGet, statusListPath, "", "If-None-Match: "+tag)
	require.Equal(t, http.StatusOK, changed.status)
	require.JSONEq(t, `{"list":2}`, changed.body)
	require.NotEqual(t, tag, changed.header.Get("ETag"))
}

func TestOnlyPublishedListsAreKeptByClients(t *testing.T) {
	w := start(t)
	none := w.do(http.MethodGet, "/v1/statusLists/none", "", "If-None-Match: *")
	require.Equal(t, http.StatusNotFound, none.status)
	require.Equal(t, "RESOURCE_NOT_FOUND", none.problem(t).Reason)
	require.Equal(t, "no-store", none.header.Get("Cache-Control"))
	require.Empty(t, none.header.Get("ETag"))

	byName := w.do(http.MethodGet, "/v1/issuers/state/revocationList", "")
	require.Equal(t, http.StatusOK, byName.status)
	require.NotEmpty(t, byName.header.Get("ETag"))
	require.Equal(t, "public, max-age=10", byName.header.Get("Cache-Control"))

	credential := w.do(http.MethodGet, "/v1/credentials/"+credentialID, "")
	require.Equal(t, "no-store", credential.header.Get("Cache-Control"))
}
