package caller

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
)

const (
	// reuse is how long an internal token is handed out again. It is no cache of
	// rights: a token is found by the rights that were just asked for.
	reuse = 45 * time.Second
	// maxTokens bounds the memory for them.
	maxTokens = 4096
)

// tokens remembers internal tokens, so that the services, which remember what
// they verified, see the same one with each request of a caller.
type tokens struct {
	signer *identity.Signer
	now    func() time.Time

	mu    sync.Mutex
	known map[[sha256.Size]byte]minted
}

type minted struct {
	token, key string // and the id of the key that signed it
	until      time.Time
}

func newTokens(signer *identity.Signer, now func() time.Time) *tokens {
	return &tokens{signer: signer, now: now, known: map[[sha256.Size]byte]minted{}}
}

// of returns a token for exactly this identity, signed with the key of now: the
// one before may have been ended because somebody else has it.
func (t *tokens) of(id access.Identity) (string, error) {
	key, err := t.signer.Keys().Signing(identity.Gateway)
	if err != nil {
		return "", fmt.Errorf("internal token: %w", err)
	}
	text, err := json.Marshal(id)
	if err != nil {
		return "", fmt.Errorf("digest of rights: %w", err)
	}
	digest := sha256.Sum256(text)
	t.mu.Lock()
	found, ok := t.known[digest]
	t.mu.Unlock()
	if ok && found.key == key.ID && t.now().Before(found.until) {
		return found.token, nil
	}
	token, err := t.signer.MintSubject(id)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxTokens {
		clear(t.known)
	}
	t.known[digest] = minted{token: token, key: key.ID, until: t.now().Add(reuse)}
	return token, nil
}
