// Package award keeps the badges that schools hold: their life from the award over the window for a renewal,
// the end and the days of grace to the lapse, a renewal, a suspension or a revocation, and what they add up to, a
// Partnership School.
//
// Plan and Grant are called by package decision in the transaction of the approval, so that decision,
// award and credential exist together or not at all. Tick, run by a leased task, moves awards on
// by the product's clock. Whatever changes an award also tells the witnesses (the status lists and the public log,
// package standing) and recomputes the partnership of its school in the same transaction, and says so when six became
// or ceased to be six.
package award

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/caller"
)

// State is where an award stands.
type State string

// The states, named as in the API. Lapsed, Revoked and Renewed are final. Time does not move an award that is
// Suspended: what it missed happens when it is reinstated.
const (
	Active    State = "ACTIVE"
	Grace     State = "GRACE"
	Lapsed    State = "LAPSED"
	Revoked   State = "REVOKED"
	Suspended State = "SUSPENDED"
	Renewed   State = "RENEWED"
)

// Counts tells whether a badge in this state counts toward a Partnership School.
func (s State) Counts() bool { return s == Active || s == Grace }

// Award is a badge held by a school.
type Award struct {
	Name                             string
	Edition, Standard                string
	FrameworkVersion                 string
	Application, Decision, Journey   string
	Credential                       string
	State                            State
	AwardTime, ExpireTime, LapseTime time.Time
	RevokeReason                     string
	SuspendReason                    string    // of the suspension it is in
	SuspendTime                      time.Time // since when
	Renews, RenewedBy                string    // names of the awards before and after it
	RenewalOpenTime                  time.Time // from when a renewal follows on its end
	RenewalAnnounced                 bool
	CreateTime, UpdateTime           time.Time
	Version                          int64
}

// Partnership is whether a school is a Partnership School under a framework version.
type Partnership struct {
	School, FrameworkVersion string
	Recognized               bool
	ChangeTime               time.Time
}

// Status is how far a school is on the way to Partnership School.
type Status struct {
	School, FrameworkVersion string
	Recognized               bool
	Held, Missing            []string // standards
	// InGrace is whether a standard is held by nothing but a badge in its days of grace.
	InGrace bool
}

// Slice is a page of a list: rows after a key, at most Limit.
type Slice struct {
	After []string // id and name of the last row
	Limit int
}

// Store keeps awards and credentials.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	InsertAward(ctx context.Context, a Award) error
	UpdateAward(ctx context.Context, a Award) error
	Award(ctx context.Context, name string) (Award, error)
	Awards(ctx context.Context, s caller.Scope, page Slice) ([]Award, error)
	AwardsOf(ctx context.Context, school string) ([]Award, error)
	// Due are the names of awards to be moved on at a time, those due first coming first.
	Due(ctx context.Context, now time.Time, limit int) ([]string, error)
	InsertCredential(ctx context.Context, c Credential) error
	Credential(ctx context.Context, name string) (Credential, error)
	// Partnership is not recognized where there is no row yet.
	Partnership(ctx context.Context, school, frameworkVersion string) (Partnership, error)
	SavePartnership(ctx context.Context, p Partnership) error
	// Standards are the standards that have a badge in force under a framework version,
	// or under the newest one when it is empty, which is also returned.
	Standards(ctx context.Context, frameworkVersion string) (version string, standards []string, err error)
	Record(ctx context.Context, at time.Time, event any) error
}

// Schools knows schools, asked with the rights of who is in the context.
type Schools interface {
	School(ctx context.Context, name string) error
}

// Awarded says that a school earned a badge, and CredentialIssued that it was signed.
type (
	Awarded          struct{ Award Award }
	CredentialIssued struct{ Credential Credential }
)

// BadgeRevoked, BadgeExpired and BadgeLapsed say how a badge ended.
type (
	BadgeRevoked struct{ Award Award }
	BadgeExpired struct{ Award Award }
	BadgeLapsed  struct{ Award Award }
)

// BadgeSuspended and BadgeReinstated say that a badge is out of force for a while, and no longer.
type (
	BadgeSuspended  struct{ Award Award }
	BadgeReinstated struct{ Award Award }
)

// BadgeRenewed says that another award took the place of one, and RenewalDue that it may from now on.
type (
	BadgeRenewed struct{ Award, Successor Award }
	RenewalDue   struct{ Award Award }
)

// Witness is told when an award came into another state, in the transaction of the change. What it returns takes
// the change back.
type Witness interface {
	Changed(ctx context.Context, a Award, was State) error
}

// PartnershipChanged says that a school became, or is no longer, a Partnership School.
type PartnershipChanged struct{ Partnership Partnership }
