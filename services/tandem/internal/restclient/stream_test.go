package restclient

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStreamGivesEveryEvent(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/events:stream" || r.URL.RawQuery != "types=A" || r.Header.Get("Authorization") != "Bearer me" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		_, _ = io.WriteString(w, ": hello\n\nid: 1\nevent: A\ndata: {\"type\": \"A\",\ndata: \"subject\": \"s\"}\n\n: still here\n\nid:2\ndata:{\"type\":\"B\"}\n\n")
	})
	var got []StreamEvent
	require.NoError(t, New(address).As("me").Stream(t.Context(), url.Values{"types": {"A"}}, func(e StreamEvent) { got = append(got, e) }))
	require.Equal(t, []StreamEvent{{Type: "A", Subject: "s"}, {Type: "B"}}, got)
}

func TestAResumedStreamGoesOnAfterTheLastWholeEvent(t *testing.T) {
	var connections atomic.Int32
	asked := make(chan string, 3)
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Last-Event-ID")
		switch connections.Add(1) {
		case 1: // the second event is cut off after its id
			_, _ = io.WriteString(w, "id: one\ndata: {\"type\": \"A\"}\n\nid: two\n")
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = io.WriteString(w, "id: two\ndata: {\"type\": \"B\"}\n\n")
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	require.NoError(t, New(address, Resume()).Stream(ctx, nil, func(e StreamEvent) {
		got = append(got, e.Type)
		if e.Type == "B" {
			cancel()
		}
	}))
	require.Equal(t, []string{"A", "B"}, got)
	require.Equal(t, []string{"", "one", "one"}, []string{<-asked, <-asked, <-asked})
}

func TestARefusedStreamEnds(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"reason": "TOKEN_MISSING"}`)
	})
	for name, client := range map[string]*Client{"once": New(address), "with resume": New(address, Resume())} {
		t.Run(name, func(t *testing.T) {
			err := client.Stream(t.Context(), nil, func(StreamEvent) {})
			require.ErrorContains(t, err, "GET /v1/events:stream: 401 TOKEN_MISSING")
		})
	}
}

func TestAnEventThatIsNoJSONIsAnError(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "data: soon\n\n") })
	require.ErrorContains(t, New(address).Stream(t.Context(), nil, func(StreamEvent) {}), "event stream")
}
