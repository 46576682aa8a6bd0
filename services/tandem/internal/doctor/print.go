package doctor

import (
	"encoding/json"
	"fmt"
	"io"
)

// Print writes findings for a person: by group, each with its status, and the fix
// below what needs one.
func Print(w io.Writer, results []Result) error {
	width := 0
	for _, r := range results {
		width = max(width, len(r.Check))
	}
	count, last := map[Status]int{}, ""
	for _, r := range results {
		if r.Group != last {
			last = r.Group
			if _, err := fmt.Fprintln(w, r.Group); err != nil {
				return err
			}
		}
		count[r.Status]++
		if _, err := fmt.Fprintf(w, "  %-4s  %-*s  %s\n", r.Status, width, r.Check, r.Found); err != nil {
			return err
		}
		if r.Fix != "" {
			if _, err := fmt.Fprintf(w, "  %-4s  %-*s  -> %s\n", "", width, "", r.Fix); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "\n%d ok, %d to look at, %d failed\n", count[OK], count[Warn], count[Fail])
	return err
}

// PrintJSON writes findings for programs.
func PrintJSON(w io.Writer, results []Result) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Failed  bool     `json:"failed"`
		Results []Result `json:"results"`
	}{Failed(results), results})
}
