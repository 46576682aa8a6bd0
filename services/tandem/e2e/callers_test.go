package e2e

import (
	"strings"
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

// places are the nodes of the matrix in a played world, by the names of the table.
var places = map[string]string{
	"state": "", "district": here, "school": here + "/schools/" + schoolID, "school beside": here + "/schools/beside",
	"other district": there, "school there": there + "/schools/" + schoolID,
}

// caller is one of the table with what they show.
type caller struct {
	accessmatrix.Caller
	token string
	// where is the node of the role in this world.
	where string
}

// callers registers everybody of the table who can call from outside. Roles that
// nobody can be given where the table has them, such as a state administrator of a
// school, are shown by a token of the operator, who is believed.
func (w *world) callers(t *testing.T) (all []caller) {
	t.Helper()
	signer, registered := w.signer(t), 0
	for _, c := range accessmatrix.Callers() {
		one := caller{Caller: c}
		switch _, at, _ := strings.Cut(c.Name, "@"); {
		case c.Nobody:
		case strings.HasPrefix(c.Name, "service:"), c.Name == "machine:none":
			continue // no service calls by a route, and no machine is without a scope
		case strings.HasPrefix(c.Name, "machine:"):
			one.where = here
			one.token = w.machine(t, here, "of-"+strings.NewReplacer("machine:", "", ".", "-").Replace(c.Name), c.Identity.Scopes...)
		default:
			one.where = places[at]
			one.token = w.person(t, signer, c, at)
			if one.token != "" {
				registered++
				break
			}
			grants := []access.Grant{{Role: c.Identity.Grants[0].Role, Node: one.where}}
			one.token = mint(t, signer, identity.Access{Subject: identity.Operator, Grants: grants})
		}
		all = append(all, one)
	}
	require.Greater(t, registered, 18, "most callers are people with a grant")
	return all
}

// person registers somebody with the role of a caller, and returns nothing where
// nobody can have it.
func (w *world) person(t *testing.T, signer *identity.Signer, c accessmatrix.Caller, at string) string {
	t.Helper()
	rest, home := restclient.New(w.url).As(w.token), "/"+here
	if at == "state" || at == "" {
		home = ""
	}
	id := strings.NewReplacer(" ", "-", "@", "-at-").Replace(c.Name)
	person := home + "/people/" + id
	require.NoError(t, restclient.Existed(rest.Post(t.Context(), "/v1"+home+"/people", map[string][]string{"personId": {id}},
		map[string]any{"displayName": "Caller", "email": id + "@example.org"}, nil)))
	if len(c.Identity.Grants) > 0 {
		now := w.now(t)
		grant := map[string]any{
			"role": accessv1.Role(c.Identity.Grants[0].Role).String(), "node": places[at], "reason": "For the matrix.",
			"endTime": now.AddDate(1, 0, 0).Format(time.RFC3339),
		}
		if rest.Post(t.Context(), "/v1"+person+"/grants", nil, grant, nil) != nil {
			return ""
		}
	}
	return mint(t, signer, identity.Access{Subject: strings.TrimPrefix(person, "/")})
}

// now is the product's time.
func (i *instance) now(t *testing.T) time.Time {
	t.Helper()
	var clock struct{ Now time.Time }
	require.NoError(t, restclient.New(i.url).Get(t.Context(), "/dev/clock", nil, &clock))
	return clock.Now
}

// signer signs with the gateway's keys of an installation, as an operator can.
func (i *instance) signer(t testing.TB) *identity.Signer {
	t.Helper()
	keys, err := app.OpenKeys(i.data, nil)
	require.NoError(t, err)
	return identity.NewSigner(keys, identity.Gateway)
}

func mint(t testing.TB, signer *identity.Signer, says identity.Access) string {
	t.Helper()
	token, err := signer.MintAccess(says, time.Hour)
	require.NoError(t, err)
	return token
}
