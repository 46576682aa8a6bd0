package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	clientsPath = "/v1/districts/aspen/apiClients"
	clientPath  = clientsPath + "/sync"
	form        = "Content-Type: application/x-www-form-urlencoded"
)

// by sends a request as another coordinator of aspen.
func (w *world) by(person, method, path, body string) answer {
	w.t.Helper()
	name := "districts/aspen/people/" + person
	w.schools.grant(name, coordinator)
	return w.do(method, path, body, "Authorization: "+w.bearer(name))
}

func (w *world) registered(scopes ...string) map[string]any {
	w.t.Helper()
	list, err := json.Marshal(scopes)
	require.NoError(w.t, err)
	return w.as(coordinator, "POST", clientsPath+"?apiClientId=sync", `{"title":"Sync","scopes":`+string(list)+`}`).object(w.t)
}

func (w *world) added(kind string) (id, value string) {
	w.t.Helper()
	o := w.as(coordinator, "POST", clientPath+":addSecret", `{"kind":"API_CLIENT_SECRET_KIND_`+kind+`"}`).object(w.t)
	return o["id"].(string), o["secret"].(string)
}

// token asks the token endpoint; pairs are parameters.
func (w *world) tokenFor(headers []string, pairs ...string) answer {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return w.do("POST", "/oauth/token", values.Encode(), append(headers, form)...)
}

func basic(user, password string) []string {
	r, _ := http.NewRequest("GET", "/", http.NoBody)
	r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
	return []string{"Authorization: " + r.Header.Get("Authorization")}
}

func TestAMachineIsKeptOverREST(t *testing.T) {
	w := start(t)
	made := w.registered("schools.read")
	require.Equal(t, "sync.aspen", made["clientId"])
	require.Equal(t, false, made["pending"])
	id, value := w.added("CLIENT_SECRET")
	require.True(t, strings.HasPrefix(value, "tdm_sk_"))
	got := w.as(coordinator, "GET", clientPath, "")
	require.NotContains(t, got.body, value, "shown once")
	shown := got.object(t)["secrets"].([]any)[0].(map[string]any)
	require.Equal(t, id, shown["id"])
	require.True(t, strings.HasPrefix(value, shown["prefix"].(string)))
	require.Contains(t, w.as(coordinator, "GET", clientsPath, "").body, `"sync.aspen"`)

	changed := w.as(coordinator, "PATCH", clientPath, `{"title":"New","allowedIps":["10.0.0.0/8"],"etag":`+quote(got.object(t)["etag"])+`}`).object(t)
	require.Equal(t, []any{"10.0.0.0/8"}, changed["allowedIps"])
	require.Equal(t, []any{"schools.read"}, changed["scopes"])
	stale := w.as(coordinator, "PATCH", clientPath, `{"title":"Lost","etag":`+quote(got.object(t)["etag"])+`}`)
	require.Equal(t, "ETAG_STALE", stale.problem(t).Reason)
	require.Equal(t, "editable_field", w.as(coordinator, "PATCH", clientPath+"?updateMask=approver", `{"approver":"people/x"}`).problem(t).Violations[0].Rule)
	cleared := w.as(coordinator, "PATCH", clientPath+"?updateMask=allowedIps", `{}`).object(t)
	require.Equal(t, []any{}, cleared["allowedIps"])
	require.Equal(t, []any{}, w.as(coordinator, "POST", clientPath+":removeSecret", `{"id":"`+id+`"}`).object(t)["secrets"])
	w.as(coordinator, "DELETE", clientPath, "").object(t)
	require.Equal(t, http.StatusNotFound, w.as(coordinator, "GET", clientPath, "").status)
}

