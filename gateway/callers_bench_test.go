package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway/internal/caller"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/run"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
)

// known answers about people without asking anybody.
type known []access.Grant

func (k known) Grants(context.Context, string) ([]access.Grant, error) { return k, nil }

// What it costs to find out who calls: with the rights at hand, asked of the
// schools service through memory, and the whole call that follows.
func BenchmarkWhoCalls(b *testing.B) {
	keys, err := keystore.OpenFile(b.TempDir(), keystore.Options{Keep: identity.KeyLife})
	require.NoError(b, err)
	signer := identity.NewSigner(keys, identity.Gateway)
	token, err := signer.MintAccess(identity.Access{Subject: "districts/aspen/people/ana"}, identity.MaxAccessLife)
	require.NoError(b, err)
	schools := newFakeSchools()
	schools.grant("districts/aspen/people/ana", coordinator)
	conn := kittest.Serve(b, run.Service{Name: "schools", Register: schools.register}, kittest.ServeOptions{Signer: signer, DB: kittest.SQLite(b, "schools", nil)})
	district := schoolsv1.NewOrganizationsServiceClient(conn)
	req := httptest.NewRequest(http.MethodGet, "/v1/districts/aspen", http.NoBody)
	req.Header.Set("Authorization", "Bearer "+token)
	for name, people := range map[string]caller.People{"rights at hand": known{coordinator}, "rights asked": caller.NewPeople(conn)} {
		callers := caller.New(caller.Options{Verifier: identity.NewVerifier(keys), Signer: signer, People: people, Clock: clock.NewAdjustable()})
		identify := func(b *testing.B) context.Context {
			ctx, known, err := callers.Identify(req)
			if err != nil || !known {
				b.Fatal(err)
			}
			return ctx
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				identify(b)
			}
		})
		b.Run(name+" and a call", func(b *testing.B) {
			for b.Loop() {
				if _, err := district.GetDistrict(identify(b), &schoolsv1.GetDistrictRequest{Name: "districts/aspen"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
