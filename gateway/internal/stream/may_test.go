package stream

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"

	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

// A machine's district is no reason to show it events: its scopes are.
func TestAMachineFollowsEventsOnlyWithTheScopeForThem(t *testing.T) {
	h, err := New(Options{
		Bus: &liveBus{}, Callers: newCallers(), Log: kittest.Log(t), Secret: []byte(strings.Repeat("s", 32)),
		Now: time.Now, Ahead: func() time.Duration { return 0 },
	})
	require.NoError(t, err)
	for scope, want := range map[string]int{"schools.read": http.StatusForbidden, "events.read": http.StatusOK} {
		t.Run(scope, func(t *testing.T) {
			ctx, leave := context.WithCancel(access.WithIdentity(t.Context(), access.Identity{
				Subject: "districts/a/apiClients/sync", Scopes: []string{scope},
				Grants: []access.Grant{{Role: accessv1.Role_ROLE_INTEGRATION, Node: "districts/a"}},
			}))
			leave() // a stream that begins ends at once
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/events:stream", nil))
			require.Equal(t, want, answer.Code, answer.Body.String())
		})
	}
}
