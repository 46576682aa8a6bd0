package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tandem-badges/tandem/deploy/e2e/ledger"
	"github.com/tandem-badges/tandem/deploy/e2e/load"
)

// runLoad loads until its standard input ends, and prints what it saw as JSON. The line "begun"
// says that the first request is about to leave.
func runLoad(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	var o load.Options
	flags.StringVar(&o.URL, "url", "", "address of the gateway")
	flags.IntVar(&o.Rate, "rate", 50, "requests a second")
	flags.IntVar(&o.Tokens, "codes", 4000, "survey codes to make first")
	flags.DurationVar(&o.Settle, "settle", 0, "how long to send again what was not acknowledged")
	records := flags.String("out", "", "file that gets a line for each request")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file, err := os.Create(*records)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	o.Out = file
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	tally, err := load.Run(ctx, o, func() { _, _ = fmt.Fprintln(os.Stdout, "begun") })
	if tally != nil {
		_ = json.NewEncoder(os.Stdout).Encode(tally.Close())
	}
	return err
}

// runLedger compares what clients were told with what is stored. It reads its options as JSON from
// standard input, since they hold passwords, and prints the lines as JSON.
func runLedger(ctx context.Context, _ []string) error {
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	var o ledger.Options
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	counts, err := ledger.Compare(ctx, o)
	_ = json.NewEncoder(os.Stdout).Encode(counts)
	return err
}
