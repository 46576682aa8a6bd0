package account_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

const (
	home    = schoolstest.District
	foreign = schoolstest.Foreign
	issuer  = "https://id.example.org"
)

func accounts(w *schoolstest.World) account.Service {
	return account.Service{Store: w.Store, Clock: w.Clock}
}

func register(t testing.TB, w *schoolstest.World, name, mail string) {
	t.Helper()
	parent, _, id := record.Split(name)
	_, err := w.People().Create(kittest.All(t), schoolstest.Root(), parent, id, person.Fields{DisplayName: id, Email: mail}, nil)
	require.NoError(t, err)
}

func disable(t testing.TB, w *schoolstest.World, name string) {
	t.Helper()
	_, err := w.People().Update(kittest.All(t), schoolstest.Root(), name, "", func(f person.Fields) person.Fields { f.Disabled = true; return f })
	require.NoError(t, err)
}

func visitor(tenant, subject, mail string) account.Visitor {
	return account.Visitor{
		Account: account.Account{Tenant: tenant, Issuer: issuer, Subject: subject}, Email: mail, EmailVerified: true, DisplayName: "Ana Ng",
	}
}

func TestTheFirstSignInLinksTheAccountAndThenOnlyTheAccountCounts(t *testing.T) {
	w := schoolstest.New(t)
	register(t, w, home+"/people/ana", "Ana@Example.org")
	register(t, w, foreign+"/people/ana", "ana@example.org")
	signIn := func(v account.Visitor) (string, account.Refusal) {
		name, refusal, err := accounts(w).SignIn(kittest.All(t), v, false)
		require.NoError(t, err)
		return name, refusal
	}
	name, refusal := signIn(visitor(home, "1", "aNA@example.ORG"))
	require.Equal(t, home+"/people/ana", name, "in any case of the letters, and of the own tenant")
	require.Empty(t, refusal)

	later := visitor(home, "1", "other@example.org")
	later.EmailVerified = false
	name, _ = signIn(later)
	require.Equal(t, home+"/people/ana", name, "the account is known by itself")
	name, refusal = signIn(visitor(home, "2", "ana@example.org"))
	require.Equal(t, []any{"", account.LinkedElsewhere}, []any{name, refusal})
	second := visitor(home, "2", "ana@example.org")
	second.Issuer = "https://other.example.org"
	name, _ = signIn(second)
	require.Equal(t, home+"/people/ana", name, "another issuer of the tenant is another account")

	name, _ = signIn(visitor(foreign, "1", "ana@example.org"))
	require.Equal(t, foreign+"/people/ana", name, "the same account in another tenant is another person")
	disable(t, w, home+"/people/ana")
	_, refusal = signIn(visitor(home, "1", "ana@example.org"))
	require.Equal(t, account.Disabled, refusal)
}

