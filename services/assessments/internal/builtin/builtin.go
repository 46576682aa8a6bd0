// Package builtin holds the frameworks and instruments that come with the product, as
// data in our own words: the six National Standards; surveys of families and, parallel
// to it, of staff; of service, of needs, of network sessions; the self-assessment of a
// team; and the inventory of what a district office can do. All are in English and
// Spanish, the survey of families in Arabic too.
//
// Load stores and publishes what is missing; it may run on every start. A state
// that wants other words drafts versions of its own beside these.
package builtin

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

//go:embed data/*.yaml
var data embed.FS

// frameworkFile is a framework version as a file.
type frameworkFile struct {
	Framework   string         `json:"framework"`
	FamilyTitle string         `json:"framework_title"`
	Description string         `json:"framework_description"`
	Version     string         `json:"version"`
	Title       string         `json:"title"`
	Body        framework.Body `json:"body"`
}

// instrumentFile is an instrument version as a file.
type instrumentFile struct {
	Instrument  string          `json:"instrument"`
	FamilyTitle string          `json:"instrument_title"`
	Description string          `json:"instrument_description"`
	Version     string          `json:"version"`
	Title       string          `json:"title"`
	Body        instrument.Body `json:"body"`
	// Languages in which no native speaker has read the texts: whoever asks in one has
	// it read first.
	Unreviewed []string `json:"unreviewed_languages"`
}

// instrumentFiles are all there are, earlier editions first.
func instrumentFiles() []string {
	return []string{
		"family-survey-1.yaml", "staff-survey-1.yaml", "family-survey-2.yaml", "staff-survey-2.yaml",
		"customer-service-1.yaml", "network-session-1.yaml", "team-self-assessment-1.yaml", "needs-survey-1.yaml",
	}
}

// Load stores the built-in versions that are missing, published, frameworks first.
func Load(ctx context.Context, frameworks *framework.Service, instruments *instrument.Service) error {
	var f frameworkFile
	if err := read("national-standards-2022.yaml", &f); err != nil {
		return err
	}
	err := frameworks.Seed(ctx, edition.Family{ID: f.Framework, Title: f.FamilyTitle, Description: f.Description},
		framework.Version{ID: f.Version, Title: f.Title, Body: f.Body})
	if err != nil {
		return fmt.Errorf("built-in framework %s: %w", f.Framework, err)
	}
	for _, file := range instrumentFiles() {
		var i instrumentFile
		if err := read(file, &i); err != nil {
			return err
		}
		err := instruments.Seed(ctx, edition.Family{ID: i.Instrument, Title: i.FamilyTitle, Description: i.Description},
			instrument.Version{ID: i.Version, Title: i.Title, Body: i.Body})
		if err != nil {
			return fmt.Errorf("built-in instrument %s: %w", i.Instrument, err)
		}
	}
	return nil
}

// read decodes a file. It goes through JSON so that the domain types need one set
// of field names, and an unknown field is an error.
func read(name string, into any) error {
	raw, err := data.ReadFile("data/" + name)
	if err != nil {
		return err
	}
	var tree any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	asJSON, err := json.Marshal(tree)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	d := json.NewDecoder(bytes.NewReader(asJSON))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
