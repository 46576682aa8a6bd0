// Package grant is the one place where rights come into being: roles of people
// on nodes of the organization tree, for a time.
//
// Nobody gives more than they hold, neither in role nor node nor time: a state
// administrator gives anything, a coordinator the roles of a district on nodes
// inside it, and no grant outlasts the one it is given by. What somebody holds is
// read from the store in the transaction that gives, not from their token, which
// may be older than the end of their own grant. Only the roots (Root), which no
// roster knows, bring along what they hold.
//
// A dangerous grant waits until a second person approves it who could have given
// it, and is neither who gave nor who gets it. The rights of both are looked at
// again then. A root needs no second person: whoever holds the signing key could
// mint anything, and it is on record.
//
// Ending a grant takes away what that person holds, at once. What they gave to
// others before stays: it was right when it was given, and a district does not
// lose its staff because a coordinator moves on. But it is Unsupported from then
// on, which access reviews show, until somebody ends it or gives it anew. A
// pending grant whose grantor lost the right cannot be approved any more.
//
// Neighbours: api calls Service, person gives the first grants of a new person
// through it, account reads what a subject holds, store implements Store.
package grant

import (
	"time"

	"github.com/tandem-badges/tandem/services/schools/internal/record"
)

// State says whether a grant holds.
type State string

// The states.
const (
	Pending   State = "pending"
	Scheduled State = "scheduled"
	Active    State = "active"
	Expired   State = "expired"
	Ended     State = "ended"
)

// Grant is a role that was given to a person.
type Grant struct {
	Name string
	Held
	Reason    string
	Grantor   string // empty: held before grants were kept
	Waits     bool   // for a second person
	Approver  string
	EndedAt   time.Time
	EndedBy   string
	EndReason string
	record.Meta
}

// Person is who it was given to.
func (g Grant) Person() string { return record.Parent(g.Name) }

// State is the state at a time.
func (g Grant) State(at time.Time) State {
	switch {
	case !g.EndedAt.IsZero():
		return Ended
	case !g.End.IsZero() && !at.Before(g.End):
		return Expired
	case g.Waits:
		return Pending
	case at.Before(g.Start):
		return Scheduled
	default:
		return Active
	}
}

// Open tells whether a grant holds or may yet hold.
func (s State) Open() bool { return s == Pending || s == Scheduled || s == Active }

// View is a grant as it is now.
type View struct {
	Grant
	State State
	// Unsupported: whoever gave it could not give it any more.
	Unsupported bool
}

// Holder is a grant with the person who holds it.
type Holder struct {
	DisplayName string
	View
}

// Requested says that a grant waits for a second person.
type Requested struct{ Name string }

// Given says that a grant holds from its start on.
type Given struct{ Name string }

// Finished says that a grant was ended or refused.
type Finished struct{ Name string }
