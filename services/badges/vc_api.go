package badges

import (
	"context"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/badges/internal/vcapi"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// readerOf reads documents of strangers. In development mode these may also name the context of the
// W3C's examples, which gives every word a meaning, and define words themselves: conformance suites
// do both.
func readerOf(d run.Deps) (*jsonld.Processor, error) {
	if d.Dev {
		set, err := contexts.Development()
		if err != nil {
			return nil, err
		}
		return jsonld.New(set, jsonld.InlineContexts()), nil
	}
	set, err := contexts.Standard()
	if err != nil {
		return nil, err
	}
	return jsonld.New(set), nil
}

// testIssuer signs what the VC API issues. Its key stays, since status lists are signed with it even
// when the API is turned off again.
func testIssuer(ctx context.Context, ring *issuer.Keyring) (keys.Signer, error) {
	return ring.Platform(ctx, "vc-api")
}

// openVCAPI issues test credentials where the operator turned that on; elsewhere it is nil.
func openVCAPI(ctx context.Context, d run.Deps, rows *store.Store, ring *issuer.Keyring, c credentials) (*vcapi.Service, error) {
	if !d.VCAPI {
		return nil, nil
	}
	reader, err := readerOf(d)
	if err != nil {
		return nil, err
	}
	signer, err := testIssuer(ctx, ring)
	if err != nil {
		return nil, err
	}
	return vcapi.New(vcapi.Parts{
		Tx: rows.Tx, Engine: dataintegrity.New(reader), Office: c.office, Book: c.statuses, Signer: signer,
		Now: clock.NewAdjustable().Now, Dev: d.Dev,
	}), nil
}
