package inbox

import (
	"errors"
	"sync"
	"time"
)

// strangerRest is how long events of a type that no replica took are kept at once.
const strangerRest = 10 * time.Minute

// errUnknown is the cause that operators read with an event that is kept.
var errUnknown = errors.New("this version of the program does not know the event; one that does applies it by itself")

// strangers are event types that this program does not know and nobody else took.
type strangers struct {
	mu    sync.Mutex
	since map[string]time.Time
}

func (s *strangers) pass(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since == nil {
		s.since = map[string]time.Time{}
	}
	s.since[kind] = time.Now()
}

func (s *strangers) passed(kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.since[kind]
	return ok && time.Since(at) < strangerRest
}
