package edge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// gate is a gateway's limits with a clock that the test moves.
type gate struct {
	t       *testing.T
	now     time.Time
	handler http.Handler
	// who is what the API finds behind a proof: empty when it is not accepted.
	who string
}

func newGate(t *testing.T, l Limits) *gate {
	g := &gate{t: t, now: time.Unix(1_800_000_000, 0)}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header.Values("Authorization")) == 0 {
			return
		}
		refusal := Unidentified
		status := http.StatusUnauthorized
		if g.who != "" {
			refusal = func(w http.ResponseWriter, r *http.Request) error { return Identified(w, r, g.who) }
			status = http.StatusOK
		}
		if refusal(w, r) != nil {
			status = http.StatusTooManyRequests
		}
		w.WriteHeader(status)
	})
	g.handler = limited(api, newLimits(l, func() time.Time { return g.now }))
	return g
}

func (g *gate) ask(method, path, addr, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, http.NoBody)
	r = r.WithContext(WithRemoteAddr(r.Context(), netip.MustParseAddr(addr)))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	return w
}

// allowed asks n times and says how many were answered.
func (g *gate) allowed(n int, method, path, addr, token string) (answered int) {
	for range n {
		if g.ask(method, path, addr, token).Code != http.StatusTooManyRequests {
			answered++
		}
	}
	return answered
}

const (
	here  = "192.0.2.7"
	there = "192.0.2.8"
)

func TestAnAddressIsAnsweredAsOftenAsItMayAsk(t *testing.T) {
	g := newGate(t, Limits{Anonymous: 6, Identity: 100, SignIn: 100})
	require.Equal(t, 6, g.allowed(9, "GET", "/v1/frameworks", here, ""))
	require.Equal(t, 6, g.allowed(9, "GET", "/", there, ""), "another address is counted for itself")
	g.now = g.now.Add(10 * time.Second)
	require.Equal(t, 1, g.allowed(3, "GET", "/", here, ""), "a sixth of a minute, a sixth of the requests")
	g.now = g.now.Add(time.Hour)
	require.Equal(t, 6, g.allowed(9, "GET", "/", here, ""), "silence does not save more than a minute's worth")
}

func TestTooManyRequestsAreRefusedWithWhenToComeBack(t *testing.T) {
	g := newGate(t, Limits{Anonymous: 2})
	first := g.ask("GET", "/", here, "")
	require.Equal(t, `"address";q=2;w=60`, first.Header().Get("RateLimit-Policy"))
	require.Equal(t, `"address";r=1;t=30`, first.Header().Get("RateLimit"))
	g.ask("GET", "/", here, "")
	refused := g.ask("GET", "/", here, "")
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.Equal(t, "30", refused.Header().Get("Retry-After"))
	require.Equal(t, `"address";r=0;t=60`, refused.Header().Get("RateLimit"))
	require.Equal(t, "application/problem+json", refused.Header().Get("Content-Type"))
	var problem struct{ Reason string }
	require.NoError(t, json.Unmarshal(refused.Body.Bytes(), &problem))
	require.Equal(t, "LIMIT_EXCEEDED", problem.Reason)
	g.now = g.now.Add(30 * time.Second)
	require.Equal(t, http.StatusOK, g.ask("GET", "/", here, "").Code, "as promised")
}

func TestWhoIsKnownIsCountedByNameFromWhereverTheyCall(t *testing.T) {
	g := newGate(t, Limits{Anonymous: 1, Identity: 4})
	g.who = "people/ana"
	require.Equal(t, 2, g.allowed(2, "GET", "/v1/districts", here, "good"))
	require.Equal(t, 2, g.allowed(3, "GET", "/v1/districts", there, "good"))
	g.who = "people/ben"
	require.Equal(t, 4, g.allowed(5, "GET", "/v1/districts", here, "good"), "of a school behind one address, everybody")
	require.Equal(t, 1, g.allowed(2, "GET", "/", here, ""), "and the address has asked for nothing yet")
}

func TestAProofThatIsNotAcceptedCountsForTheAddress(t *testing.T) {
	g := newGate(t, Limits{Anonymous: 3, Identity: 100})
	require.Equal(t, http.StatusUnauthorized, g.ask("GET", "/v1/districts", here, "bad").Code)
	require.Equal(t, 2, g.allowed(5, "GET", "/v1/districts", here, "bad"))
	require.Equal(t, 0, g.allowed(1, "GET", "/", here, ""))
	g.who = "people/ana"
	require.Equal(t, 1, g.allowed(1, "GET", "/v1/districts", here, "good"), "that stops nobody who is known")
}

