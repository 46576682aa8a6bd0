package session

import (
	"net/http"

	"github.com/mileusna/useragent"

	"github.com/tandem-badges/tandem/gateway/internal/caller"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

var _ caller.Source = (*Manager)(nil)

// Identify finds who makes a request by its cookie. A session that is over is as
// good as none, so that somebody whose session ran out still reaches what is
// public. A browser sends the cookie whoever wrote the page: so what changes
// something must come from a page of ours. Cookie and Authorization header
// together are refused, since they might name two different people.
func (m *Manager) Identify(r *http.Request) (caller.Caller, bool, error) {
	s, found, err := m.Current(r)
	if err != nil || !found {
		return caller.Caller{}, false, err
	}
	if len(r.Header.Values("Authorization")) > 0 {
		return caller.Caller{}, true, problem.Invalid(problem.Violation{
			Field: "Authorization", Rule: "one_identity",
			Fix: "Send a token or the cookie of a session, not both; sign out in this browser to use a token.",
		})
	}
	if err := m.SameOrigin(r); err != nil {
		return caller.Caller{}, true, problem.WithCause(problem.Denied("cross-site request"), err)
	}
	if !caller.Watching(r.Context()) {
		if err := m.Use(r.Context(), s); err != nil {
			return caller.Caller{}, true, err
		}
	}
	return caller.Caller{Subject: s.Subject, Session: s.ID}, true, nil
}

// device says in words which browser and system a header names.
func device(header string) string {
	const longest = 400
	ua := useragent.Parse(header[:min(len(header), longest)])
	switch {
	case known(ua.Name) && known(ua.OS):
		return ua.Name + " on " + ua.OS
	case known(ua.Name):
		return ua.Name
	default:
		return "Unknown browser"
	}
}

// known keeps what somebody made up out of what others are shown.
func known(word string) bool {
	const longest = 30
	if word == "" || len(word) > longest {
		return false
	}
	for _, c := range word {
		if c != ' ' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