func quote(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func TestWhoMayKeepMachines(t *testing.T) {
	w := start(t)
	w.registered("schools.read")
	for name, c := range map[string]struct {
		grant  access.Grant
		status int
	}{
		"the state":                       {stateAdmin, http.StatusOK},
		"the district":                    {coordinator, http.StatusOK},
		"a team of the district":          {teamLead, http.StatusForbidden},
		"another district":                {neighbour, http.StatusNotFound},
		"a machine of the district":       {access.Grant{Role: accessv1.Role_ROLE_INTEGRATION, Node: "districts/aspen"}, http.StatusForbidden},
		"an evaluator of the district":    {access.Grant{Role: accessv1.Role_ROLE_OUTSIDE_EVALUATOR, Node: "districts/aspen"}, http.StatusForbidden},
		"a coordinator of one school":     {access.Grant{Role: accessv1.Role_ROLE_DISTRICT_COORDINATOR, Node: "districts/aspen/schools/oak"}, http.StatusForbidden},
		"a principal of another district": {access.Grant{Role: accessv1.Role_ROLE_PRINCIPAL, Node: "districts/birch/schools/elm"}, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.status, w.as(c.grant, "GET", clientPath, "").status)
			require.Equal(t, c.status, w.as(c.grant, "GET", clientsPath, "").status)
			require.Equal(t, c.status, w.as(c.grant, "PATCH", clientPath, `{"title":"S"}`).status)
			if c.status != http.StatusOK {
				require.Equal(t, c.status, w.as(c.grant, "POST", clientPath+":addSecret", `{"kind":"API_CLIENT_SECRET_KIND_API_KEY"}`).status)
				require.Equal(t, c.status, w.as(c.grant, "POST", clientsPath, `{"title":"S","scopes":["schools.read"]}`).status)
				require.Equal(t, c.status, w.as(c.grant, "DELETE", clientPath, "").status)
			}
		})
	}
	w.schools.failWith(kitproblem.NotFound("districts/none"))
	require.Equal(t, http.StatusNotFound, w.as(stateAdmin, "GET", "/v1/districts/none/apiClients", "").status)
	require.Equal(t, http.StatusNotFound, w.as(stateAdmin, "POST", "/v1/districts/none/apiClients", `{"title":"S","scopes":["schools.read"]}`).status)
}

func TestAMachineThatReadsPeopleWaitsForASecondPerson(t *testing.T) {
	w := start(t)
	require.Equal(t, true, w.registered("people.read")["pending"])
	_, secret := w.added("CLIENT_SECRET")
	ask := func() int {
		return w.tokenFor(basic("sync.aspen", secret), "grant_type", "client_credentials").status
	}
	require.Equal(t, http.StatusUnauthorized, ask())
	require.Equal(t, "CONFLICT_OF_INTEREST", w.as(coordinator, "POST", clientPath+":approve", `{}`).problem(t).Reason)
	approved := w.by("cem", "POST", clientPath+":approve", `{}`).object(t)
	require.Equal(t, false, approved["pending"])
	require.Equal(t, "districts/aspen/people/cem", approved["approver"])
	require.Equal(t, http.StatusOK, ask())
}

func TestATokenIsGivenForASecret(t *testing.T) {
	w := start(t)
	w.registered("schools.read", "awards.read")
	_, secret := w.added("CLIENT_SECRET")
	grant := []string{"grant_type", "client_credentials"}
	for name, a := range map[string]answer{
		"by HTTP Basic":  w.tokenFor(basic("sync.aspen", secret), grant...),
		"in the body":    w.tokenFor(nil, append(grant, "client_id", "sync.aspen", "client_secret", secret)...),
		"for the API":    w.tokenFor(basic("sync.aspen", secret), append(grant, "audience", "tandem-api", "resource", "tandem-api")...),
		"empty is unset": w.tokenFor(basic("sync.aspen", secret), append(grant, "audience", "", "scope", "")...),
	} {
		t.Run(name, func(t *testing.T) {
			o := a.object(t)
			require.NotEmpty(t, o["access_token"])
			require.Equal(t, "Bearer", o["token_type"])
			require.InDelta(t, 900, o["expires_in"], 0)
			require.Equal(t, "schools.read awards.read", o["scope"])
			require.Equal(t, "no-store", a.header.Get("Cache-Control"))
			require.Equal(t, "application/json", a.header.Get("Content-Type"))
		})
	}
	fewer := w.tokenFor(basic("sync.aspen", secret), append(grant, "scope", "awards.read awards.read")...)
	require.Equal(t, "awards.read", fewer.object(t)["scope"])
	require.NotContains(t, w.log.String(), secret)
}

