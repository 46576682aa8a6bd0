// Command e2e tries the chart and the image on a real cluster: installs them, plays a school's
// year, upgrades and rolls back under load, scales, kills and powers off, takes a backup and
// restores it, and compares what clients were told with what is stored. run.sh builds and starts it.
//
// The same program is started by itself inside the cluster, where service names and pod addresses
// work: `load` puts a constant load on the gateway, `ledger` compares, `leases` watches that work
// meant for one is done by one, `through` runs a program beside a service, `callers` and
// `certificates` try who is let in and by what servers prove themselves.
//
// Packages: cluster brings up the kube kit or kind, load and ledger are said above, and the steps
// are in package suite.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// commands by their name.
var commands = map[string]func(ctx context.Context, args []string) error{
	"run": runSteps, "load": runLoad, "ledger": runLedger, "leases": runLeases,
	"through": runThrough, "callers": runCallers, "certificates": runCertificates,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: e2e run; deploy/e2e/run.sh starts it")
	}
	return commands[args[0]](ctx, args[1:])
}
