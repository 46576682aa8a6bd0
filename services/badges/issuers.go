package badges

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/keeper"
	"github.com/tandem-badges/tandem/services/badges/internal/peers"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// keyFolder is where an installation keeps keys in files, in its data folder.
func keyFolder(d run.Deps) string { return filepath.Join(d.DataDir, "keys") }

// openKeyring opens the private keys of issuers and of the platform.
func openKeyring(ctx context.Context, d run.Deps, rows *store.Store) (*issuer.Keyring, error) {
	vault, err := keeper.Open(ctx, keyFolder(d), d.Keepers)
	if err != nil {
		return nil, err
	}
	ring := issuer.NewKeyring(rows, vault, clock.NewAdjustable().Now, ids.New)
	if err := ring.Check(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", keeper.Setting, err)
	}
	return ring, nil
}

// openOffice opens the issuers. An installation from before there were any had its only key in a
// file: it becomes the first key of the state's issuer, so that its badges stay good.
func openOffice(ctx context.Context, d run.Deps, rows *store.Store, ring *issuer.Keyring, log issuer.Log, others *peers.Peers) (*issuer.Office, error) {
	folder, err := keys.NewFileStore(keyFolder(d))
	if err != nil {
		return nil, err
	}
	old, made, err := folder.Existing("issuer")
	if err != nil {
		return nil, err
	}
	if old != nil {
		d.Log.WarnContext(ctx, "the key of the state's issuer lies unencrypted in keys/issuer.pem; it is kept in the database by now, take the file away")
	}
	office := issuer.NewOffice(issuer.Options{
		Store: rows, Keyring: ring, Log: log, Districts: others, PublicURL: d.PublicURL, Now: clock.NewAdjustable().Now, NewID: ids.New,
	})
	return office, office.Start(ctx, issuer.Legacy{Key: old, Made: made})
}
