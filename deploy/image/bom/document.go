package bom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

// document writes the bill. Its number follows from the program, since a random
// one would give every build another digest.
func document(program []byte, parts []part, in Inputs) ([]byte, error) {
	digest := sha256.Sum256(program)
	bill := cdx.NewBOM()
	bill.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, digest[:]).URN()
	root := cdx.Component{
		BOMRef: "tandem", Type: cdx.ComponentTypeApplication, Name: "tandem", Version: in.Version,
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(digest[:])}},
		Licenses:   &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
		Properties: &[]cdx.Property{{Name: "tandem:revision", Value: in.Revision}},
	}
	bill.Metadata = &cdx.Metadata{
		Timestamp:  in.Created.UTC().Format(time.RFC3339),
		Lifecycles: &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhaseBuild}},
		Component:  &root,
	}
	var components []cdx.Component
	linked := cdx.Dependency{Ref: root.BOMRef, Dependencies: &[]string{}}
	for _, p := range parts {
		components = append(components, component(p))
		*linked.Dependencies = append(*linked.Dependencies, components[len(components)-1].BOMRef)
	}
	bill.Components, bill.Dependencies = &components, &[]cdx.Dependency{linked}
	var out bytes.Buffer
	if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bill); err != nil {
		return nil, fmt.Errorf("write the bill of materials: %w", err)
	}
	return out.Bytes(), nil
}

func component(p part) cdx.Component {
	c := cdx.Component{Type: cdx.ComponentTypeLibrary, Name: p.name, Version: p.version}
	if p.kind == files {
		c.Type, c.BOMRef = cdx.ComponentTypeData, "files:"+p.name
	} else {
		c.PackageURL = "pkg:golang/" + p.name + "@" + strings.ReplaceAll(p.version, "+", "%2B")
		c.BOMRef = c.PackageURL
	}
	if p.sum != "" {
		c.Properties = &[]cdx.Property{{Name: "go:h1", Value: p.sum}}
	}
	licenses := cdx.Licenses{}
	for _, id := range p.licenses {
		licenses = append(licenses, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	if len(licenses) > 0 {
		c.Licenses = &licenses
	}
	return c
}
