package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// Replicas of the program share the database, the bus and the keys: what one was
// told counts at the other with the next call. Rates are counted by each.
func TestWhatOneReplicaIsToldCountsAtTheOther(t *testing.T) {
	// Development mode allows ten times the rate.
	shared := []string{"TANDEM_DB=" + kittest.Postgres(t), "TANDEM_NATS=" + natsServer(t), "TANDEM_RATE_IDENTITY=10"}
	one := newInstance(t, shared...)
	one.serve()
	other := newInstance(t, append(shared, "TANDEM_PUBLIC_URL="+one.url)...)
	other.env = append(other.env, "TANDEM_DATA="+one.data)
	other.serve()
	w := newSmallWorld(t, one)
	at := &world{instance: other, operator: restclient.New(other.url).As(w.token)}
	meets := func(t *testing.T, want int, shows http.Header) {
		t.Helper()
		for _, replica := range []*world{at, w} {
			status, err := replica.look(shows)
			require.NoError(t, err)
			require.Equal(t, want, status)
		}
	}

	t.Run("grants", func(t *testing.T) {
		person, shows := w.registered(t, "granted")
		meets(t, http.StatusNotFound, shows)
		for range 5 {
			grant := w.give(w.operator, person, "ROLE_PRINCIPAL", time.Time{})
			meets(t, http.StatusOK, shows)
			at.end(grant)
			meets(t, http.StatusNotFound, shows)
		}
	})
	t.Run("sessions", func(t *testing.T) {
		person, _ := w.registered(t, "signing-in")
		w.give(w.operator, person, "ROLE_PRINCIPAL", time.Time{})
		for range 3 {
			cookies := w.signedIn(t, one.url, person)
			meets(t, http.StatusOK, cookies)
			shows := cookies.Clone()
			shows.Set("Origin", one.url)
			require.Equal(t, http.StatusOK, at.postWith(t, "/v1/sessions:endAll", `{"includeCurrent": true}`, shows))
			meets(t, http.StatusUnauthorized, cookies)
		}
	})
	t.Run("people", func(t *testing.T) {
		person, shows := w.registered(t, "disabled")
		w.give(w.operator, person, "ROLE_PRINCIPAL", time.Time{})
		meets(t, http.StatusOK, shows)
		at.setDisabled(person, true)
		meets(t, http.StatusUnauthorized, shows)
	})
	t.Run("rates are of each", func(t *testing.T) {
		_, shows := w.registered(t, "hasty")
		refused := func(replica *world) bool {
			status, err := replica.look(shows)
			require.NoError(t, err)
			return status == http.StatusTooManyRequests
		}
		await(t, "the limit of one replica", func() bool { return refused(w) })
		require.False(t, refused(at))
	})
}

// postWith posts as whoever the header shows, and returns the status.
func (w *world) postWith(t *testing.T, path, body string, shows http.Header) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header = shows.Clone()
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}
