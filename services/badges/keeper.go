package badges

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/keeper"
	"github.com/tandem-badges/tandem/services/badges/internal/store"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// NewKeeper makes the text of a key file for TANDEM_ISSUER_KEEPER.
func NewKeeper() ([]byte, error) { return keeper.New() }

// KeeperOf returns the text of the key file that a service with this folder of keys uses when
// TANDEM_ISSUER_KEEPER names none, and makes the file when it is missing.
func KeeperOf(folder string) ([]byte, error) { return keeper.OfFolder(folder) }

// ErrNoKeeper says that the database holds keys of issuers and nothing is there to open them with.
var ErrNoKeeper = errors.New("the database holds private keys of issuers, and the key file that opens them is not there")

// KeeperState tells what keepers have to do with a database.
type KeeperState struct {
	Signing int  // keys in the database that sign
	Stale   int  // of these, sealed with another than the first keeper
	New     bool // there is no key file yet, and none is needed
}

// CheckKeepers opens the keys in a database with keepers, as the service does when it starts, and
// changes nothing. Without any it takes the key file of the folder and makes none.
func CheckKeepers(ctx context.Context, db *sqldb.DB, folder string, keepers []string) (KeeperState, error) {
	ctx = tenant.Everything(ctx, "the keys of issuers are opened, nobody's records are read")
	if _, err := os.Stat(filepath.Join(folder, keeper.OwnFile)); len(keepers) == 0 && errors.Is(err, fs.ErrNotExist) {
		return withoutKeeper(ctx, db)
	}
	vault, err := keeper.Open(ctx, folder, keepers)
	if err != nil {
		return KeeperState{}, err
	}
	ring := issuer.NewKeyring(store.New(db), vault, clock.NewAdjustable().Now, ids.New)
	signing, stale, err := ring.Examine(ctx)
	return KeeperState{Signing: signing, Stale: stale}, err
}

// withoutKeeper is well as long as nothing needs to be opened.
func withoutKeeper(ctx context.Context, db *sqldb.DB) (KeeperState, error) {
	vault, err := keys.NewVault(noKeeper{})
	if err != nil {
		return KeeperState{}, err
	}
	ring := issuer.NewKeyring(store.New(db), vault, clock.NewAdjustable().Now, ids.New)
	signing, _, err := ring.Examine(ctx)
	return KeeperState{Signing: signing, New: err == nil}, err
}

// noKeeper opens nothing.
type noKeeper struct{}

func (noKeeper) Encrypt(context.Context, []byte) ([]byte, error) { return nil, ErrNoKeeper }
func (noKeeper) Decrypt(context.Context, []byte) ([]byte, error) { return nil, ErrNoKeeper }