func TestWhoIsNotSignedIn(t *testing.T) {
	w := schoolstest.New(t)
	register(t, w, home+"/people/ana", "ana@example.org")
	register(t, w, home+"/people/kate", "kate@example.org")
	register(t, w, home+"/people/twin", "twin@example.org")
	register(t, w, home+"/people/twin-2", "TWIN@example.org")
	register(t, w, home+"/people/gone", "gone@example.org")
	register(t, w, home+"/people/blank", "")
	register(t, w, "people/ada", "ada@example.org")
	register(t, w, foreign+"/people/fay", "fay@example.org")
	disable(t, w, home+"/people/gone")
	unverified := visitor(home, "1", "ana@example.org")
	unverified.EmailVerified = false
	for name, c := range map[string]struct {
		v    account.Visitor
		want account.Refusal
	}{
		"an address that nobody vouches for":          {unverified, account.EmailUnverified},
		"an address that nobody has":                  {visitor(home, "1", "x@example.org"), account.UnknownPerson},
		"no address":                                  {visitor(home, "1", ""), account.UnknownPerson},
		"an address that two people have":             {visitor(home, "1", "twin@example.org"), account.Ambiguous},
		"somebody who may not any more":               {visitor(home, "1", "gone@example.org"), account.Disabled},
		"somebody of another district":                {visitor(home, "1", "fay@example.org"), account.UnknownPerson},
		"somebody of the state office, by a district": {visitor(home, "1", "ada@example.org"), account.UnknownPerson},
		"somebody of a district, by the state office": {visitor("", "1", "ana@example.org"), account.UnknownPerson},
		"a letter that only looks like another":       {visitor(home, "1", "\u212Aate@example.org"), account.UnknownPerson},
		"a part of an address":                        {visitor(home, "1", "%@example.org"), account.UnknownPerson},
	} {
		t.Run(name, func(t *testing.T) {
			got, refusal, err := accounts(w).SignIn(kittest.All(t), c.v, false)
			require.NoError(t, err)
			require.Equal(t, c.want, refusal)
			require.Empty(t, got)
		})
	}
	_, _, err := accounts(w).SignIn(kittest.All(t), visitor("districts/none", "1", "ana@example.org"), true)
	require.Equal(t, []string{"RESOURCE_NOT_FOUND districts/none"}, schoolstest.Refusal(t, err))
}

func TestSomebodyUnknownIsRegisteredWithoutRoles(t *testing.T) {
	w := schoolstest.New(t)
	told := len(w.Events(t))
	name, refusal, err := accounts(w).SignIn(kittest.All(t), visitor(home, "1", "new@example.org"), true)
	require.NoError(t, err)
	require.Empty(t, refusal)
	p, err := w.People().Get(kittest.All(t), name)
	require.NoError(t, err)
	require.Equal(t, home, record.Parent(name))
	require.Equal(t, person.Fields{DisplayName: "Ana Ng", Email: "new@example.org"}, p.Fields)
	require.Empty(t, p.Grants)
	require.Equal(t, []string{"PersonChanged " + name}, w.Events(t)[told:])
	again, _, err := accounts(w).SignIn(kittest.All(t), visitor(home, "1", "new@example.org"), true)
	require.NoError(t, err)
	require.Equal(t, name, again)
	require.Len(t, w.Events(t), told+1, "once is enough")

	plain := account.Visitor{Account: account.Account{Tenant: "", Issuer: issuer, Subject: "2"}}
	office, _, err := accounts(w).SignIn(kittest.All(t), plain, true)
	require.NoError(t, err)
	p, err = w.People().Get(kittest.All(t), office)
	require.NoError(t, err)
	require.Equal(t, person.Fields{DisplayName: "New colleague"}, p.Fields)
	require.Empty(t, record.Parent(office))
}

