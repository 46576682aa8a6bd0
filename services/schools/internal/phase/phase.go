// Package phase names where a journey stands.
//
// It is a package of its own because two nouns speak of phases: a journey is in
// one, and a cycle has windows for them.
package phase

import "slices"

// Phase is where a journey stands.
type Phase string

// The phases, in the order in which a school goes through them.
const (
	Forming     Phase = "forming"
	Discovering Phase = "discovering"
	Choosing    Phase = "choosing"
	Planning    Phase = "planning"
	Underway    Phase = "underway"
	Presented   Phase = "presented"
	Applied     Phase = "applied"
	Awarded     Phase = "awarded"
	Sustaining  Phase = "sustaining"
	Lapsed      Phase = "lapsed"
)

// All returns the phases in order.
func All() []Phase {
	return []Phase{Forming, Discovering, Choosing, Planning, Underway, Presented, Applied, Awarded, Sustaining, Lapsed}
}

// Valid tells whether p is one of the phases.
func (p Phase) Valid() bool { return slices.Contains(All(), p) }

// Open tells whether work towards a badge is going on: a team has one open
// journey per standard.
func (p Phase) Open() bool {
	return p != Awarded && p != Sustaining && p != Lapsed
}