func TestAHeaderAloneDoesNotLeadPastTheLimit(t *testing.T) {
	g := newGate(t, Limits{Anonymous: 3, SignIn: 2})
	for _, path := range []string{"/", "/badges/x", "/account", "/dev/token"} {
		require.Equal(t, 3, g.allowed(4, "GET", path, here, "whatever"), "pages ask nobody who calls")
		g.now = g.now.Add(time.Minute)
	}
	// An API route that does not look at the proof at all.
	handler := limited(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), newLimits(Limits{Anonymous: 2}, func() time.Time { return g.now }))
	ask := func(token string) int {
		r := httptest.NewRequest("GET", "/v1/x", http.NoBody)
		r.Header.Set("Authorization", token)
		if token == "" {
			r.Header.Del("Authorization")
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	ask("Bearer x")
	ask("Bearer x")
	require.Equal(t, http.StatusTooManyRequests, ask(""), "counted afterwards")
}

func TestTheDoorsHaveALimitOfTheirOwn(t *testing.T) {
	for path, method := range map[string]string{
		"/oauth/token": "POST", "/sign-in": "GET", "/sign-in/district": "GET", "/sign-in/district/callback": "GET", "/verify": "POST",
	} {
		g := newGate(t, Limits{Anonymous: 100, Identity: 100, SignIn: 2})
		require.Equal(t, 2, g.allowed(5, method, path, here, ""), path)
		require.Equal(t, 2, g.allowed(5, method, path, there, "basic"), path)
		require.Equal(t, 5, g.allowed(5, "GET", "/", here, ""), "the rest goes on")
	}
	g := newGate(t, Limits{Anonymous: 100, SignIn: 1})
	require.Equal(t, 5, g.allowed(5, "GET", "/verify", here, ""), "the form alone costs nothing")
}

func TestProbesAndZeroHaveNoLimit(t *testing.T) {
	g := newGate(t, Limits{Anonymous: 1})
	require.Equal(t, 50, g.allowed(50, "GET", "/healthz", here, ""))
	require.Equal(t, 50, g.allowed(50, "GET", "/readyz", here, ""))
	g = newGate(t, Limits{})
	for _, path := range []string{"/", "/oauth/token", "/v1/districts"} {
		require.Equal(t, 50, g.allowed(50, "POST", path, here, "x"))
	}
	require.Empty(t, g.ask("GET", "/", here, "").Header().Get("RateLimit"))
}

func TestAddressesOfOneCustomerCountAsOne(t *testing.T) {
	g := newGate(t, Limits{Anonymous: 2})
	require.Equal(t, 2, g.allowed(2, "GET", "/", "2001:db8:1:2::1", ""))
	require.Equal(t, 0, g.allowed(2, "GET", "/", "2001:db8:1:2:ffff::9", ""))
	require.Equal(t, 2, g.allowed(2, "GET", "/", "2001:db8:1:3::1", ""))
}

func TestWhoeverAsksTheMemoryIsBounded(t *testing.T) {
	l := newLimiter("address", 1, time.Now)
	for i := range 2 * maxKept {
		l.take(fmt.Sprint(i))
	}
	require.Equal(t, maxKept, l.buckets.Len())
}

// However requests are spread over time, no minute has more than twice the quota
// and none is refused whose turn it is.
func TestNoMinuteHasMoreThanTheBucketAndTheRate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		quota := rapid.IntRange(1, 50).Draw(rt, "quota")
		now := time.Unix(1_800_000_000, 0)
		l := newLimiter("x", quota, func() time.Time { return now })
		var answered []time.Time
		for range rapid.IntRange(1, 300).Draw(rt, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "pause")) * time.Millisecond)
			if ok, _ := l.take("k"); ok {
				answered = append(answered, now)
			}
		}
		require.NotEmpty(rt, answered)
		for i, first := range answered {
			n := 0
			for _, at := range answered[i:] {
				if at.Sub(first) < time.Minute {
					n++
				}
			}
			require.LessOrEqual(rt, n, 2*quota)
		}
	})
}