func TestASubjectIsAPersonWithWhatHoldsOrSoonWill(t *testing.T) {
	w := schoolstest.New(t)
	now := w.Clock.Now()
	cora := w.Hire(t, home+"/people/cora", grant.DistrictCoordinator, home)
	register(t, w, home+"/people/ana", "")
	give := func(id string, start, end time.Duration) {
		asked := grant.Held{Role: grant.TeamLead, Node: schoolstest.School}
		if start > 0 {
			asked.Start = now.Add(start)
		}
		if end > 0 {
			asked.End = now.Add(end)
		}
		_, err := w.Grants().Create(kittest.All(t), cora, home+"/people/ana", id, asked, "")
		require.NoError(t, err)
	}
	give("now", 0, 0)
	give("brief", 0, time.Minute)
	give("soon", time.Hour, 0)
	give("later", time.Hour+time.Microsecond, 0)
	give("over", 0, 0)
	_, err := w.Grants().End(kittest.All(t), cora, home+"/people/ana/grants/over", "", "Over.")
	require.NoError(t, err)
	_, err = w.Grants().Create(kittest.All(t), cora, home+"/people/ana", "waits", grant.Held{
		Role: grant.OutsideEvaluator, Node: home, End: now.Add(time.Hour),
	}, "")
	require.NoError(t, err)
	held := func() []string {
		found, err := accounts(w).Resolve(kittest.All(t), home+"/people/ana")
		require.NoError(t, err)
		ids := []string{}
		for _, g := range found.Grants {
			ids = append(ids, strings.TrimPrefix(g.Name, home+"/people/ana/grants/"))
		}
		return ids
	}
	require.ElementsMatch(t, []string{"now", "brief", "soon"}, held())
	w.Clock.Advance(time.Minute)
	require.ElementsMatch(t, []string{"now", "soon", "later"}, held(), "one ended, another comes closer")
	disable(t, w, home+"/people/ana")
	found, err := accounts(w).Resolve(kittest.All(t), home+"/people/ana")
	require.NoError(t, err)
	require.Equal(t, account.Subject{Name: home + "/people/ana", DisplayName: "ana", Disabled: true}, found)
	for _, missing := range []string{home + "/people/none", "people/dev-admin", "people/operator", foreign + "/people/ana"} {
		_, err := accounts(w).Resolve(kittest.All(t), missing)
		require.Equal(t, []string{"RESOURCE_NOT_FOUND " + missing}, schoolstest.Refusal(t, err))
	}
}

// TestAnAccountIsOnePersonOfItsTenantForGood lets accounts of two issuers sign in
// to three tenants in any order.
func TestAnAccountIsOnePersonOfItsTenantForGood(t *testing.T) {
	w := schoolstest.New(t)
	tenants := []string{home, foreign, ""}
	linked := 0
	rapid.Check(t, func(rt *rapid.T) {
		tag := rapid.StringMatching(`[a-z]{12}`).Draw(rt, "names of this round")
		mails := []string{"", tag + "a@example.org", strings.ToUpper(tag) + "A@example.org", tag + "b@example.org"}
		for _, tenant := range tenants {
			for i := range rapid.IntRange(0, 3).Draw(rt, "people") {
				register(t, w, record.Join(tenant, "people", fmt.Sprintf("%s-%d", tag, i)), rapid.SampledFrom(mails).Draw(rt, "mail"))
			}
		}
		persons, owners := map[account.Account]string{}, map[string]account.Account{}
		for range rapid.IntRange(1, 12).Draw(rt, "sign-ins") {
			v := account.Visitor{
				Account: account.Account{
					Tenant: rapid.SampledFrom(tenants).Draw(rt, "tenant"), Issuer: rapid.SampledFrom([]string{"i", "j"}).Draw(rt, "issuer"),
					Subject: tag + rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "subject"),
				},
				Email: rapid.SampledFrom(mails).Draw(rt, "mail"), EmailVerified: rapid.Bool().Draw(rt, "verified"),
			}
			name, refusal, err := accounts(w).SignIn(kittest.All(t), v, rapid.Bool().Draw(rt, "create"))
			require.NoError(rt, err)
			before, known := persons[v.Account]
			if known {
				require.Equal(rt, before, name, "an account stays whose it is")
				continue
			}
			require.NotEqual(rt, name == "", refusal == "", "either a person or a reason")
			if name == "" {
				continue
			}
			linked++
			require.Equal(rt, v.Tenant, record.Parent(name), "never somebody of another tenant")
			owner, taken := owners[name+" "+v.Issuer]
			require.False(rt, taken, "%s has the account %v of this issuer", name, owner)
			require.True(rt, v.EmailVerified || v.Email == "", "nobody vouches for this address")
			p, err := w.People().Get(kittest.All(t), name)
			require.NoError(rt, err)
			require.True(rt, strings.EqualFold(p.Email, v.Email), "%q is not %q", p.Email, v.Email)
			persons[v.Account], owners[name+" "+v.Issuer] = name, v.Account
		}
	})
	require.NotZero(t, linked, "nobody signed in")
}
