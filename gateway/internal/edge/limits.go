package edge

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Limits are how many requests are answered in a minute; 0 means no limit. A
// caller who was silent for a minute may make all of them at once.
//
// Who is known is counted by name, so that a school behind one address does not
// count as one; everybody else by address, and a proof that is not accepted
// counts as everybody else's.
type Limits struct {
	Anonymous int // per address, of callers who are not known
	Identity  int // per person or machine
	SignIn    int // per address, where one proves who one is or has something verified
}

const (
	// maxKept bounds the memory of each limit. Who is forgotten begins anew.
	maxKept = 50_000
	// networkBits of an IPv6 address are one customer's, who has them all.
	networkBits = 64

	perMinute = 60.0 // seconds
)

// Kinds of limits, as metrics call them.
const (
	kindAnonymous = "anonymous"
	kindIdentity  = "identity"
	kindSignIn    = "sign_in"
)

// limits are the limits of one gateway.
type limits struct {
	anonymous, identity, signIn *limiter
}

func newLimits(l Limits, now func() time.Time) *limits {
	refused := measure.NewCounter("tandem.rate.limited", "Requests that were refused because too many came.",
		"kind", []string{kindAnonymous, kindIdentity, kindSignIn})
	return &limits{
		anonymous: newLimiter("address", l.Anonymous, now).telling(refused, kindAnonymous),
		identity:  newLimiter("identity", l.Identity, now).telling(refused, kindIdentity),
		signIn:    newLimiter("sign-in", l.SignIn, now).telling(refused, kindSignIn),
	}
}

// admission is the way of one request past the limits.
type admission struct {
	limits  *limits
	address string
	settled bool
}

type admissionKey struct{}

// limited counts requests for their address, but those that bring a proof to the
// API: whoever finds out whose it is calls Identified or Unidentified.
func limited(next http.Handler, l *limits) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &admission{limits: l, address: AddressKey(RemoteAddr(r.Context()))}
		if err := a.begin(w, r); err != nil {
			problems.Error(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), admissionKey{}, a)))
		if !a.settled { // nobody asked who it was
			l.anonymous.take(a.address)
		}
	})
}

// begin counts what can be counted before anything is known.
func (a *admission) begin(w http.ResponseWriter, r *http.Request) error {
	path := r.URL.Path
	switch {
	case path == "/healthz" || path == "/readyz": // the platform asks, often
		a.settled = true
		return nil
	case (strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, openBadges)) && !door(r.Method, path) && proves(r):
		return nil
	case door(r.Method, path):
		a.settled = true
		return a.limits.signIn.count(w, a.address)
	default:
		a.settled = true
		return a.limits.anonymous.count(w, a.address)
	}
}

// openBadges is where the API of Open Badges is, with doors of its own.
const openBadges = "/ims/ob/v3p0/"

// door tells whether a request makes us prove something, which costs.
func door(method, path string) bool {
	return path == "/oauth/token" || method == http.MethodPost && slices.Contains([]string{openBadges + "register", openBadges + "token", openBadges + "revoke"}, path) || path == "/sign-in" || strings.HasPrefix(path, "/sign-in/") ||
		method == http.MethodPost && path == "/verify"
}

// proves tells whether the request brings something that may say who calls.
func proves(r *http.Request) bool {
	return len(r.Header.Values("Authorization")) > 0 || len(r.Header.Values("Cookie")) > 0
}

// Identified counts the request for who makes it. The error refuses it.
func Identified(w http.ResponseWriter, r *http.Request, subject string) error {
	a, ok := r.Context().Value(admissionKey{}).(*admission)
	if !ok || a.settled {
		return nil
	}
	a.settled = true
	return a.limits.identity.count(w, subject)
}

// Unidentified counts a request whose proof is not accepted, or which has none
// after all, for its address. The error refuses it.
func Unidentified(w http.ResponseWriter, r *http.Request) error {
	a, ok := r.Context().Value(admissionKey{}).(*admission)
	if !ok || a.settled {
		return nil
	}
	a.settled = true
	return a.limits.anonymous.count(w, a.address)
}

// AddressKey is what an address is counted as.
func AddressKey(addr netip.Addr) string {
	if addr.Is6() {
		if network, err := addr.Prefix(networkBits); err == nil {
			return network.String()
		}
	}
	return addr.String()
}

// limiter counts the requests of each key with a token bucket that holds a
// minute's worth.
type limiter struct {
	name    string
	quota   int
	now     func() time.Time
	buckets *lru.Cache[string, *rate.Limiter]
	refused func() // is told of each request that is
}

func newLimiter(name string, quota int, now func() time.Time) *limiter {
	l := &limiter{name: name, quota: quota, now: now, refused: func() {}}
	if quota > 0 {
		l.buckets, _ = lru.New[string, *rate.Limiter](maxKept) // fails only for a size below one
	}
	return l
}

// telling counts what is refused in a metric.
func (l *limiter) telling(c *measure.Counter, kind string) *limiter {
	l.refused = func() { c.Add(context.Background(), kind, 1) }
	return l
}

// count takes one request and tells the client how many are left.
func (l *limiter) count(w http.ResponseWriter, key string) error {
	if l.quota <= 0 {
		return nil
	}
	ok, left := l.take(key)
	h := w.Header()
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", l.name, l.quota, int(perMinute)))
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", l.name, int(max(0, left)), l.seconds(float64(l.quota)-left)))
	if ok {
		return nil
	}
	l.refused()
	return problem.Exhausted("requests per minute", time.Duration(l.seconds(1-left))*time.Second)
}

// take takes one request and returns what is left.
func (l *limiter) take(key string) (ok bool, left float64) {
	if l.quota <= 0 {
		return true, 0
	}
	bucket, found := l.buckets.Get(key)
	if !found {
		bucket = rate.NewLimiter(rate.Limit(float64(l.quota)/perMinute), l.quota)
		if other, there, _ := l.buckets.PeekOrAdd(key, bucket); there {
			bucket = other
		}
	}
	now := l.now()
	ok = bucket.AllowN(now, 1)
	return ok, bucket.TokensAt(now)
}

// seconds is how long it takes until that many requests more are possible.
func (l *limiter) seconds(requests float64) int {
	return int(math.Ceil(max(0, requests) * perMinute / float64(l.quota)))
}
