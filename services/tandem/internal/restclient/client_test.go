package restclient

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
)

// serve starts a server that answers with handle and returns its address.
func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func TestACallCarriesWhatItWasGiven(t *testing.T) {
	message, err := structpb.NewStruct(map[string]any{"displayName": "Ana"})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		method                string
		in                    any
		wantType, wantContent string
	}{
		"a message goes as JSON":       {http.MethodPost, message, "application/json", `{"displayName":"Ana"}`},
		"a value goes as JSON":         {http.MethodPatch, map[string]int{"n": 1}, "application/json", `{"n":1}`},
		"bytes go as they are":         {http.MethodPut, []byte("%PDF"), "application/octet-stream", "%PDF"},
		"nothing has no content type":  {http.MethodPost, nil, "", ""},
		"reading sends nothing either": {http.MethodGet, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got *http.Request
			var content string
			address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got, content = r, string(body)
			})
			var calls []Call
			client := New(address+"/", OnCall(func(c Call) { calls = append(calls, c) })).As("token-1")
			require.NoError(t, client.Do(t.Context(), c.method, "/v1/things", url.Values{"pageSize": {"5"}}, c.in, nil))

			require.Equal(t, c.method, got.Method)
			require.Equal(t, "/v1/things?pageSize=5", got.URL.String())
			require.Equal(t, "Bearer token-1", got.Header.Get("Authorization"))
			require.Equal(t, c.wantType, got.Header.Get("Content-Type"))
			require.Equal(t, c.wantContent, strings.ReplaceAll(content, " ", ""))
			require.Equal(t, []Call{{Method: c.method, Path: "/v1/things", Status: 200, Token: "token-1"}}, calls)
		})
	}
}

func TestAnAnswerIsReadIntoWhatIsWanted(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"title": "Hill School"}`)
	})
	client := New(address)
	var message structpb.Struct
	require.NoError(t, client.Get(t.Context(), "/", nil, &message))
	require.Equal(t, "Hill School", message.GetFields()["title"].GetStringValue())
	var value struct{ Title string }
	require.NoError(t, client.Post(t.Context(), "/", nil, nil, &value))
	require.Equal(t, "Hill School", value.Title)
	var raw []byte
	require.NoError(t, client.Patch(t.Context(), "/", nil, nil, &raw))
	require.JSONEq(t, `{"title": "Hill School"}`, string(raw))
	var wrong []int
	require.ErrorContains(t, client.Get(t.Context(), "/there", nil, &wrong), "GET /there: 200, but the answer cannot be read")
}

func TestTheTokenOfOneClientIsNotThatOfAnother(t *testing.T) {
	var got string
	first := New(serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") })).As("one")
	second := first.As("two")
	require.NoError(t, second.Get(t.Context(), "/", nil, nil))
	require.Equal(t, "Bearer two", got)
	require.NoError(t, first.Get(t.Context(), "/", nil, nil))
	require.Equal(t, "Bearer one", got)
}

func TestARefusalTellsTheCallAndEveryBrokenRule(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"status": 400, "reason": "FIELD_INVALID", "detail": "Two things.", "request_id": "r-1",
			"violations": [{"field": "a", "rule": "required", "fix": "Give a."}, {"field": "b", "rule": "range", "fix": "Less."}]}`)
	})
	err := New(address).Post(t.Context(), "/v1/things", nil, nil, nil)
	var problem *Problem
	require.ErrorAs(t, err, &problem)
	require.Len(t, problem.Violations, 2)
	require.Equal(t, "POST /v1/things: 400 FIELD_INVALID: Two things.\n  a: required: Give a.\n  b: range: Less.\n  request id r-1", err.Error())
	require.True(t, IsReason(err, "FIELD_INVALID"))
	require.ErrorIs(t, Existed(err), err)
}

func TestARefusalThatIsNoProblemDocumentIsKept(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, strings.Repeat("x", 1000))
	})
	err := New(address).Get(t.Context(), "/", nil, nil)
	require.ErrorContains(t, err, "502 Bad Gateway: xxx")
	require.Less(t, len(err.Error()), 300)
}

func TestThatSomethingExistsIsFine(t *testing.T) {
	require.NoError(t, Existed(nil))
	require.NoError(t, Existed(&Problem{Reason: "RESOURCE_EXISTS"}))
	require.Error(t, Existed(&Problem{Reason: "STATE_WRONG"}))
	require.ErrorIs(t, Existed(io.EOF), io.EOF)
}

func TestWithResumeACallIsRepeatedUntilTheInstanceIsBack(t *testing.T) {
	var calls atomic.Int32
	var bodies []string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if calls.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	require.NoError(t, New(address, Resume()).Post(t.Context(), "/", nil, []byte("same"), nil))
	require.Equal(t, []string{"same", "same", "same"}, bodies)

	calls.Store(0)
	require.ErrorContains(t, New(address).Get(t.Context(), "/", nil, nil), "503", "without it, it is not")
}

func TestWithResumeItWaitsForAnInstanceThatIsDown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	require.Error(t, New("http://"+address).Get(t.Context(), "/", nil, nil))

	ctx, cancel := context.WithTimeout(t.Context(), 3*resumePause)
	defer cancel()
	require.ErrorIs(t, New("http://"+address, Resume()).Get(ctx, "/", nil, nil), context.DeadlineExceeded)
}

func TestWaitLooksUntilItIsSo(t *testing.T) {
	looks := 0
	require.NoError(t, Wait(t.Context(), time.Minute, "three looks", func(context.Context) (bool, error) {
		looks++
		return looks == 3, nil
	}))
	require.Equal(t, 3, looks)
}

func TestWaitTellsForWhatItWaitedInVain(t *testing.T) {
	never := func(context.Context) (bool, error) { return false, nil }
	require.EqualError(t, Wait(t.Context(), time.Millisecond, "the badge", never), "waited 1ms in vain for the badge")
	require.ErrorIs(t, Wait(t.Context(), time.Minute, "the badge", func(context.Context) (bool, error) { return false, io.EOF }), io.EOF)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Wait(ctx, time.Minute, "the badge", never), context.Canceled)
}
