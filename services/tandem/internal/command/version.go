package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// Version is the version of the program.
type Version string

// Revision is the commit that the program was built from.
type Revision string

// VersionCmd prints the version.
type VersionCmd struct {
	JSON bool `name:"json" help:"Print it as JSON, with the commit, the compiler and the version of each service's schema."`
}

// versionReport is what --json prints.
type versionReport struct {
	Version  string           `json:"version"`
	Revision string           `json:"revision"`
	Go       string           `json:"go"`
	Platform string           `json:"platform"`
	Schemas  map[string]int64 `json:"schemas"`
}

// Run prints.
func (c *VersionCmd) Run(v Version, r Revision) error { return c.print(os.Stdout, v, r) }

func (c *VersionCmd) print(w io.Writer, v Version, r Revision) error {
	if !c.JSON {
		_, err := fmt.Fprintln(w, "tandem", string(v))
		return err
	}
	schemas, err := app.Schemas()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(versionReport{
		Version: string(v), Revision: string(r), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Schemas: schemas,
	})
}
