package issuer

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/kit/clock"
)

// maxGrants bounds the memory that somebody who keeps asking can take.
const maxGrants = 10_000

// grant is what somebody agreed to on the page.
type grant struct {
	person    Person
	nonce     string
	challenge string
	redirect  string
	expires   time.Time
	token     string // access token that the code was redeemed for; "" before
}

// grants are codes and access tokens, by value.
type grants struct {
	clock  clock.Clock
	mu     sync.Mutex
	codes  map[string]*grant
	tokens map[string]*grant
}

func newGrants(c clock.Clock) *grants {
	return &grants{clock: c, codes: map[string]*grant{}, tokens: map[string]*grant{}}
}

// issue returns a code for a grant, or "" when there are too many.
func (g *grants) issue(v grant) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	for _, all := range []map[string]*grant{g.codes, g.tokens} {
		for key, one := range all {
			if now.After(one.expires) {
				delete(all, key)
			}
		}
	}
	if len(g.codes) >= maxGrants {
		return ""
	}
	code := rand.Text()
	v.expires = now.Add(codeTTL)
	g.codes[code] = &v
	return code
}

// redeem returns the grant of a code with an access token, once. A code that is
// used again takes its token back: one of the two who have it stole it.
func (g *grants) redeem(code string, good func(grant) bool) (v grant, token string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	found, known := g.codes[code]
	if !known || g.clock.Now().After(found.expires) {
		return grant{}, "", false
	}
	if found.token != "" || !good(*found) {
		delete(g.tokens, found.token)
		delete(g.codes, code)
		return grant{}, "", false
	}
	found.token = rand.Text()
	whose := *found
	whose.expires = g.clock.Now().Add(tokenTTL)
	g.tokens[found.token] = &whose
	return *found, found.token, true
}

// whose returns the person an access token is about.
func (g *grants) whose(token string) (Person, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	found, ok := g.tokens[token]
	if !ok || g.clock.Now().After(found.expires) {
		return Person{}, false
	}
	return found.person, true
}
