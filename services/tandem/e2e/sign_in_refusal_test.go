package e2e

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// independent signs people in through an issuer that two districts share: what it
// says in a claim decides which district an account is of.
func (d *door) independent(t *testing.T) {
	d.issuer = startIssuer(t, d.url, []string{"aspen", "birch"}, accounts)
	for id, code := range map[string]string{"aspen": "0101", "birch": "0202"} {
		require.NoError(t, d.admin.Post(t.Context(), "/v1/identityProviders", url.Values{"identityProviderId": {id}}, map[string]any{
			"title": "Schools of " + id, "issuer": d.issuer.url, "clientId": clientOf(id), "clientSecret": secretOf(id),
			"tenant": "districts/" + id, "tenantClaim": "district", "tenantValue": code,
		}, nil))
	}
	require.Contains(t, newBrowser(t).get(d.url+"/sign-in").body, "Schools of aspen")
	t.Run("somebody of the roster", d.somebody)
	t.Run("who is not let in", d.notLetIn)
	t.Run("the same mail in another district", d.twin)
	t.Run("a replayed state", d.replayed)
	t.Run("the state of another browser", d.anotherBrowser)
	t.Run("a stolen code", d.stolenCode)
	t.Run("a code used twice", d.usedTwice)
	t.Run("an answer of another issuer", d.anotherIssuer)
	t.Run("a key taken back", d.keyTakenBack)
}

func (d *door) somebody(t *testing.T) {
	b := newBrowser(t)
	done := b.get(b.reach(d.url+"/sign-in/aspen?to=/verify", "canary-ana"))
	require.Equal(t, d.url+"/verify", done.at.String(), done.body)
	d.signsOut(t, b, ana, "Ana Example", func(p page) page {
		require.Contains(t, p.at.String(), d.issuer.url+"/", "the issuer asks whether to sign out of it, too")
		return b.submit(p, url.Values{"logout": {"yes"}})
	})
	b.stop = func(next *url.URL) bool { return next.Path == "/sign-in/aspen/callback" }
	require.Contains(t, b.get(d.url+"/sign-in/aspen").body, `name="login"`, "the issuer has forgotten them")
}

func (d *door) notLetIn(t *testing.T) {
	for name, c := range map[string]struct{ provider, account, reason string }{
		"an account of another district": {"aspen", "canary-twin", "wrong_tenant"},
		"the other way round":            {"birch", "canary-ana", "wrong_tenant"},
		"an account of no district":      {"aspen", "canary-nowhere", "wrong_tenant"},
		"a mail nobody vouches for":      {"aspen", "canary-unverified", "unverified_mail"},
		"somebody not on the roster":     {"aspen", "canary-unknown", "unknown_person"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t)
			require.Equal(t, c.reason, d.refused(t, b, b.get(b.reach(d.url+"/sign-in/"+c.provider, c.account))))
		})
	}
}

// The address of somebody in one district opens nothing in another; there it is
// somebody else's, if anybody's.
func (d *door) twin(t *testing.T) {
	b := newBrowser(t)
	require.Equal(t, "unknown_person", d.refused(t, b, b.get(b.reach(d.url+"/sign-in/birch", "canary-twin"))))
	d.person(t, bea, map[string]any{"displayName": "Bea Example", "email": anaMail})
	b.get(b.reach(d.url+"/sign-in/birch", "canary-twin"))
	var me struct{ Subject string }
	b.read(d.url+"/v1/whoAmI", &me)
	require.Equal(t, bea, me.Subject)
	other := newBrowser(t)
	other.get(other.reach(d.url+"/sign-in/aspen", "canary-ana"))
	other.read(d.url+"/v1/whoAmI", &me)
	require.Equal(t, ana, me.Subject)
}

func (d *door) replayed(t *testing.T) {
	b := newBrowser(t)
	callback := b.reach(d.url+"/sign-in/aspen", "canary-ana")
	b.get(callback)
	require.True(t, d.knows(b))
	b.send(http.MethodPost, d.url+"/sign-out", nil, d.url)
	require.Equal(t, "stale", d.refused(t, b, b.get(callback)))
}

// Whoever lures somebody to the end of a sign-in of their own signs nobody in,
// and whoever sees an address of that kind has no use for it.
func (d *door) anotherBrowser(t *testing.T) {
	b, other, empty := newBrowser(t), newBrowser(t), newBrowser(t)
	other.reach(d.url+"/sign-in/aspen", "canary-ana") // has a cookie of its own
	require.Equal(t, "other_browser", d.refused(t, other, other.get(b.reach(d.url+"/sign-in/aspen", "canary-ana"))))
	require.Equal(t, "other_browser", d.refused(t, empty, empty.get(b.reach(d.url+"/sign-in/aspen", "canary-ana"))))
}

// A code is of no use to a browser that has not the verifier: oidc-provider, not
// we, compares it with the challenge.
func (d *door) stolenCode(t *testing.T) {
	victim, thief := newBrowser(t), newBrowser(t)
	stolen := victim.reach(d.url+"/sign-in/aspen", "canary-ana")
	own := thief.reach(d.url+"/sign-in/aspen", "canary-unknown")
	require.Equal(t, "code_refused", d.refused(t, thief, thief.get(with(t, own, "code", ofQuery(t, stolen, "code")))))
	victim.get(stolen)
	require.True(t, d.knows(victim), "the code was good")
}

// The state that a code came with is spent, so somebody who has it would bring it
// with another one: that has another verifier.
func (d *door) usedTwice(t *testing.T) {
	b := newBrowser(t)
	first := b.reach(d.url+"/sign-in/aspen", "canary-ana")
	b.get(first)
	require.True(t, d.knows(b))
	b.send(http.MethodPost, d.url+"/sign-out", nil, d.url)
	second := b.reach(d.url+"/sign-in/aspen", "canary-ana")
	require.Equal(t, "code_refused", d.refused(t, b, b.get(with(t, second, "code", ofQuery(t, first, "code")))))
}

// oidc-provider says in its answers who it is (RFC 9207).
func (d *door) anotherIssuer(t *testing.T) {
	b := newBrowser(t)
	callback := b.reach(d.url+"/sign-in/aspen", "canary-ana")
	require.Equal(t, d.issuer.url, ofQuery(t, callback, "iss"))
	require.Equal(t, "mixed_up", d.refused(t, b, b.get(with(t, callback, "iss", "https://issuer.example.org"))))
	callback = b.reach(d.url+"/sign-in/aspen", "canary-ana")
	require.Equal(t, "mixed_up", d.refused(t, b, b.get(with(t, callback, "iss", ""))))
}

// Keys are asked for at each sign-in, so what the issuer took back counts no more.
func (d *door) keyTakenBack(t *testing.T) {
	b := newBrowser(t)
	b.get(b.reach(d.url+"/sign-in/aspen", "canary-ana"))
	require.True(t, d.knows(b))
	b.send(http.MethodPost, d.url+"/sign-out", nil, d.url)
	d.issuer.keys(t, "withdrawn")
	require.Equal(t, "token_refused", d.refused(t, b, b.get(b.reach(d.url+"/sign-in/aspen", "canary-ana"))))
	d.issuer.keys(t, "published")
	b.get(b.reach(d.url+"/sign-in/aspen", "canary-ana"))
	require.True(t, d.knows(b))
}

// ofQuery is one of the query of an address.
func ofQuery(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	require.True(t, u.Query().Has(name), name)
	return u.Query().Get(name)
}

// with sets a parameter of an address, or takes it away.
func with(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	u.RawQuery = q.Encode()
	return u.String()
}
