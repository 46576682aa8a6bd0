package response

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/code"
)

// What is taken in a minute; somebody who was silent for a minute may send all of
// it at once. A school with a tablet in the office, or a parents' evening behind one
// address, stays far below; a machine that fills in forms does not.
const (
	perClient  = 60  // answers and savings through one link from one address
	perLink    = 600 // through one link, from anywhere
	perMisses  = 60  // codes that lead nowhere, from one address
	maxWatched = 20_000
)

// floods bounds what open links take: nothing proves that their answers come from
// different families, so at least nobody shall fill one by machine. Single-use
// tokens need no such bound. It counts in the memory of this process, by digests:
// what an address sent is kept nowhere. Real time: it protects the running system.
type floods struct {
	client, link, misses *lru.Cache[string, *rate.Limiter]
	now                  func() time.Time
}

func newFloods() *floods {
	return &floods{client: watched(), link: watched(), misses: watched(), now: time.Now}
}

func watched() *lru.Cache[string, *rate.Limiter] {
	c, _ := lru.New[string, *rate.Limiter](maxWatched) // fails only for a size below one
	return c
}

// admit counts one answer through a link. Without a known client the bound of the
// link is the only one.
func (f *floods) admit(given, client string) error {
	if client != "" {
		if err := f.count(f.client, code.Digest(given, client), perClient); err != nil {
			return err
		}
	}
	return f.count(f.link, code.Digest(given), perLink)
}

// maySearch refuses a client who tries codes.
func (f *floods) maySearch(client string) error {
	if client == "" || bucket(f.misses, client, perMisses).TokensAt(f.now()) >= 1 {
		return nil
	}
	return problem.Exhausted("codes that lead nowhere, per minute", wait(perMisses))
}

// missed counts a code that leads nowhere.
func (f *floods) missed(client string) {
	if client != "" {
		_ = f.count(f.misses, client, perMisses)
	}
}

func (f *floods) count(in *lru.Cache[string, *rate.Limiter], key string, quota int) error {
	if bucket(in, key, quota).AllowN(f.now(), 1) {
		return nil
	}
	return problem.Exhausted("answers through one link, per minute", wait(quota))
}

func bucket(in *lru.Cache[string, *rate.Limiter], key string, quota int) *rate.Limiter {
	if b, ok := in.Get(key); ok {
		return b
	}
	b := rate.NewLimiter(rate.Limit(float64(quota)/time.Minute.Seconds()), quota)
	if other, there, _ := in.PeekOrAdd(key, b); there {
		return other
	}
	return b
}

// wait is how long it takes until one more is possible, in whole seconds.
func wait(quota int) time.Duration {
	return max(time.Second, (time.Minute / time.Duration(quota)).Round(time.Second))
}
