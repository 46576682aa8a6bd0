// Package bom says what a program is made of: a bill of materials in CycloneDX
// for scanners, and the licence texts of everybody whose work is in it.
//
//	Of: binary -> build information in it -> parts -> Bill{SBOM, Licenses}
//
// The modules are read from the binary and not from go.mod, so that the bill
// lists what was linked and nothing else. Their licences are read from the module
// cache, where the texts are those of the sums in the bill. parts.go finds the
// parts, licenses.go their texts, document.go writes the bill. The same binary
// gives the same bytes. The image builder, next door, puts both into images.
package bom

import "time"

// Inputs are what the binary does not tell by itself.
type Inputs struct {
	Version  string
	Revision string
	Created  time.Time
	Source   string // root of the repository
	Modules  string // Go's module cache
	Go       string // root of the Go installation that built it
}

// Bill is what a program is made of.
type Bill struct {
	SBOM     []byte // CycloneDX JSON
	Licenses []byte // plain text
}

// Of returns the bill of a Go program.
func Of(program []byte, in Inputs) (Bill, error) {
	parts, err := partsOf(program, in)
	if err != nil {
		return Bill{}, err
	}
	document, err := document(program, parts, in)
	if err != nil {
		return Bill{}, err
	}
	return Bill{SBOM: document, Licenses: texts(parts)}, nil
}
