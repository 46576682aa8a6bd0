package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/tandem/internal/accessmatrix"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// credentials shows every route what proves nobody: all of it speaks for somebody
// who may do everything, and none of it is believed, not even where no proof is
// needed.
func credentials(t *testing.T, w *world) {
	var tries []try
	for name, token := range w.worthless(t) {
		for _, r := range routes(t) {
			path, _ := w.path(r, places[r.placesOf()[0]])
			tries = append(tries, try{route: r, path: path, caller: caller{Caller: accessmatrix.Caller{Name: name}, token: token}})
		}
	}
	require.Greater(t, len(tries), 1500)
	var mu sync.Mutex
	work(8, tries, func(one try) {
		status, body, err := w.call(one)
		if err != nil || status != http.StatusUnauthorized {
			mu.Lock()
			defer mu.Unlock()
			t.Errorf("%s with a token that is %s: %d %s %v", one.route, one.caller.Name, status, body, err)
		}
	})
}

// worthless are tokens and keys that no longer, or never, proved anybody.
func (w *world) worthless(t *testing.T) map[string]string {
	t.Helper()
	everything := []access.Grant{{Role: accessv1.Role_ROLE_STATE_ADMIN}}
	admin := identity.Access{Subject: identity.Operator, Grants: everything}
	ours := w.signer(t)
	good := mint(t, ours, admin)
	for _, key := range []string{good, w.machine(t, here, "to-be-removed", "schools.read")} { // or nothing below shows anything
		require.NoError(t, restclient.New(w.url).As(key).Get(t.Context(), "/v1/"+here, nil, nil))
	}

	foreign, err := app.OpenKeys(t.TempDir(), nil)
	require.NoError(t, err)
	inside, err := ours.MintSubject(access.Identity{Subject: identity.Operator, Grants: everything})
	require.NoError(t, err)
	proof, err := ours.Prove("schools")
	require.NoError(t, err)
	short, err := ours.MintAccess(admin, time.Nanosecond)
	require.NoError(t, err)
	parts := strings.Split(good, ".")
	other := strings.Split(mint(t, ours, identity.Access{Subject: "people/walkthrough-chair"}), ".")
	return map[string]string{
		"expired":                         short,
		"signed by another issuer":        mint(t, identity.NewSigner(foreign, identity.Gateway), admin),
		"made for services":               inside,
		"a proof of the gateway":          proof,
		"with the signature of another":   strings.Join([]string{parts[0], parts[1], other[2]}, "."),
		"without a signature":             parts[0] + "." + parts[1] + ".",
		"of somebody who is not there":    mint(t, ours, identity.Access{Subject: here + "/people/never-seen-anywhere"}),
		"of somebody disabled":            w.disabled(t, ours),
		"of a machine that is not there":  mint(t, ours, identity.Access{Subject: here + "/apiClients/never", Scopes: everyScope(), Credential: "none"}),
		"a removed key":                   w.removed(t),
		"a key that was never made":       "tdm_live_" + strings.Repeat("a", 48),
		"a development token of somebody": "people/dev-admin",
	}
}

// disabled is a token of a person who was disabled after it was made.
func (w *world) disabled(t *testing.T, signer *identity.Signer) string {
	t.Helper()
	rest := restclient.New(w.url).As(w.token)
	require.NoError(t, rest.Post(t.Context(), "/v1/"+here+"/people", map[string][]string{"personId": {"gone"}},
		map[string]any{"displayName": "Gone", "email": "gone@example.org"}, nil))
	token := mint(t, signer, identity.Access{Subject: here + "/people/gone"})
	require.NoError(t, rest.As(token).Get(t.Context(), "/v1/whoAmI", nil, nil))
	require.NoError(t, rest.Patch(t.Context(), "/v1/"+here+"/people/gone", nil, map[string]any{"disabled": true}, nil))
	return token
}

// removed is a key of a machine that was taken away after it was used.
func (w *world) removed(t *testing.T) string {
	t.Helper()
	rest, name := restclient.New(w.url).As(w.token), "/v1/"+here+"/apiClients/key-removed"
	key := w.machine(t, here, "key-removed", "schools.read")
	var client struct{ Secrets []struct{ ID string } }
	require.NoError(t, rest.Get(t.Context(), name, nil, &client))
	require.NoError(t, rest.As(key).Get(t.Context(), "/v1/"+here, nil, nil))
	require.NoError(t, rest.Post(t.Context(), name+":removeSecret", nil, map[string]any{"id": client.Secrets[0].ID}, nil))
	return key
}
