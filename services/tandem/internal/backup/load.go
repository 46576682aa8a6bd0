package backup

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// load is what is put into a database.
type load struct {
	*restoration
	schema Schema
	tables []Table
}

// forgotten are tables whose rows do not outlive a restore: who holds a lease is another
// process now, and people sign in anew.
func (l load) forgotten() []string {
	out := []string{"gateway.sign_ins"}
	if !l.KeepSessions {
		out = append(out, "gateway.sessions")
	}
	return append(out, l.schema.Service+".leases")
}

// forgets lists those of the tables that are forgotten.
func (l load) forgets() (out []string) {
	for _, t := range l.tables {
		if slices.Contains(l.forgotten(), t.Service+"."+t.Name) {
			out = append(out, t.Name)
		}
	}
	return out
}

// sameTables refuses tables that are not those of the backup.
func (l load) sameTables(there []Table) error {
	shape := func(tables []Table) (out []string) {
		for _, t := range tables {
			columns := make([]string, len(t.Columns))
			for i, c := range t.Columns {
				columns[i] = c.Name + " " + c.Type
			}
			out = append(out, t.Name+" ("+strings.Join(columns, ", ")+") by "+strings.Join(t.Key, ", "))
		}
		slices.Sort(out)
		return out
	}
	kept, is := shape(l.tables), shape(there)
	for _, t := range kept {
		if !slices.Contains(is, t) {
			return fmt.Errorf("the backup holds a table that the migrations do not make: %s", t)
		}
	}
	for _, t := range is {
		if !slices.Contains(kept, t) {
			return fmt.Errorf("the backup lacks a table that the migrations make: %s", t)
		}
	}
	return nil
}

// inOrder sorts tables so that those come first to which others refer.
func (l load) inOrder(refersTo map[string][]string) ([]Table, error) {
	byName := map[string]Table{}
	for _, t := range l.tables {
		byName[t.Name] = t
	}
	var out []Table
	state := map[string]int{} // 1: on the way, 2: done
	var visit func(name string) error
	visit = func(name string) error {
		t, known := byName[name]
		if !known || state[name] == 2 {
			return nil
		}
		if state[name] == 1 {
			return fmt.Errorf("tables refer to each other in a circle at %s", name)
		}
		state[name] = 1
		for _, other := range refersTo[name] {
			if err := visit(other); other != name && err != nil {
				return err
			}
		}
		state[name] = 2
		out = append(out, t)
		return nil
	}
	for _, t := range l.tables {
		if err := visit(t.Name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// proven is the line of a table as it was put in, held to what was kept.
func (l load) proven(t Table, copyOut func(w io.Writer) error) (Line, error) {
	counted := newTally(l.Report)
	if err := copyOut(counted); err != nil {
		return Line{}, err
	}
	got := t
	got.Part = counted.part(t.Path)
	if got.Part != t.Part {
		return Line{}, fmt.Errorf("table %s holds %d rows with digest %.12s after it was put in, and %d with %.12s were kept; nothing of the service was committed",
			t.Name, got.Rows, got.SHA256, t.Rows, t.SHA256)
	}
	l.Report.Part(got.Line())
	return got.Line(), nil
}
