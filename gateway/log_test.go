package gateway_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"

	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

// fakeLog is a log of two entries with a page for each.
type fakeLog struct {
	badgesv1.UnimplementedTransparencyServiceServer
	empty atomic.Bool
}

func file(kind, content string) *httpbody.HttpBody {
	return &httpbody.HttpBody{ContentType: kind, Data: []byte(content)}
}

func (f *fakeLog) GetCheckpoint(context.Context, *badgesv1.GetCheckpointRequest) (*httpbody.HttpBody, error) {
	if f.empty.Load() {
		return nil, kitproblem.NotFound("log/checkpoint")
	}
	return file("text/plain; charset=utf-8", "badges.example.org/log\n2\nroot\n\n— signature\n"), nil
}

func (*fakeLog) GetLogKey(context.Context, *badgesv1.GetLogKeyRequest) (*httpbody.HttpBody, error) {
	return file("text/plain; charset=utf-8", "badges.example.org/log+00+KEY\n"), nil
}

func (*fakeLog) GetTile(_ context.Context, req *badgesv1.GetTileRequest) (*httpbody.HttpBody, error) {
	if req.GetPath() != "tile/entries/x001/067.p/5" {
		return nil, kitproblem.NotFound("log/" + req.GetPath())
	}
	return file("application/octet-stream", "\x00\x01a"), nil
}

func (*fakeLog) GetCredentialProof(_ context.Context, req *badgesv1.GetCredentialProofRequest) (*httpbody.HttpBody, error) {
	return file("text/plain; charset=utf-8", "proof of "+req.GetName()), nil
}

func (f *fakeLog) ListLogEntries(_ context.Context, req *badgesv1.ListLogEntriesRequest) (*badgesv1.ListLogEntriesResponse, error) {
	entry := func(index int64, kind, subject string) *badgesv1.ListLogEntriesResponse {
		return &badgesv1.ListLogEntriesResponse{LogEntries: []*badgesv1.LogEntry{{
			Index: index, EntryTime: timestamppb.New(time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)), Kind: kind,
			Issuer: "did:web:badges.example.org:issuers:state", Subject: subject,
		}}}
	}
	switch {
	case f.empty.Load():
		return &badgesv1.ListLogEntriesResponse{}, nil
	case req.GetPageToken() == "":
		first := entry(1, "issued", "https://badges.example.org/v1/credentials/c1")
		first.NextPageToken = "older&more"
		return first, nil
	case req.GetPageToken() == "older&more":
		return entry(0, "key_added", "did:web:badges.example.org:issuers:state#<k1>"), nil
	default:
		return nil, kitproblem.Invalid(kitproblem.Violation{Field: "page_token", Rule: "page_token", Fix: "Begin again."})
	}
}

func TestTheLogsFilesAreWhereProgramsExpectThem(t *testing.T) {
	w := start(t)
	for path, want := range map[string][3]string{
		"/log/checkpoint":                             {"badges.example.org/log\n2\nroot\n\n— signature\n", "text/plain; charset=utf-8", "no-cache"},
		"/log/key":                                    {"badges.example.org/log+00+KEY\n", "text/plain; charset=utf-8", "public, max-age=86400"},
		"/log/tile/entries/x001/067.p/5":              {"\x00\x01a", "application/octet-stream", "public, max-age=31536000, immutable"},
		"/v1/log:checkpoint":                          {"badges.example.org/log\n2\nroot\n\n— signature\n", "text/plain; charset=utf-8", ""},
		"/v1/credentials/c1:proof":                    {"proof of credentials/c1", "text/plain; charset=utf-8", ""},
		"/v1/log:tile?path=tile/entries/x001/067.p/5": {"\x00\x01a", "application/octet-stream", ""},
	} {
		a := w.do(http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, a.status, path)
		require.Equal(t, want[0], a.body, path)
		require.Equal(t, want[1], a.header.Get("Content-Type"), path)
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"), path)
		if want[2] != "" {
			require.Equal(t, want[2], a.header.Get("Cache-Control"), path)
			require.Equal(t, "*", a.header.Get("Access-Control-Allow-Origin"), path)
		}
	}
	w.badges.log.empty.Store(true)
	for _, path := range []string{"/log/checkpoint", "/log/tile/0/000", "/log/tile/", "/log/tile/0/../../x", "/log/tile/" + strings.Repeat("0", 200)} {
		a := w.do(http.MethodGet, path, "")
		require.GreaterOrEqual(t, a.status, 300, path)
		require.Less(t, a.status, 500, path)
		require.NotContains(t, a.header.Get("Cache-Control"), "immutable", path)
	}
}

func TestTheLogSaysInWordsWhatHappened(t *testing.T) {
	w := start(t)
	a := w.do(http.MethodGet, "/log", "")
	require.Equal(t, http.StatusOK, a.status)
	page := a.page(t)
	require.Contains(t, page.text("h1"), "Public log")
	require.Contains(t, page.text("td"), "A badge was issued")
	require.Contains(t, page.text("time"), "2 March 2026, 09:30 UTC")
	require.Contains(t, a.body, `href="/badges/c1"`)
	require.Contains(t, page.text("pre"), "— signature")
	require.Contains(t, page.text("pre"), "badges.example.org/log+00+KEY")
	for _, head := range page.all("th") {
		require.NotEmpty(t, attr(head, "scope"))
	}
	require.Contains(t, a.body, `href="/log?page=`+url.QueryEscape("older&more")+`"`)

	a = w.do(http.MethodGet, "/log?page="+url.QueryEscape("older&more"), "")
	page = a.page(t)
	require.Contains(t, page.text("h2"), "Older entries")
	require.Contains(t, page.text("td"), "An issuer has a new key")
	require.Contains(t, a.body, "#&lt;k1&gt;")
	require.NotContains(t, a.body, "page=")

	require.Equal(t, "/log", w.do(http.MethodGet, "/log?page=forged", "").header.Get("Location"))
	w.badges.log.empty.Store(true)
	a = w.do(http.MethodGet, "/log", "")
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.page(t).text("p"), "There is no entry yet")
}
