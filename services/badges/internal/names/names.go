// Package names takes resource names of the badges service apart and puts them together.
//
// Names are text everywhere in the domain, because that is what events, errors and other
// services speak. Package api makes sure that a name has the shape its method asks for
// before any function here sees it.
package names

import (
	"slices"
	"strings"
)

// State stands for the district of what belongs to the whole state.
const State = "_state"

// District is the id of the district in a name, or State where there is none.
func District(name string) string {
	parts := strings.Split(name, "/")
	if len(parts) < 2 || parts[0] != "districts" {
		return State
	}
	return parts[1]
}

// DistrictNode is "districts/d" of a name, or "" where it lies in none.
func DistrictNode(name string) string {
	if d := District(name); d != State {
		return "districts/" + d
	}
	return ""
}

// School is "districts/d/schools/s" of a name, or "" where it lies in none.
func School(name string) string {
	parts := strings.Split(name, "/")
	if len(parts) < 4 || parts[0] != "districts" || parts[2] != "schools" {
		return ""
	}
	return strings.Join(parts[:4], "/")
}

// IsJourney tells whether a name has the shape of a journey's, in a school.
func IsJourney(name string) bool {
	parts := strings.Split(name, "/")
	return len(parts) == 8 && School(name) != "" && parts[4] == "teams" && parts[6] == "journeys" && !slices.Contains(parts, "")
}

// ID is the last segment of a name.
func ID(name string) string {
	return name[strings.LastIndexByte(name, '/')+1:]
}

// Parent is the name without its last collection and id.
func Parent(name string) string {
	for range 2 {
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return ""
		}
		name = name[:i]
	}
	return name
}

// Child is the name of a resource in a collection of the parent; the parent is "" for
// collections of the state.
func Child(parent, collection, id string) string {
	if parent == "" {
		return collection + "/" + id
	}
	return parent + "/" + collection + "/" + id
}

// Covers tells whether name is node, or lies below it; "" is the whole state.
func Covers(node, name string) bool {
	return node == "" || node == name || strings.HasPrefix(name, node+"/")
}
