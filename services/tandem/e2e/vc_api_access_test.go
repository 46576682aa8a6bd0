package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

func TestTheVCAPIIsNotThereUnlessTurnedOn(t *testing.T) {
	i := newInstance(t)
	i.serve()
	for _, path := range []string{"/credentials/issue", "/credentials/verify", "/credentials/status", "/presentations/verify"} {
		code, text, _ := i.post(t, "", path, object{"credential": plain(nil), "verifiableCredential": plain(nil)})
		require.Equal(t, http.StatusNotFound, code, path+text)
	}
	for path, body := range map[string]object{ // the service is not there either
		"/v1/vcApi:issue": {"credential": "e30="}, "/v1/vcApi:setStatus": {"credentialId": "urn:x", "purpose": "revocation"},
	} {
		code, text, _ := i.post(t, i.token(t, "dev-admin"), path, body)
		require.Equal(t, http.StatusNotImplemented, code, path+text)
	}
}

func TestOutsideDevelopmentTheVCAPIAsksWhoCalls(t *testing.T) {
	i := newInstance(t, "TANDEM_DEV=false", "TANDEM_VC_API=true", "TANDEM_RATE_SIGN_IN=0")
	i.serve()
	minted, err := i.command("token", "--subject", "people/operator", "--grant", "state_admin")
	require.NoError(t, err, minted)
	w := &world{instance: i, token: strings.TrimSpace(minted)}
	w.district(t)
	issuing, reading := w.machine(t, here, "suite", "vc.issue"), w.machine(t, here, "reader", "schools.read")

	credential := plain(object{"id": "urn:uuid:1"})
	issue := func(token string, changes object) (int, string, object) {
		doc := plain(object{"id": "urn:uuid:1"})
		for key, value := range changes {
			doc[key] = value
		}
		return i.post(t, token, "/credentials/issue", object{"credential": doc})
	}
	code, text, _ := issue("", nil)
	require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, code, text)
	code, text, _ = issue("not.a.token", nil)
	require.Equal(t, http.StatusUnauthorized, code, text)
	code, text, _ = issue(reading, nil)
	require.Equal(t, http.StatusForbidden, code, text)
	code, text, signed := issue(issuing, nil)
	require.Equal(t, http.StatusCreated, code, text)
	require.NotEqual(t, credential["issuer"], signed["issuer"], "the test issuer signs")
	code, text, _ = i.post(t, "", "/credentials/verify", object{"verifiableCredential": signed})
	require.Equal(t, http.StatusOK, code, "verifying is for everybody: "+text)
	change := object{"credentialId": "urn:uuid:1", "credentialStatus": object{"statusPurpose": "revocation"}}
	code, text, _ = i.post(t, "", "/credentials/status", change)
	require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, code, text)
	code, text, _ = i.post(t, reading, "/credentials/status", change)
	require.Equal(t, http.StatusForbidden, code, text)

	code, text, said := issue(issuing, object{"issuer": w.stateIssuer(t)})
	refused(t, code, text, said, "test_issuer")
	code, text, said = issue(issuing, object{"@context": withContext(object{"Club": "https://example.org/Club"})})
	refused(t, code, text, said, "unknown_context")
}

// district registers a district for the machines.
func (w *world) district(t *testing.T) {
	t.Helper()
	id := strings.TrimPrefix(here, "districts/")
	code, text, _ := w.post(t, w.token, "/v1/districts?districtId="+id, object{"title": "District", "timeZone": "America/Denver"})
	require.Equal(t, http.StatusOK, code, text)
}

// stateIssuer is the DID under which the platform issues.
func (w *world) stateIssuer(t *testing.T) string {
	t.Helper()
	var issuer struct{ DID string }
	require.NoError(t, restclient.New(w.url).Get(t.Context(), "/v1/issuers/state", nil, &issuer))
	require.NotEmpty(t, issuer.DID)
	return issuer.DID
}
