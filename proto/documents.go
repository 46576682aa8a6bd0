// Package proto holds the API of the platform: the protos, the code and the
// documents generated from them. This package hands the documents to programs
// that serve them; deploy/tools/generate.sh writes them.
package proto

import _ "embed"

//go:embed gen/openapi/openapi.json
var openAPI []byte

// OpenAPI returns the OpenAPI 3.1 document of the REST API. It must not be
// changed.
func OpenAPI() []byte { return openAPI }
