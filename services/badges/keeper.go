package badges

import "github.com/tandem-badges/tandem/services/badges/internal/keeper"

// NewKeeper makes the text of a key file for TANDEM_ISSUER_KEEPER.
func NewKeeper() ([]byte, error) { return keeper.New() }

// KeeperOf returns the text of the key file that a service with this folder of keys uses when
// TANDEM_ISSUER_KEEPER names none, and makes the file when it is missing.
func KeeperOf(folder string) ([]byte, error) { return keeper.OfFolder(folder) }
