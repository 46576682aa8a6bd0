// Package scope is the part of the organization tree that a list may show.
//
// Package access makes a Scope of what a caller's roles permit (access.ScopeOf);
// domains hand it on to their stores, and a store turns it into the condition of
// its query (Where), so that the database reads only what may be shown. A test of
// package access holds a list by Where equal to asking for each row by itself.
package scope

import (
	"slices"
	"strings"
)

// State is the node of the whole state.
const State = ""

// Scope is nodes and all below them.
type Scope struct {
	// Nodes are State, "districts/d" or "districts/d/schools/s".
	Nodes []string
	// Except are ids of districts that State among the nodes does not reach, since
	// they forbid it. A node inside of one is reached all the same.
	Except []string
	// Beyond shows every district but these; only a test build has any.
	Beyond []string
}

// Of is the nodes and all below them.
func Of(nodes ...string) Scope { return Scope{Nodes: nodes} }

// Covers tells whether a node or a resource below it may be shown.
func (s Scope) Covers(name string) bool {
	district := District(name)
	if len(s.Beyond) > 0 && district != "" && !slices.Contains(s.Beyond, district) {
		return true
	}
	return slices.ContainsFunc(s.Nodes, func(node string) bool {
		if node == State {
			return district == "" || !slices.Contains(s.Except, district)
		}
		return node == name || strings.HasPrefix(name, node+"/")
	})
}

// Below lists the nodes that lie below one, without it.
func (s Scope) Below(node string) []string {
	return slices.DeleteFunc(slices.Clone(s.Nodes), func(n string) bool { return !strings.HasPrefix(n, node+"/") })
}

// Join is what one or the other shows.
func Join(a, b Scope) Scope {
	joined := Scope{Nodes: slices.Concat(a.Nodes, b.Nodes), Beyond: slices.Concat(a.Beyond, b.Beyond)}
	switch wholeA, wholeB := slices.Contains(a.Nodes, State), slices.Contains(b.Nodes, State); {
	case wholeA && wholeB: // what either reaches is reached
		joined.Except = slices.DeleteFunc(slices.Clone(a.Except), func(id string) bool { return !slices.Contains(b.Except, id) })
	case wholeA:
		joined.Except = a.Except
	case wholeB:
		joined.Except = b.Except
	}
	return joined
}

// Columns tell Where how a table names the place of its rows.
type Columns struct {
	// District is the column with the id of the district.
	District string
	// At is the condition for rows of a district or a school node, and below it.
	At func(node string) string
}

// Where is the SQL condition for the rows of the scope. Values are bound by arg,
// which returns their placeholder.
func (s Scope) Where(columns Columns, arg func(any) string) string {
	var parts []string
	for _, node := range s.Nodes {
		switch {
		case node != State:
			parts = append(parts, "("+columns.At(node)+")")
		case len(s.Except) == 0:
			return "1 = 1"
		default:
			parts = append(parts, notIn(columns.District, s.Except, arg))
		}
	}
	if len(s.Beyond) > 0 {
		parts = append(parts, notIn(columns.District, s.Beyond, arg))
	}
	if len(parts) == 0 {
		return "1 = 0"
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

func notIn(column string, ids []string, arg func(any) string) string {
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = arg(id)
	}
	return column + " NOT IN (" + strings.Join(places, ", ") + ")"
}

// District is the id of the district a name lies in, empty for the state.
func District(name string) string {
	rest, inDistrict := strings.CutPrefix(name, "districts/")
	if !inDistrict {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}
