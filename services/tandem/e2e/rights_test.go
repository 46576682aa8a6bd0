package e2e

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rights are what comes and goes under load.
func (w *world) rights(t *testing.T) []*right {
	t.Helper()
	return []*right{w.givenAndEnded(t), w.runningOut(t), w.approved(t), w.enabled(t), w.key(t), w.session(t)}
}

func (w *world) givenAndEnded(t *testing.T) *right {
	person, shows := w.registered(t, "given")
	var grant string
	return &right{
		name: "a grant that is ended", without: http.StatusNotFound,
		come: func() http.Header {
			grant = w.give(w.operator, person, "ROLE_PRINCIPAL", time.Time{})
			return shows
		},
		goes: func() { w.end(grant) },
	}
}

func (w *world) runningOut(t *testing.T) *right {
	person, shows := w.registered(t, "running-out")
	const life = 20 * time.Minute // of the product's clock
	return &right{
		name: "a grant that runs out", without: http.StatusNotFound,
		come: func() http.Header {
			w.give(w.operator, person, "ROLE_PRINCIPAL", w.now(t).Add(life))
			return shows
		},
		goes: func() { w.advance(life) },
	}
}

func (w *world) approved(t *testing.T) *right {
	person, shows := w.registered(t, "approved")
	coordinator, proof := w.registered(t, "coordinator")
	w.give(w.operator, coordinator, "ROLE_DISTRICT_COORDINATOR", time.Time{})
	asks := w.operator.As(proof.Get("Authorization")[len("Bearer "):])
	waiting := func() string {
		return w.give(asks, person, "ROLE_OUTSIDE_EVALUATOR", w.now(t).AddDate(1, 0, 0))
	}
	grant := waiting() // and so the person may nothing until it is approved
	return &right{
		name: "a grant that another approves", without: http.StatusNotFound,
		come: func() http.Header {
			w.must("/v1/"+grant+":approve", map[string]any{}, nil)
			return shows
		},
		goes: func() {
			w.end(grant)
			grant = waiting()
		},
	}
}

func (w *world) enabled(t *testing.T) *right {
	person, shows := w.registered(t, "enabled")
	w.give(w.operator, person, "ROLE_PRINCIPAL", time.Time{})
	w.setDisabled(person, true)
	return &right{
		name: "a person who is disabled", without: http.StatusUnauthorized,
		come: func() http.Header {
			w.setDisabled(person, false)
			return shows
		},
		goes: func() { w.setDisabled(person, true) },
	}
}

func (w *world) key(t *testing.T) *right {
	const name = "/v1/" + here + "/apiClients/changing"
	w.must("/v1/"+here+"/apiClients?apiClientId=changing", map[string]any{"title": "Machine", "scopes": []string{"schools.read"}}, nil)
	var made struct{ ID, Secret string }
	return &right{
		name: "a key of a machine", without: http.StatusUnauthorized,
		come: func() http.Header {
			w.must(name+":addSecret", map[string]any{"kind": "API_CLIENT_SECRET_KIND_API_KEY"}, &made)
			return bearer(made.Secret)
		},
		goes: func() { w.must(name+":removeSecret", map[string]any{"id": made.ID}, nil) },
	}
}

func (w *world) session(t *testing.T) *right {
	person, shows := w.registered(t, "signing-in")
	w.give(w.operator, person, "ROLE_PRINCIPAL", time.Time{})
	self := w.operator.As(shows.Get("Authorization")[len("Bearer "):])
	return &right{
		name: "a session", without: http.StatusUnauthorized,
		come: func() http.Header { return w.signedIn(t, w.url, person) },
		goes: func() { w.mustAs(self, "/v1/sessions:endAll", map[string]any{}, nil) },
	}
}

// signedIn signs a person in as a browser does, and returns the cookies it has then.
func (w *world) signedIn(t *testing.T, address, person string) http.Header {
	b := newBrowser(t)
	p := b.submit(b.get(address+"/sign-in/demonstration?to=/verify"), url.Values{"person": {person}})
	require.Equal(t, http.StatusOK, p.code, p.body)
	header := http.Header{}
	for _, cookie := range b.cookies(address) {
		header.Add("Cookie", cookie.String())
	}
	return header
}
