package app

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/keystore"
)

// OpenKeys opens the keys in a data folder.
func OpenKeys(data string, log *slog.Logger) (*keystore.File, error) {
	keys, err := keystore.OpenFile(filepath.Join(data, "keys"), keystore.Options{Keep: identity.KeyLife, Log: log})
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return keys, nil
}

// openKeys opens the keys and sees that what this process runs can prove itself:
// better now than at the first call. The private keys of others it never needs.
func (a *App) openKeys(context.Context) error {
	keys, err := OpenKeys(a.settings.Data, a.log)
	if err != nil {
		return err
	}
	for _, name := range a.targets {
		if _, err := keys.Signing(name); err != nil {
			return fmt.Errorf("key of %s: %w", name, err)
		}
		a.signers[name] = identity.NewSigner(keys, name)
	}
	a.verifier = identity.NewVerifier(keys)
	return nil
}
