// Command roletable writes the role table of the documentation: who may do what, in
// plain words, as Markdown and as CSV. It asks the access policies for every action
// and every role, so that the table cannot say anything else than they do; a test
// holds the committed files equal to it. deploy/tools/generate.sh runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tandem-badges/tandem/proto/internal/schema"
	"github.com/tandem-badges/tandem/proto/policy"
)

func main() {
	out := flag.String("out", "", "folder to write into")
	protos := flag.String("protos", ".", "folder of the protos")
	flag.Parse()
	if err := write(*protos, *out); err != nil {
		fmt.Fprintln(os.Stderr, "role table:", err)
		os.Exit(1)
	}
}

func write(protos, out string) error {
	files, err := tables(protos)
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

// tables are the files by name.
func tables(protos string) (map[string]string, error) {
	api, err := schema.Load(context.Background(), protos)
	if err != nil {
		return nil, err
	}
	set, err := policy.Load()
	if err != nil {
		return nil, err
	}
	sheet, err := csvTable(set)
	if err != nil {
		return nil, err
	}
	return map[string]string{"role-table.md": markdown(set, openRPCs(api)), "role-table.csv": sheet}, nil
}
