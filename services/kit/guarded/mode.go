package guarded

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/tandem-badges/tandem/services/kit/readonly"
)

// Mode is read-only mode as the whole installation has it.
type Mode interface {
	Load(ctx context.Context) (readonly.State, error)
	Store(ctx context.Context, s readonly.State) error
}

// mode shows and sets it.
type mode struct {
	of  Mode
	log *slog.Logger
}

func (m mode) show(w http.ResponseWriter, r *http.Request) {
	s, err := m.of.Load(r.Context())
	if err != nil {
		m.away(w, r, err)
		return
	}
	answer(w, http.StatusOK, s)
}

func (m mode) set(w http.ResponseWriter, r *http.Request) {
	var s readonly.State
	if !read(w, r, &s) {
		return
	}
	s.Since = time.Time{}
	if s.On {
		s.Since = time.Now().UTC()
	}
	if err := s.Check(time.Now()); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := m.of.Store(r.Context(), s); err != nil {
		m.away(w, r, err)
		return
	}
	answer(w, http.StatusOK, s)
}

func (m mode) away(w http.ResponseWriter, r *http.Request, err error) {
	m.log.WarnContext(r.Context(), "read-only mode not told", "error", err)
	refuse(w, http.StatusServiceUnavailable, "The bus, where the mode is kept, does not answer. Try again.")
}
