package accessmatrix

import (
	_ "embed"
	"encoding/csv"
	"html/template"
	"io"
	"slices"
	"strings"
)

// WriteTable writes the rows as the committed table: one line for all callers of an
// RPC who meet the same.
func WriteTable(w io.Writer, rows []Row) error {
	header := []string{"rpc", "action"}
	for _, place := range Places() {
		header = append(header, place.Name)
	}
	out := csv.NewWriter(w)
	lines := [][]string{append(header, "callers")}
	for _, g := range grouped(rows) {
		line := []string{g.RPC.Name(), g.RPC.Rule.GetAction()}
		for _, outcome := range g.Outcomes {
			line = append(line, string(outcome))
		}
		lines = append(lines, append(line, strings.Join(g.Callers, "; ")))
	}
	return out.WriteAll(lines)
}

// group is the callers of an RPC who meet the same everywhere.
type group struct {
	RPC      RPC
	Outcomes []Outcome
	Callers  []string
}

func grouped(rows []Row) []group {
	var groups []group
	for _, row := range rows {
		at := slices.IndexFunc(groups, func(g group) bool {
			return g.RPC.Name() == row.RPC.Name() && slices.Equal(g.Outcomes, row.Outcomes)
		})
		if at < 0 {
			groups = append(groups, group{RPC: row.RPC, Outcomes: row.Outcomes})
			at = len(groups) - 1
		}
		groups[at].Callers = append(groups[at].Callers, row.Caller.Name)
	}
	return groups
}

// WriteCSV writes a line for each single try, for other programs.
func WriteCSV(w io.Writer, rows []Row) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"rpc", "action", "caller", "place", "relation", "outcome"}); err != nil {
		return err
	}
	for _, row := range rows {
		for i, place := range Places() {
			if row.Outcomes[i] == NotPlaced {
				continue
			}
			line := []string{row.RPC.Name(), row.RPC.Rule.GetAction(), row.Caller.Name, place.Name, Relation(row.Caller, place), string(row.Outcomes[i])}
			if err := out.Write(line); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

//go:embed report.html
var page string

// report is what the page shows.
type report struct {
	Version string
	Tries   int
	Callers int
	RPCs    int
	Places  []Place
	Groups  []group
}

// WriteHTML writes the rows as a page for people.
func WriteHTML(w io.Writer, version string, rows []Row) error {
	parsed, err := template.New("report").Parse(page)
	if err != nil {
		return err
	}
	r := report{Version: version, Places: Places(), Callers: len(Callers()), RPCs: len(RPCs()), Groups: grouped(rows)}
	for _, row := range rows {
		r.Tries += len(slices.DeleteFunc(slices.Clone(row.Outcomes), func(o Outcome) bool { return o == NotPlaced }))
	}
	return parsed.Execute(w, r)
}

// Class is the outcome as a class of the page's style.
func (o Outcome) Class() string { return strings.ReplaceAll(string(o), " ", "-") }
