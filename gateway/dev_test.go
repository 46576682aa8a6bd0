package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

func TestOutsideDevelopmentModeItsRoutesDoNotExist(t *testing.T) {
	w := start(t)
	for _, c := range [][2]string{{"GET", "/dev/identities"}, {"POST", "/dev/token"}, {"GET", "/dev/clock"}, {"POST", "/dev/clock:advance"}} {
		plain := w.do(c[0], c[1], "{}")
		require.Equal(t, http.StatusNotFound, plain.status, c[1])
		require.Equal(t, "METHOD_UNKNOWN", plain.problem(t).Reason)
		require.Equal(t, http.StatusNotFound, w.as(stateAdmin, c[0], c[1], "{}").status, "also for who is signed in")
	}
	require.NotContains(t, w.do("GET", "/", "").body, "/dev/")
	require.Contains(t, start(t, developing).do("GET", "/", "").body, "/dev/identities")
}

func TestIdentitiesAreTheDemoPeopleAndTheAdministrator(t *testing.T) {
	w := start(t, developing)
	a := w.do("GET", "/dev/identities", "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.JSONEq(t, `{"identities":[
		{"identity":"people/dev-admin","name":"Development administrator","title":"state admin, whole state","roles":[{"role":"STATE_ADMIN","node":""}]},
		{"identity":"districts/aspen/people/ana","name":"Ana Example","title":"district coordinator, districts/aspen","roles":[{"role":"DISTRICT_COORDINATOR","node":"districts/aspen"}]},
		{"identity":"districts/aspen/people/twin","name":"Twin Aspen","title":"","roles":[]},
		{"identity":"districts/birch/people/ben","name":"Ben Example","title":"principal, districts/birch/schools/elm","roles":[{"role":"PRINCIPAL","node":"districts/birch/schools/elm"}]},
		{"identity":"districts/birch/people/twin","name":"Twin Birch","title":"","roles":[]}]}`, a.body)
	_, _, calls := w.schools.last()
	require.Equal(t, 3, calls, "page by page")
}

func TestATokenSpeaksForTheChosenPerson(t *testing.T) {
	w := start(t, developing)
	for asked, want := range map[string]struct{ subject, role, node string }{
		"dev-admin":                  {"people/dev-admin", "STATE_ADMIN", ""},
		"people/dev-admin":           {"people/dev-admin", "STATE_ADMIN", ""},
		"districts/aspen/people/ana": {"districts/aspen/people/ana", "DISTRICT_COORDINATOR", "districts/aspen"},
		"ben":                        {"districts/birch/people/ben", "PRINCIPAL", "districts/birch/schools/elm"},
	} {
		t.Run(asked, func(t *testing.T) {
			a := w.do("POST", "/dev/token", `{"identity":"`+asked+`"}`)
			require.Equal(t, http.StatusOK, a.status, a.body)
			var got struct {
				Token, Identity string
				Type            string `json:"token_type"`
				Expires         int    `json:"expires_in"`
				Roles           []struct{ Role, Node string }
			}
			require.NoError(t, json.Unmarshal([]byte(a.body), &got))
			require.Equal(t, "Bearer", got.Type)
			require.Positive(t, got.Expires)
			require.Equal(t, want.subject, got.Identity)
			require.Equal(t, want.role, got.Roles[0].Role)
			says, err := identity.NewVerifier(w.signer.Keys()).Access(got.Token)
			require.NoError(t, err)
			require.Equal(t, want.subject, says.Subject)
			if want.subject != identity.Admin {
				require.Equal(t, want.node, got.Roles[0].Node)
				require.Empty(t, says.Grants, "rights are asked of schools with each request")
				return
			}
			require.Equal(t, []access.Grant{stateAdmin}, says.Grants)
		})
	}
}

func TestATokenForNobodyIsRefused(t *testing.T) {
	w := start(t, developing)
	for name, c := range map[string]struct {
		body   string
		status int
		field  string
	}{
		"somebody unknown":            {`{"identity":"nobody"}`, 404, "identity"},
		"somebody real":               {`{"identity":"people/real"}`, 404, "identity"},
		"an id that two have":         {`{"identity":"twin"}`, 400, "identity"},
		"nobody named":                {`{}`, 400, "identity"},
		"an empty body":               {` `, 400, "identity"},
		"another type":                {`{"identity":5}`, 400, "identity"},
		"another field":               {`{"identitee":"ana"}`, 400, "identitee"},
		"no JSON":                     {`identity=ana`, 400, "body"},
		"a body that is far too long": {`{"identity":"` + strings.Repeat("x", 1<<20) + `"}`, 400, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do("POST", "/dev/token", c.body)
			require.Equal(t, c.status, a.status, a.body)
			require.Equal(t, []string{c.field}, a.problem(t).fields())
		})
	}
	a := w.do("POST", "/dev/token", `{"identity":"ana"}`, "Content-Type: text/plain")
	require.Equal(t, http.StatusUnsupportedMediaType, a.status, "what a page of another origin could send")
	w.schools.failWith(kitproblem.Unavailable("database"))
	require.Equal(t, http.StatusServiceUnavailable, w.do("POST", "/dev/token", `{"identity":"ana"}`).status)
}

func TestTheClockIsMovedForwardsOnly(t *testing.T) {
	w := start(t, developing)
	now := func() time.Time {
		at, err := time.Parse(time.RFC3339, w.do("GET", "/dev/clock", "").object(t)["now"].(string))
		require.NoError(t, err)
		return at
	}
	begin := now()
	require.WithinDuration(t, time.Now(), begin, time.Minute)
	w.do("POST", "/dev/clock:advance", `{"duration":"720h"}`).object(t)
	require.WithinDuration(t, begin.Add(720*time.Hour), now(), time.Minute)
	w.do("POST", "/dev/clock:advance", `{"days":1.5}`).object(t)
	require.WithinDuration(t, begin.Add(756*time.Hour), now(), time.Minute)
	target := begin.AddDate(0, 3, 0).Truncate(time.Second)
	w.do("POST", "/dev/clock:advance", `{"to":"`+target.Format(time.RFC3339)+`"}`).object(t)
	require.WithinDuration(t, target, now(), time.Minute)

	for name, c := range map[string]struct{ body, field string }{
		"back by a duration":   {`{"duration":"-1h"}`, "duration"},
		"back by days":         {`{"days":-0.5}`, "days"},
		"back to a day":        {`{"to":"2020-01-01T00:00:00Z"}`, "to"},
		"no duration":          {`{"duration":"a while"}`, "duration"},
		"no time":              {`{"to":"tomorrow"}`, "to"},
		"further than it goes": {`{"days":1e300}`, "days"},
		"nothing":              {`{}`, "duration"},
		"two ways at once":     {`{"days":1,"duration":"1h"}`, "duration"},
		"another type":         {`{"days":"1"}`, "days"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do("POST", "/dev/clock:advance", c.body)
			require.Equal(t, http.StatusBadRequest, a.status, a.body)
			require.Equal(t, []string{c.field}, a.problem(t).fields())
			require.WithinDuration(t, target, now(), time.Minute, "nothing has changed")
		})
	}
}

func TestTheClockOfAllServicesIsMovedWhereTheProgramSaysHow(t *testing.T) {
	var moved time.Duration
	at := time.Date(2027, 1, 31, 8, 0, 0, 0, time.UTC)
	w := start(t, developing, func(d *gateway.Deps) {
		d.AdvanceClock = func(_ context.Context, by time.Duration) (time.Time, error) {
			moved = by
			return at, nil
		}
	})
	require.Equal(t, "2027-01-31T08:00:00Z", w.do("POST", "/dev/clock:advance", `{"days":30}`).object(t)["now"])
	require.Equal(t, 30*24*time.Hour, moved)
}
