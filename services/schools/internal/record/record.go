// Package record holds what every resource of this service has in common: its
// name and what is read off it, the version behind the etag, the two times, and
// the collector with which a constructor reports all broken rules at once.
//
// The nouns (district, person, cycle, team, journey) build on it; it knows none
// of them.
package record

import (
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// State is the district id of what belongs to the whole state.
const State = "_state"

// Meta is the part of a resource that every change touches.
type Meta struct {
	Version int64
	Created time.Time
	Updated time.Time
}

// NewMeta is the Meta of a resource created now.
func NewMeta(now time.Time) Meta {
	return Meta{Version: 1, Created: now, Updated: now}
}

// Touch records a change made now.
func (m *Meta) Touch(now time.Time) {
	m.Version++
	m.Updated = now
}

// Check refuses a change by somebody who read another version; an empty etag
// asks for no check.
func (m *Meta) Check(tag, name string) error {
	return etag.Check(tag, m.Version, name)
}

// Range is a part of a list: at most Limit rows after the row with these keys.
type Range struct {
	After []string
	Limit int
}

// Join is the name of the resource with the id in a collection of the parent;
// the parent of a state-wide resource is empty.
func Join(parent, collection, id string) string {
	if parent == "" {
		return collection + "/" + id
	}
	return parent + "/" + collection + "/" + id
}

// Split takes a name apart into the name of the parent, collection and id.
func Split(name string) (parent, collection, id string) {
	rest, id := cut(name)
	parent, collection = cut(rest)
	return parent, collection, id
}

func cut(name string) (before, last string) {
	at := strings.LastIndexByte(name, '/')
	if at < 0 {
		return "", name
	}
	return name[:at], name[at+1:]
}

// Parent is the name of the resource above, empty at the top.
func Parent(name string) string {
	parent, _, _ := Split(name)
	return parent
}

// District is the id of the district that the name lies in, or State.
func District(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 2 || parts[0] != "districts" {
		return State
	}
	return parts[1]
}

// School is the name of the school that the name lies in, or empty.
func School(name string) string {
	parts := strings.SplitN(name, "/", 5)
	if len(parts) < 4 || parts[0] != "districts" || parts[2] != "schools" {
		return ""
	}
	return strings.Join(parts[:4], "/")
}

// Within tells whether a name is the node or lies below it; everything lies in
// the state, whose node is empty.
func Within(name, node string) bool {
	return node == "" || name == node || strings.HasPrefix(name, node+"/")
}

// ChooseID returns the id that a person chose, or a new one.
func ChooseID(chosen, field string) (string, error) {
	if chosen == "" {
		return ids.New(), nil
	}
	if !ids.ValidUser(chosen) {
		return "", problem.Invalid(problem.Violation{
			Field: field, Rule: "id_form",
			Fix: "Use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends.",
		})
	}
	return chosen, nil
}
