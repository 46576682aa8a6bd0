// Command inventory writes the data inventory of the documentation: every field of
// the API with personal data, whose it is, what for, and how long it is kept, as
// Markdown and as CSV. It reads the annotations of the protos and the retention
// schedule, so that the inventory cannot say anything else than they do; a test
// holds the committed files equal to it. deploy/tools/generate.sh runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

func main() {
	out := flag.String("out", "", "folder to write into")
	protos := flag.String("protos", ".", "folder of the protos")
	flag.Parse()
	if err := write(*protos, *out); err != nil {
		fmt.Fprintln(os.Stderr, "data inventory:", err)
		os.Exit(1)
	}
}

func write(protos, out string) error {
	files, err := inventory(protos)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// inventory are the files by name.
func inventory(protos string) (map[string]string, error) {
	api, err := schema.Load(context.Background(), protos)
	if err != nil {
		return nil, err
	}
	entries, err := entriesOf(api)
	if err != nil {
		return nil, err
	}
	sheet, err := csvTable(entries)
	if err != nil {
		return nil, err
	}
	return map[string]string{"data-inventory.md": markdown(entries), "data-inventory.csv": sheet}, nil
}
