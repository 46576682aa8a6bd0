package badges

import (
	"context"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// checkerOf verifies credentials of anybody. Addresses in them are of strangers, and are looked up
// by a client that reaches no private network.
func checkerOf(d run.Deps, kept issuing.Kept, known issuing.Known, statuses *status.Book) (*issuing.Checker, error) {
	reader, err := readerOf(d)
	if err != nil {
		return nil, err
	}
	verify := verifier.New(dataintegrity.New(reader))
	client := egress.New(egress.Options{AllowLoopback: d.Dev})
	return issuing.NewChecker(issuing.CheckerOptions{
		Verifier: verify, Store: kept, Known: known, Statuses: statuses, PublicURL: d.PublicURL, Now: clock.NewAdjustable().Now, Dev: d.Dev,
		TestList: func(ctx context.Context, name string) ([]byte, error) {
			list, err := statuses.List(ctx, name)
			return list.Document, err
		},
		Web: verifier.WebLists{Client: client}, Keys: did.Web{Client: client, Loopback: d.Dev},
	}), nil
}
