package doctor

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/tandem-badges/tandem/services/badges"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

const bringKeeper = "Put back the key file that encrypted them (keys/issuer-keeper.key of the data folder, or what TANDEM_ISSUER_KEEPER named) from its copy. Without it nobody can sign as these issuers again."

// lookAtKeeper says whether the private keys of issuers in the database can be
// opened, which the badges service does when it starts.
func (e *examination) lookAtKeeper(ctx context.Context, n *notes) {
	if !e.runs(app.Badges) {
		n.ok("keeper", "badges does not run here, and nobody else needs it")
		return
	}
	db, err := e.open(ctx, app.Badges)
	if err != nil {
		n.warn("keeper", "Mend what the group database names, and look again.", "not looked at: the database of badges cannot be used")
		return
	}
	defer func() { _ = db.Close() }()
	if behind, err := e.behind(ctx, db, app.Badges); err != nil || behind {
		n.warn("keeper", "Run `tandem migrate`, and look again.", "not looked at: the database of badges is not migrated")
		return
	}
	state, err := badges.CheckKeepers(ctx, db, filepath.Join(e.Settings.Data, "keys"), e.Settings.IssuerKeeper)
	switch {
	case errors.Is(err, keys.ErrSealed) || errors.Is(err, badges.ErrNoKeeper):
		n.fail("keeper", bringKeeper, "%v", err)
	case err != nil:
		n.fail("keeper", "Name with TANDEM_ISSUER_KEEPER a key file of mode 600 (440 for a mounted secret), or a key service that answers.", "%v", err)
	case state.New:
		n.warn("keeper", "Nothing, if this is a new installation: the first start makes a key file. Copy it to where the database's copies are not.", "there is no key file, and nothing in the database that needs it")
	case state.Stale > 0:
		n.warn("keeper", "Nothing: the next start of badges encrypts them anew. After that the old keeper can be left out.", "%d of %d keys of issuers are encrypted with another keeper than the first", state.Stale, state.Signing)
	default:
		n.ok("keeper", "opens all %d keys that sign", state.Signing)
	}
}
