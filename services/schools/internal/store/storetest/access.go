package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/account"
	"github.com/tandem-badges/tandem/services/schools/internal/grant"
	"github.com/tandem-badges/tandem/services/schools/internal/person"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/store"
)

// holding asks every question about what somebody holds of the same grants.
func holding(t *testing.T, s *store.Store) {
	ctx := kittest.All(t)
	ana := d1 + "/people/ana"
	require.NoError(t, s.InsertPerson(ctx, person.Person{Name: ana, Meta: meta(), Fields: person.Fields{DisplayName: "Ana"}}))
	start, end := now().Add(time.Hour), now().Add(2*time.Hour)
	give := func(id string, change func(*grant.Grant)) {
		g := grant.Grant{Name: ana + "/grants/" + id, Meta: meta(), Held: grant.Held{Role: grant.TeamLead, Node: school, Start: start, End: end}}
		change(&g)
		require.NoError(t, s.InsertGrant(ctx, g))
	}
	give("timed", func(*grant.Grant) {})
	give("waits", func(g *grant.Grant) { g.Waits = true })
	give("ended", func(g *grant.Grant) { g.EndedAt = now() })
	give("endless", func(g *grant.Grant) { g.Role, g.Start, g.End = grant.Principal, now(), time.Time{} })
	for at, want := range map[time.Duration]struct{ held, open int }{
		-time.Microsecond:              {0, 3},
		0:                              {1, 3},
		time.Hour - time.Microsecond:   {1, 3},
		time.Hour:                      {2, 3},
		2*time.Hour - time.Microsecond: {2, 3},
		2 * time.Hour:                  {1, 1},
	} {
		held, err := s.HeldBy(ctx, ana, now().Add(at))
		require.NoError(t, err)
		require.Len(t, held, want.held, "%s", at)
		all, err := s.Held(ctx, []string{ana, d1 + "/people/none", "people/none"}, now().Add(at))
		require.NoError(t, err)
		require.Len(t, all[ana], want.held, "%s", at)
		found, err := s.Subject(ctx, ana, now().Add(at), now().Add(at))
		require.NoError(t, err)
		require.Len(t, found.Grants, want.held, "%s", at)
		open, err := s.OpenGrants(ctx, ana, now().Add(at))
		require.NoError(t, err)
		require.Len(t, open, want.open, "%s", at)
		holders, err := s.ListHolders(ctx, grant.HolderQuery{At: now().Add(at), Nodes: []string{school}, Below: school}, record.Range{})
		require.NoError(t, err)
		require.Len(t, holders, want.open, "%s", at)
	}
	found, err := s.Subject(ctx, ana, start, start)
	require.NoError(t, err)
	require.Equal(t, grant.Held{Role: grant.TeamLead, Node: school, Start: start, End: end}, found.Grants[1].Held)
	_, err = s.Subject(ctx, d2+"/people/ana", now(), now())
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func links(t *testing.T, s *store.Store) {
	ctx := kittest.All(t)
	link := account.Link{Account: account.Account{Tenant: d1, Issuer: "i", Subject: "s"}, Person: d1 + "/people/ana", At: now()}
	require.NoError(t, s.InsertLink(ctx, link))
	name, err := s.Linked(ctx, link.Account)
	require.NoError(t, err)
	require.Equal(t, link.Person, name)
	has, err := s.HasAccount(ctx, link.Person, "i")
	require.NoError(t, err)
	require.True(t, has)
	for why, other := range map[string]account.Link{
		"the account of somebody":             {Account: link.Account, Person: d1 + "/people/bea"},
		"a second account of the same issuer": {Account: account.Account{Tenant: d1, Issuer: "i", Subject: "t"}, Person: link.Person},
	} {
		require.True(t, problem.Is(s.InsertLink(ctx, other), problem.KindAlreadyExists), why)
	}
	elsewhere := account.Link{Account: account.Account{Tenant: d2, Issuer: "i", Subject: "s"}, Person: d2 + "/people/ana"}
	name, err = s.Linked(ctx, elsewhere.Account)
	require.NoError(t, err)
	require.Empty(t, name, "another district knows nothing of it")
	require.NoError(t, s.InsertLink(ctx, elsewhere))
}

func lifted(t *testing.T, s *store.Store) {
	ctx := kittest.All(t)
	one := restriction.Restriction{Name: d1 + "/restrictions/one", Meta: meta(), Fields: restriction.Fields{Actions: []string{"notes.*"}, Reason: "R"}}
	require.NoError(t, s.InsertRestriction(ctx, one))
	one.Lifted = true
	one.Touch(now())
	require.NoError(t, s.UpdateRestriction(ctx, one))
	_, err := s.Restriction(ctx, one.Name)
	require.True(t, problem.Is(err, problem.KindNotFound))
	list, err := s.ListRestrictions(ctx, d1, record.Range{})
	require.NoError(t, err)
	require.Empty(t, list)
	names, err := s.RestrictingDistricts(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{d1}, names, "its services are still to be told that nothing is forbidden")
}
