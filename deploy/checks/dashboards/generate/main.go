// Command generate writes deploy/dashboards. Run it in deploy/checks:
//
//	GOWORK=off go run ./dashboards/generate
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/tandem-badges/tandem/deploy/checks/dashboards"
)

func main() {
	out := flag.String("out", "../dashboards", "folder that gets the files")
	flag.Parse()
	for name, dashboard := range dashboards.All() {
		text, err := dashboards.Encode(dashboard)
		if err != nil {
			log.Fatal(err)
		}
		// Others read them: Grafana in a container of deploy/compose.
		if err := os.WriteFile(filepath.Join(*out, name), text, 0o644); err != nil { //nolint:gosec // public text
			log.Fatal(err)
		}
	}
}
