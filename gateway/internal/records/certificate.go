package records

import (
	"encoding/json"
	"time"

	kept "github.com/tandem-badges/tandem/services/kit/records"
)

// statement is what a certificate says.
type statement struct {
	Disposition string    `json:"disposition"`
	Kind        string    `json:"kind"`
	Rule        string    `json:"rule,omitempty"`
	Export      string    `json:"export_sha256,omitempty"`
	PlannedBy   string    `json:"planned_by"`
	ApprovedBy  string    `json:"approved_by,omitempty"`
	Planned     time.Time `json:"planned_at"`
	Completed   time.Time `json:"completed_at"`
	Lines       []Line    `json:"lines"`
}

// Certificate is the text that is signed when a disposition is done.
func Certificate(d Disposition) ([]byte, error) {
	kinds := map[kept.Kind]string{kept.Retention: "retention", kept.District: "district", kept.Person: "person"}
	lines := d.Lines
	if lines == nil {
		lines = []Line{}
	}
	return json.Marshal(statement{
		Disposition: d.Name, Kind: kinds[d.Kind], Rule: d.Rule, Export: d.Export, PlannedBy: d.PlannedBy, ApprovedBy: d.ApprovedBy,
		Planned: d.Created.UTC(), Completed: d.Completed.UTC(), Lines: lines,
	})
}