func TestATokenIsRefusedAsOAuthSays(t *testing.T) {
	w := start(t)
	w.registered("schools.read")
	_, secret := w.added("CLIENT_SECRET")
	_, key := w.added("API_KEY")
	good := basic("sync.aspen", secret)
	grant := []string{"grant_type", "client_credentials"}
	for name, c := range map[string]struct {
		answer answer
		status int
		code   string
	}{
		"no client":             {w.tokenFor(nil, grant...), 401, "invalid_client"},
		"a wrong secret":        {w.tokenFor(basic("sync.aspen", secret[:len(secret)-1]+"x"), grant...), 401, "invalid_client"},
		"a key as a secret":     {w.tokenFor(basic("sync.aspen", key), grant...), 401, "invalid_client"},
		"a client that is none": {w.tokenFor(basic("none.aspen", secret), grant...), 401, "invalid_client"},
		"no Basic":              {w.tokenFor([]string{"Authorization: Bearer " + secret}, grant...), 401, "invalid_client"},
		"two ways at once":      {w.tokenFor(good, append(grant, "client_secret", secret)...), 400, "invalid_request"},
		"two headers":           {w.tokenFor(append(good, good...), grant...), 400, "invalid_request"},
		"no grant":              {w.tokenFor(good), 400, "invalid_request"},
		"another grant":         {w.tokenFor(good, "grant_type", "password"), 400, "unsupported_grant_type"},
		"a parameter twice":     {w.tokenFor(good, append(grant, "scope", "schools.read", "scope", "schools.read")...), 400, "invalid_request"},
		"a scope it has not":    {w.tokenFor(good, append(grant, "scope", "schools.read people.read")...), 400, "invalid_scope"},
		"a scope that is none":  {w.tokenFor(good, append(grant, "scope", "everything")...), 400, "invalid_scope"},
		"for something else":    {w.tokenFor(good, append(grant, "audience", "https://elsewhere.example.org")...), 400, "invalid_target"},
		"a resource elsewhere":  {w.tokenFor(good, append(grant, "resource", "tandem-services")...), 400, "invalid_target"},
		"in the address":        {w.do("POST", "/oauth/token?grant_type=client_credentials", "x=y", append(good, form)...), 400, "invalid_request"},
		"as JSON":               {w.do("POST", "/oauth/token", `{"grant_type":"client_credentials"}`, good...), 400, "invalid_request"},
		"too much":              {w.tokenFor(good, append(grant, "scope", strings.Repeat("x", 20<<10))...), 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.status, c.answer.status, c.answer.body)
			var e map[string]string
			require.NoError(t, json.Unmarshal([]byte(c.answer.body), &e))
			require.Equal(t, c.code, e["error"])
			require.NotEmpty(t, e["error_description"])
			require.Equal(t, "no-store", c.answer.header.Get("Cache-Control"))
			if c.status == 401 {
				require.Contains(t, c.answer.header.Get("WWW-Authenticate"), "Basic")
			}
		})
	}
	unknown, wrong := w.tokenFor(basic("none.aspen", secret), grant...), w.tokenFor(basic("sync.birch", secret), grant...)
	require.Equal(t, unknown.body, wrong.body, "which part was wrong is not told")
	require.Equal(t, unknown.body, w.tokenFor(basic("sync.aspen", "tdm_sk_x"), grant...).body)
	require.Equal(t, http.StatusNotFound, w.do("GET", "/oauth/token", "").status)
}

func TestClientLibrariesFindTheTokenEndpoint(t *testing.T) {
	o := start(t).do("GET", "/.well-known/oauth-authorization-server", "").object(t)
	require.Equal(t, "https://badges.example.org", o["issuer"])
	require.Equal(t, "https://badges.example.org/oauth/token", o["token_endpoint"])
	require.Equal(t, []any{"client_credentials"}, o["grant_types_supported"])
	require.Contains(t, o["scopes_supported"], "schools.read")
}
