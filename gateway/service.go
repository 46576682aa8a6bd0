package gateway

import (
	"io/fs"

	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/gateway/internal/store"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// gatewayName is the name of the gateway among the services.
const gatewayName = "gateway"

// Migrations makes and changes the tables of the gateway, with a folder per dialect.
var Migrations fs.FS = store.Migrations()

// service is what the gateway itself answers over gRPC, behind the same chain as
// every other service, so that access rules, validation and errors are the same.
func service(d Deps, people *signIn, machines *machines) (run.Service, error) {
	hooks, err := newWebhooks(d)
	if err != nil {
		return run.Service{}, err
	}
	kept := newKeeping(d)
	svc := run.Service{
		Name: gatewayName,
		Register: func(to grpc.ServiceRegistrar) {
			people.register(to)
			machines.register(to)
			hooks.register(to)
			kept.register(to)
		},
		Tasks:  append(hooks.tasks(), people.task(), machines.task(), kept.task()),
		Checks: []run.Check{{Name: "database", Probe: d.DB.Ping}},
	}
	return svc, nil
}
