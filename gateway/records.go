package gateway

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"

	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"

	"github.com/tandem-badges/tandem/gateway/internal/records"
	recordsapi "github.com/tandem-badges/tandem/gateway/internal/records/api"
	"github.com/tandem-badges/tandem/gateway/internal/rest"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/services/kit/lease"
	kept "github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/run"
)

const (
	dispositionLease = "gateway-dispositions"
	dispositionTTL   = 10 * time.Second
)

// keeping is everything that shows and deletes records. The gateway keeps some
// itself, and is asked like the others.
type keeping struct {
	deps    Deps
	keepers *recordsapi.Keepers
	service *records.Service
	worker  *records.Worker
}

func newKeeping(d Deps) *keeping {
	names := append(rest.Services(), gatewayName)
	k := &keeping{deps: d, keepers: recordsapi.NewKeepers(d.Conns, names)}
	own := store.New(d.DB, d.Clock)
	k.service = &records.Service{
		Store: own, Keepers: k.keepers, Clock: d.Clock, Wake: func() { d.DB.Wake(store.Dispositions) },
	}
	k.worker = &records.Worker{
		Store: own, Keepers: k.keepers, Clock: d.Clock, Log: d.Log, Wakes: d.DB.Wakes(store.Dispositions), Sign: d.Signer.SignStatement,
		Forget: func(ctx context.Context, district string) error {
			for _, service := range rest.Services() {
				if err := d.Bus.Forget(ctx, service, district); err != nil {
					return err
				}
			}
			return nil
		},
	}
	return k
}

func (k *keeping) register(to grpc.ServiceRegistrar) {
	recordsv1.RegisterRecordsServiceServer(to, recordsapi.New(k.keepers, k.service))
	kept.Register(to, &kept.Keeper{DB: k.deps.DB, Clock: k.deps.Clock, Declaration: store.Records()})
}

func (k *keeping) task() run.Task {
	return run.Task{Name: "dispositions", Run: func(ctx context.Context) error {
		err := lease.Run(ctx, k.deps.DB, dispositionLease, gatewayName, dispositionTTL, k.worker.Run)
		if ctx.Err() != nil { // asked to stop
			return nil
		}
		return errors.Join(errors.New("dispositions ended"), err)
	}}
}
