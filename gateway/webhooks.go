package gateway

import (
	"context"
	"errors"
	"os"
	"time"

	"google.golang.org/grpc"

	gatewayv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/gateway/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/rest"
	"github.com/tandem-badges/tandem/gateway/internal/seal"
	"github.com/tandem-badges/tandem/gateway/internal/sight"
	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/gateway/internal/webhook"
	webhookapi "github.com/tandem-badges/tandem/gateway/internal/webhook/api"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/egress"
	"github.com/tandem-badges/tandem/services/kit/lease"
	"github.com/tandem-badges/tandem/services/kit/run"
)

const (
	feedLease = "gateway-webhooks"
	feedTTL   = 10 * time.Second
)

// webhooks is everything that sends events to addresses outside. Its clock is
// real time: receivers check signatures against theirs.
type webhooks struct {
	deps    Deps
	service *webhook.Service
	feeder  *webhook.Feeder
}

func newWebhooks(d Deps) (*webhooks, error) {
	secret, err := d.Signer.Secret("webhooks")
	if err != nil {
		return nil, err
	}
	box, err := seal.New(secret)
	if err != nil {
		return nil, err
	}
	kinds, err := sight.Read()
	if err != nil {
		return nil, err
	}
	real, outside := clock.NewAdjustable(), egress.Options{AllowLoopback: d.Dev}
	kept := store.New(d.DB, real)
	districts := schoolsv1.NewOrganizationsServiceClient(rest.Upstream(d.Conns["schools"]))
	w := &webhooks{deps: d, feeder: &webhook.Feeder{Store: kept, Bus: d.Bus, Kinds: kinds, Clock: real, Log: d.Log}}
	w.service = &webhook.Service{
		Store: kept, Clock: real, Box: box, Kinds: kinds, Egress: outside,
		District: func(ctx context.Context, name string) error {
			_, err := districts.GetDistrict(ctx, &schoolsv1.GetDistrictRequest{Name: name})
			return err
		},
		Sender: &webhook.Sender{
			Store: kept, Clock: real, Box: box, Client: egress.New(outside), Log: d.Log, Wakes: d.DB.Wakes(store.Webhooks),
			Results: webhook.NewResults(),
		},
	}
	return w, nil
}

func (w *webhooks) register(to grpc.ServiceRegistrar) {
	gatewayv1.RegisterWebhooksServiceServer(to, webhookapi.New(w.service))
}

// tasks follow the bus in one replica and send in all of them.
func (w *webhooks) tasks() []run.Task {
	return []run.Task{
		{Name: "webhook feed", Run: func(ctx context.Context) error {
			holder, _ := os.Hostname()
			err := lease.Run(ctx, w.deps.DB, feedLease, holder, feedTTL, w.feeder.Run)
			if ctx.Err() != nil { // asked to stop
				return nil
			}
			return errors.Join(errors.New("webhook feed ended"), err)
		}},
		{Name: "webhook sender", Run: func(ctx context.Context) error {
			return w.deps.DB.WhileWritable(ctx, w.service.Sender.Run) // each try is written down
		}},
	}
}
