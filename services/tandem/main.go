// Command tandem is the whole platform in one program: it serves all services
// or some of them, migrates their databases, loads demonstration data, plays
// the walkthrough and verifies badges. `tandem --help` lists the commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tandem-badges/tandem/services/kit/config"
	"github.com/tandem-badges/tandem/services/tandem/internal/command"
)

// version and revision are set by the build.
var (
	version  = "dev"
	revision = "unknown"
)

const description = "Tandem: schools earn badges in family-school partnership, and anyone can verify them."

func main() {
	os.Exit(run(os.Args[1:]))
}

// run returns the exit code: 0 done, 1 failed, 2 used wrongly.
func run(args []string) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var cli command.CLI
	parsed, err := config.Parse(&cli, "tandem", description, args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tandem:", err)
		return 2
	}
	parsed.BindTo(context.Background(), (*context.Context)(nil))
	if err := parsed.Run(command.Version(version), command.Revision(revision)); err != nil {
		var exit command.ExitError
		if errors.As(err, &exit) {
			return exit.Code
		}
		fmt.Fprintln(os.Stderr, "tandem:", err)
		return 1
	}
	return 0
}
