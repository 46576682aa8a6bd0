// Command report writes the access matrix as files: access-matrix.html and
// access-matrix.csv for whoever asks who may call what, and with -table the
// table that the tests expect, after a policy was changed on purpose.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tandem-badges/tandem/services/tandem/internal/accessmatrix"
)

func main() {
	out := flag.String("out", "", "folder to write the reports into")
	table := flag.String("table", "", "file to write the expected table to")
	version := flag.String("version", "dev", "version of the platform")
	flag.Parse()
	if err := write(*out, *table, *version); err != nil {
		fmt.Fprintln(os.Stderr, "access matrix:", err)
		os.Exit(1)
	}
}

func write(out, table, version string) error {
	rows, err := accessmatrix.Rows()
	if err != nil {
		return err
	}
	if table != "" {
		return file(table, func(w io.Writer) error { return accessmatrix.WriteTable(w, rows) })
	}
	return errors.Join(
		file(filepath.Join(out, "access-matrix.html"), func(w io.Writer) error { return accessmatrix.WriteHTML(w, version, rows) }),
		file(filepath.Join(out, "access-matrix.csv"), func(w io.Writer) error { return accessmatrix.WriteCSV(w, rows) }),
	)
}

func file(path string, fill func(io.Writer) error) error {
	f, err := os.Create(path) //nolint:gosec // the path is the command's own argument
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}
