package gateway_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	kitproblem "github.com/tandem-badges/tandem/services/kit/problem"
)

const district = "/v1/districts/aspen"

func TestRightsOfAPersonAreThoseOfThisMoment(t *testing.T) {
	w := start(t)
	const ana = "districts/aspen/people/ana"
	header := "Authorization: " + w.bearer(ana)
	status := func() int { return w.do("GET", district, "", header).status }

	require.Equal(t, http.StatusUnauthorized, status(), "nobody knows this person")
	w.schools.grant(ana)
	require.Equal(t, http.StatusNotFound, status(), "who has no role sees nothing")
	w.schools.grant(ana, coordinator)
	require.Equal(t, http.StatusOK, status())
	w.schools.grant(ana, neighbour)
	require.Equal(t, http.StatusNotFound, status(), "the grant was ended a moment ago")

	now := w.clock.Now()
	over, later := coordinator, coordinator
	over.End, later.Start = now, now.Add(time.Hour)
	w.schools.grant(ana, over, later)
	require.Equal(t, http.StatusNotFound, status())
	w.clock.SetOffset(time.Hour)
	require.Equal(t, http.StatusOK, status(), "by the product's clock")

	w.schools.change(ana, &schoolsv1.Subject{Name: ana, Grants: []*schoolsv1.Grant{
		{Role: coordinator.Role, Node: coordinator.Node, State: schoolsv1.Grant_STATE_PENDING},
		{Role: coordinator.Role, Node: coordinator.Node, State: schoolsv1.Grant_STATE_ENDED},
	}})
	require.Equal(t, http.StatusNotFound, status(), "what waits or is over does not count, whoever sends it")
	w.schools.change(ana, &schoolsv1.Subject{Name: ana, Disabled: true})
	a := w.do("GET", district, "", header)
	require.Equal(t, http.StatusUnauthorized, a.status)
	require.Equal(t, "TOKEN_INVALID", a.problem(t).Reason)
}

func TestWhenNobodyCanSayWhatSomebodyMayTheyAreNotStrangers(t *testing.T) {
	for name, away := range map[string]error{
		"away":                kitproblem.Unavailable("database"),
		"broken":              kitproblem.Denied("subjects.resolve"),
		"refuses the gateway": kitproblem.Unauthenticated(kitproblem.ReasonIdentityMissing),
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.schools.stayAway(away)
			a := w.as(coordinator, "GET", district, "")
			require.Equal(t, http.StatusServiceUnavailable, a.status, a.body)
			require.Equal(t, "UNAVAILABLE", a.problem(t).Reason)
			require.Equal(t, http.StatusOK, w.do("GET", district, "", "Authorization: "+w.bearer(identity.Operator, stateAdmin)).status,
				"the operator's token brings its rights")
		})
	}
}

func TestOnlyOurOwnAccessTokensOpenTheAPI(t *testing.T) {
	w := start(t)
	inside, err := w.signer.MintSubject(access.Identity{Subject: "people/x", Grants: []access.Grant{stateAdmin}})
	require.NoError(t, err)
	proof, err := w.signer.Prove(identity.Gateway)
	require.NoError(t, err)
	for name, headers := range map[string][]string{
		"a token that services send each other": {"Authorization: Bearer " + inside},
		"the proof of a service":                {"Authorization: Bearer " + proof},
		"the administrator of development mode": {"Authorization: " + w.bearer(identity.Admin, stateAdmin)},
		"a key that nobody has":                 {"Authorization: Bearer tdm_live_" + strings.Repeat("0", 49)},
		"a machine that nobody has":             {"Authorization: " + w.bearer("districts/aspen/apiClients/none")},
		"two headers":                           {"Authorization: " + w.token(stateAdmin), "Authorization: " + w.token(stateAdmin)},
		"no credential":                         {"Authorization: Bearer "},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do("GET", district, "", headers...)
			require.Equal(t, http.StatusUnauthorized, a.status, a.body)
			require.Equal(t, "TOKEN_INVALID", a.problem(t).Reason)
		})
	}
	admin := w.bearer(identity.Admin, stateAdmin)
	require.Equal(t, http.StatusOK, start(t, developing, sharing(w)).do("GET", district, "", "Authorization: "+admin).status)
}

