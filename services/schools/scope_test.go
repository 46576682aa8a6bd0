package schools_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func TestWhoeverCallsAListHoldsWhatGetShows(t *testing.T) {
	r := newRig(t)
	r.land()
	grant := rapid.Custom(func(rt *rapid.T) access.Grant {
		return access.Grant{
			Role: accessv1.Role(rapid.Int32Range(1, 9).Draw(rt, "role")),
			Node: rapid.SampledFrom([]string{"", d1, d2, s1, s2, other, d1 + "/schools/none"}).Draw(rt, "node"),
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		ctx := kittest.Context(t, "people/x", rapid.SliceOfN(grant, 1, 3).Draw(rt, "grants")...)
		listed := map[string]bool{}
		for _, s := range ok(r, r.orgs.ListSchools)(ctx, &schoolsv1.ListSchoolsRequest{Parent: "districts/-"}).GetSchools() {
			listed[s.GetName()] = true
		}
		for _, d := range ok(r, r.orgs.ListDistricts)(ctx, &schoolsv1.ListDistrictsRequest{}).GetDistricts() {
			listed[d.GetName()] = true
		}
		for _, name := range []string{s1, s2, other} {
			_, err := r.orgs.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: name})
			require.Equal(rt, listed[name], err == nil, "%s: %v", name, err)
			if err != nil {
				require.Equal(rt, codes.NotFound, status.Code(err))
			}
		}
		for _, name := range []string{d1, d2} {
			_, err := r.orgs.GetDistrict(ctx, &schoolsv1.GetDistrictRequest{Name: name})
			require.Equal(rt, listed[name], err == nil, "%s: %v", name, err)
		}
	})
}

func TestATokenLeadsOnOnlyInTheListThatGaveIt(t *testing.T) {
	r := newRig(t)
	r.land()
	first := ok(r, r.orgs.ListSchools)(r.state(), &schoolsv1.ListSchoolsRequest{Parent: "districts/-", PageSize: 1})
	token := first.GetNextPageToken()
	require.NotEmpty(t, token)
	require.Len(t, ok(r, r.orgs.ListSchools)(r.state(), &schoolsv1.ListSchoolsRequest{Parent: "districts/-", PageSize: 2, PageToken: token}).GetSchools(), 2)
	bad := invalid("page_token: from_previous_page")
	for name, req := range map[string]*schoolsv1.ListSchoolsRequest{
		"another parent": {Parent: d1, PageToken: token},
		"another filter": {Parent: "districts/-", Filter: "charter", PageToken: token},
		"a cut token":    {Parent: "districts/-", PageToken: token[:len(token)-2]},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, bad, refused(r, r.orgs.ListSchools)(r.state(), req)) })
	}
	require.Equal(t, bad, refused(r, r.orgs.ListDistricts)(r.state(), &schoolsv1.ListDistrictsRequest{PageToken: token}))
	lead := ok(r, r.orgs.ListSchools)(r.lead(), &schoolsv1.ListSchoolsRequest{Parent: "districts/-", PageToken: token})
	for _, s := range lead.GetSchools() {
		require.Equal(t, s1, s.GetName(), "a token opens nothing")
	}
}
