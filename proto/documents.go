// Package proto holds the API of the platform: the protos, the code and the
// documents generated from them. This package hands the documents and the access
// policies to programs that use them; deploy/tools/generate.sh writes the documents.
package proto

import (
	"embed"
	"io/fs"
)

//go:embed gen/openapi/openapi.json
var openAPI []byte

// OpenAPI returns the OpenAPI 3.1 document of the REST API. It must not be
// changed.
func OpenAPI() []byte { return openAPI }

//go:embed tandem/access/policies
var policies embed.FS

// Policies returns the access policies: Cedar files (*.cedar), their schema and
// the groups of roles. Package policy reads and asks them.
func Policies() (fs.FS, error) { return fs.Sub(policies, "tandem/access/policies") }
