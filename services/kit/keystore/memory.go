package keystore

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"sync"
	"time"
)

// Memory keeps keys in memory and makes every owner's first one: for tests. Old
// keys stay good until they are retired.
type Memory struct {
	mu      sync.Mutex
	keys    map[string][]memoryKey
	secrets map[string][]byte
}

type memoryKey struct {
	Key
	private ed25519.PrivateKey
}

var _ Store = (*Memory)(nil)

// NewMemory returns a store without keys.
func NewMemory() *Memory {
	return &Memory{keys: map[string][]memoryKey{}, secrets: map[string][]byte{}}
}

// Signing returns the newest key.
func (m *Memory) Signing(owner string) (Signing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.keys[owner]) == 0 {
		if _, err := m.add(owner, time.Now()); err != nil {
			return Signing{}, err
		}
	}
	all := m.keys[owner]
	newest := all[len(all)-1]
	return Signing{Key: newest.Key, Signer: newest.private}, nil
}

// Find returns a key that was not retired.
func (m *Memory) Find(owner, id string) (ed25519.PublicKey, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range m.keys[owner] {
		if one.ID == id {
			return one.Public, true
		}
	}
	return nil, false
}

// Public lists the keys, newest first.
func (m *Memory) Public(owner string) ([]Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.public(owner), nil
}

func (m *Memory) public(owner string) []Key {
	var public []Key
	for _, one := range m.keys[owner] {
		public = append([]Key{one.Key}, public...)
	}
	return public
}

// Rotate makes a key that signs at once, whatever from says.
func (m *Memory) Rotate(owner string, from time.Time) (Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add(owner, from)
}

func (m *Memory) add(owner string, from time.Time) (Key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, err
	}
	from = next(from, m.public(owner))
	key := Key{ID: idOf(from, public), From: from, Public: public}
	m.keys[owner] = append(m.keys[owner], memoryKey{key, private})
	return key, nil
}

// Retire forgets a key.
func (m *Memory) Retire(owner, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, one := range m.keys[owner] {
		if one.ID == id {
			m.keys[owner] = append(m.keys[owner][:i:i], m.keys[owner][i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("%s of %s: %w", id, owner, ErrNoKey)
}

// Secret returns the owner's secret.
func (m *Memory) Secret(owner string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.secrets[owner] == nil {
		secret := make([]byte, secretSize)
		_, _ = rand.Read(secret) // never fails
		m.secrets[owner] = secret
	}
	return m.secrets[owner], nil
}
