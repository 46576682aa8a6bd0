//go:build tandem_unfiltered

package access_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
)

// The build with the wall between districts off, for the test of the database's own
// wall: what is foreign passes, what is refused at home stays refused.
func TestTheUnfilteredBuildLetsForeignDistrictsThroughAndNothingElse(t *testing.T) {
	id := access.Identity{Subject: "people/p", Grants: grant(accessv1.Role_ROLE_PRINCIPAL, maple)}
	check := func(action, resource string) error { return access.Check(t.Context(), id, rule(action), resource) }
	require.NoError(t, check("journeys.get", other), "a foreign school")
	require.NoError(t, check("journeys.signOff", other))
	require.Error(t, check("journeys.get", cedar), "another school of the own district")
	require.Error(t, check("journeys.signOff", "districts/0880"))
	require.Error(t, check("awards.revoke", other), "what the role may nowhere")

	ctx := access.WithIdentity(context.Background(), id)
	require.True(t, access.ScopeOf(ctx, "journeys.get").Covers(other))
	require.True(t, access.ScopeOf(ctx, "journeys.get").Covers(maple))
	require.False(t, access.ScopeOf(ctx, "journeys.get").Covers(cedar))
	require.False(t, access.ScopeOf(ctx, "awards.revoke").Covers(other))
}
