// Package status keeps, for every credential that is issued here, whether it is revoked or suspended, and publishes
// that as signed lists of bits.
//
// Each bit is a row of its own: two changes at the same moment touch two rows, and none is lost, as it would be if a
// list were read, changed and written back. Allocate gives a new credential a random free place in the list of its
// issuer for each purpose, in the transaction that issues it; Set changes a bit in the transaction that changes the
// award. List signs what the rows say. What was signed is kept beside them with a version, so that all replicas serve
// the same bytes and an older list never takes the place of a newer one; a replica looks at the rows again when
// its copy is a second old.
//
// Package credential/status knows the format and the checks; package award says when something changes; the signer of
// an issuer comes from package issuer.
package status

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// List is a list of bits of an issuer for a purpose. When it is half full the next one is opened, so that a free
// place is found at once and an index tells little.
type List struct {
	Name       string // statusLists/{list}
	Issuer     string // issuers/{issuer}
	Purpose    string
	Ordinal    int
	Full       bool
	CreateTime time.Time
}

// Entry is a place in a list, for one credential and purpose.
type Entry struct {
	List       string
	Index      int
	Credential string
	Purpose    string
	On         bool
	// Reason is a sentence of this program; what people write stays with the award.
	Reason     string
	ChangeTime time.Time
	Version    int64
}

// Rows are the bits of a list that are set, and when one of its bits changed last.
type Rows struct {
	Set    []int
	Change time.Time
}

// Signed is a list as it was signed last; it is a Published with what tells whether it is still right.
type Signed struct {
	List     string
	Document []byte
	ETag     string
	Bits     string // SHA-256 over the bits, hex
	Method   string // verification method of the proof
	SignTime time.Time
	Version  int64
}

// Published is a list as everybody may read it.
type Published struct {
	Document []byte
	ETag     string
	Expires  time.Time
}

// State is whether a credential stands.
type State struct {
	Revoked, Suspended bool
	Reason             string
}

// Store keeps lists and bits. They belong to no district: a list has credentials of many.
type Store interface {
	// OpenStatusList is the newest list of an issuer for a purpose; without a name when there is none.
	OpenStatusList(ctx context.Context, issuer, purpose string) (List, error)
	// InsertStatusList opens a list, and does nothing when another replica did.
	InsertStatusList(ctx context.Context, l List) error
	// FillStatusList says that a list takes no more entries.
	FillStatusList(ctx context.Context, name string) error
	StatusList(ctx context.Context, name string) (List, error)
	StatusLists(ctx context.Context) ([]List, error)
	// InsertStatusEntry is false when the index is taken.
	InsertStatusEntry(ctx context.Context, e Entry) (bool, error)
	CountStatusEntries(ctx context.Context, list string) (int, error)
	// StatusEntries are the places of a credential, by purpose.
	StatusEntries(ctx context.Context, credential string) ([]Entry, error)
	// SetStatusEntry changes a bit and names its list; there is none when the credential has no place.
	SetStatusEntry(ctx context.Context, e Entry) (list string, err error)
	StatusRows(ctx context.Context, list string) (Rows, error)
	// RevokedBy are the entries of an issuer that say revoked.
	RevokedBy(ctx context.Context, issuer string) ([]Entry, error)
	// AwardReason is why the award of a credential was taken away or suspended.
	AwardReason(ctx context.Context, credential string) (string, error)
	// SignedStatusList is without a version when the list was never signed.
	SignedStatusList(ctx context.Context, name string) (Signed, error)
	// SaveSignedStatusList refuses a version that is not the one after the stored one.
	SaveSignedStatusList(ctx context.Context, s Signed) error
}

// SignerOf finds who signs for an issuer now.
type SignerOf func(ctx context.Context, issuer string) (keys.Signer, error)
