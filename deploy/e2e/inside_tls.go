package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/tandem-badges/tandem/deploy/e2e/callers"
)

// runCallers tries who is let in at an address. It reads its options as JSON from standard input,
// since they hold keys.
func runCallers(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: e2e callers HOST:PORT")
	}
	var o callers.Options
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	return callers.Try(ctx, args[0], o)
}

// runCertificates prints which round of certificates each server shows, as JSON: `certificates
// COMPONENT=HOST:PORT ...`. One that does not answer shows none.
func runCertificates(ctx context.Context, args []string) error {
	rounds := map[string]string{}
	for _, server := range args {
		component, address, _ := strings.Cut(server, "=")
		rounds[server], _ = callers.Round(ctx, address, component == "nats")
	}
	return json.NewEncoder(os.Stdout).Encode(rounds)
}
