// Command asyncapi writes the AsyncAPI 3 document of the platform: every subject
// on the bus, who publishes it, and what its message holds.
//
// All of it comes from the event messages of the protos (package schema compiles
// them): the option tandem.events.v1.event names the subject, comments describe
// message and fields. deploy/tools/generate.sh calls it, and a test holds the
// committed document equal to the protos.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

func main() {
	root := flag.String("protos", ".", "folder of the proto module")
	out := flag.String("out", "gen/asyncapi/asyncapi.yaml", "file to write")
	flag.Parse()
	if err := run(context.Background(), *root, *out); err != nil {
		fmt.Fprintln(os.Stderr, "asyncapi:", err)
		os.Exit(1)
	}
}

// run writes the document of the protos below root.
func run(ctx context.Context, root, out string) error {
	protos, err := schema.Load(ctx, root)
	if err != nil {
		return err
	}
	text, err := Encode(Build(protos))
	if err != nil {
		return err
	}
	return os.WriteFile(out, text, 0o644)
}