// Headers and metadata that claim to be somebody are as if they were not there.
func TestNoHeaderSaysWhoCalls(t *testing.T) {
	w := start(t)
	inside, err := w.signer.MintSubject(access.Identity{Subject: "people/x", Grants: []access.Grant{stateAdmin}})
	require.NoError(t, err)
	proof, err := identity.NewSigner(w.signer.Keys(), "badges").Prove("schools")
	require.NoError(t, err)
	claims := []string{
		"X-Tandem-Service: " + proof, "Grpc-Metadata-Authorization: Bearer " + inside, "Grpc-Metadata-X-Tandem-Service: " + proof,
		"Grpcgateway-Authorization: Bearer " + inside, "X-Authorization: Bearer " + inside, "Proxy-Authorization: Bearer " + inside,
		"X-Tandem-Subject: people/operator", "X-Tandem-District: birch",
	}
	a := w.do("GET", district, "", claims...)
	require.Equal(t, http.StatusUnauthorized, a.status)
	require.Equal(t, "IDENTITY_MISSING", a.problem(t).Reason)
	require.Equal(t, http.StatusNotFound, w.as(neighbour, "GET", district, "", claims...).status, "nor does one add rights")

	require.Equal(t, http.StatusOK, w.as(coordinator, "GET", district, "", claims...).status)
	md, _, _ := w.schools.last()
	require.Len(t, md.Get("authorization"), 1)
	require.NotEqual(t, []string{"Bearer " + inside}, md.Get("authorization"))
	require.Len(t, md.Get("x-tandem-service"), 1)
	require.NotEqual(t, []string{proof}, md.Get("x-tandem-service"))
}

// Whoever gets a new token works on at once, whatever was signed for them before.
func TestAKeyThatIsEndedStopsItsTokensAndNobodyElse(t *testing.T) {
	w := start(t)
	const ana = "districts/aspen/people/ana"
	w.schools.grant(ana, coordinator)
	before := "Authorization: " + w.bearer(ana)
	require.Equal(t, http.StatusOK, w.do("GET", district, "", before).status)
	old, err := w.signer.Keys().Signing(identity.Gateway)
	require.NoError(t, err)
	_, err = w.signer.Keys().Rotate(identity.Gateway, time.Now())
	require.NoError(t, err)
	require.NoError(t, w.signer.Keys().Retire(identity.Gateway, old.ID))
	require.Equal(t, http.StatusUnauthorized, w.do("GET", district, "", before).status)
	after := w.do("GET", district, "", "Authorization: "+w.bearer(ana))
	require.Equal(t, http.StatusOK, after.status, after.body)
}

// Keys are replaced again and again while people work, and not one answer is
// wrong; a position of the event stream from before still opens.
func TestKeysRotateUnderLoadWithoutAWrongAnswer(t *testing.T) {
	w := start(t)
	header := "Authorization: " + w.token(coordinator)
	before, err := w.signer.Secret("event stream")
	require.NoError(t, err)
	var calls atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if a := w.do("GET", district, "", header); a.status != http.StatusOK {
					t.Errorf("call %d: %d %s", calls.Load(), a.status, a.body)
					return
				}
				calls.Add(1)
			}
		})
	}
	for range 5 {
		goal := calls.Load() + 20
		require.Eventually(t, func() bool { return calls.Load() >= goal || t.Failed() }, time.Minute, time.Millisecond)
		for _, owner := range []string{"gateway", "schools"} {
			_, err := w.signer.Keys().Rotate(owner, time.Now())
			require.NoError(t, err)
		}
	}
	goal := calls.Load() + 20
	require.Eventually(t, func() bool { return calls.Load() >= goal || t.Failed() }, time.Minute, time.Millisecond)
	close(stop)
	wg.Wait()
	after, err := w.signer.Secret("event stream")
	require.NoError(t, err)
	require.Equal(t, before, after)
}
