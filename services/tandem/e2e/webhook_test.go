package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// lake is a product of a district that takes webhooks. It refuses each message
// once, and until it is opened all of them.
type lake struct {
	*httptest.Server
	mu    sync.Mutex
	open  bool
	tries map[string]int    // by webhook-id
	taken map[string]string // the body, by webhook-id
	heads map[string]http.Header
}

func newLake(t *testing.T) *lake {
	t.Helper()
	l := &lake{tries: map[string]int{}, taken: map[string]string{}, heads: map[string]http.Header{}}
	l.Server = httptest.NewServer(http.HandlerFunc(l.take))
	t.Cleanup(l.Close)
	return l
}

func (l *lake) take(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	id := r.Header.Get("webhook-id")
	l.tries[id]++
	if l.tries[id] == 1 || !l.open {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	l.taken[id], l.heads[id] = string(body), r.Header
}

// types are those of the messages that were taken.
func (l *lake) types(t *testing.T, webhook *standardwebhooks.Webhook, district string) (all []string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, body := range l.taken {
		require.NoError(t, webhook.Verify([]byte(body), l.heads[id]))
		var message struct {
			Type string
			Data struct{ Name string }
		}
		require.NoError(t, json.Unmarshal([]byte(body), &message))
		require.True(t, strings.HasPrefix(message.Data.Name, district+"/"), "%s is of this district", message.Data.Name)
		all = append(all, message.Type)
	}
	return all
}

func TestEventsReachAnAddressOutsideThoughTheInstanceIsKilled(t *testing.T) {
	i := newInstance(t)
	p := i.serve()
	outside := newLake(t)
	client := restclient.New(i.url).As(i.token(t, "dev-admin"))
	const district = "districts/" + walkthrough.DefaultDistrict
	require.NoError(t, client.Post(t.Context(), "/v1/districts", url.Values{"districtId": {walkthrough.DefaultDistrict}},
		map[string]string{"title": "Walkthrough Valley", "timeZone": "America/Denver"}, nil))
	var endpoint struct{ Name, Secret string }
	require.NoError(t, client.Post(t.Context(), "/v1/"+district+"/webhookEndpoints", url.Values{"webhookEndpointId": {"lake"}},
		map[string]any{"url": outside.URL, "eventTypes": []string{"BadgeAwarded", "SchoolRegistered"}}, &endpoint))
	webhook, err := standardwebhooks.NewWebhook(endpoint.Secret)
	require.NoError(t, err)

	_, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	await(t, "a first try of each", func() bool {
		outside.mu.Lock()
		defer outside.mu.Unlock()
		return len(outside.tries) >= 2
	})
	require.Empty(t, outside.types(t, webhook, district))
	p.kill()
	outside.mu.Lock()
	outside.open = true
	outside.mu.Unlock()
	p = i.serve()
	require.NoError(t, client.Post(t.Context(), "/v1/"+endpoint.Name+":replay", nil, map[string]string{"startTime": "2000-01-01T00:00:00Z"}, nil))
	await(t, "the award outside", func() bool {
		types := outside.types(t, webhook, district)
		return slices.Contains(types, "BadgeAwarded") && slices.Contains(types, "SchoolRegistered")
	})
	require.NotContains(t, p.log.tail(), strings.TrimPrefix(outside.URL, "http://"), "addresses of others are not logged")
	require.Zero(t, p.stop(syscall.SIGTERM))
}
