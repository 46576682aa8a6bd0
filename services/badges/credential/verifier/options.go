package verifier

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

// Options of a verification. Without any of them a document is checked offline, for today.
type Options struct {
	// Now is the time for which the document is checked; the current time when zero.
	Now time.Time
	// Resolver finds keys that the registry does not have; without it those of did:key only are found.
	Resolver dataintegrity.Resolver
	// Registry is the list of known issuers with their keys; with nil the issuer step is skipped.
	Registry *registry.Registry
	// Lists fetches status lists; with nil the status stays unchecked.
	Lists ListSource
	// Recipient is the id or identifier of the school that the credential has to be about.
	Recipient string
	// Challenge and Domain are what the maker of a presentation was asked to sign.
	Challenge, Domain string
	// AnyKey takes the proof of any key for an issuer that is no DID, as the examples of the W3C have
	// it: nothing ties such a key to its issuer. Conformance suites need it, nobody else.
	AnyKey bool
	// Log is the transparency log in which the credential has to stand; with nil it is not asked.
	Log LogSource
	// Language of titles and reasons; English when empty.
	Language Language
}

// ListSource finds the document of a status list by its address. It bounds size and time itself and
// reaches no private network: packages did and kit/egress have such clients.
type ListSource interface {
	List(ctx context.Context, address string) ([]byte, error)
}

// LogSource looks a credential up in a transparency log whose history it has checked. Errors are
// those of reading the log; what is wrong with the log itself is a finding.
type LogSource interface {
	Check(ctx context.Context, question translog.Question) (translog.Finding, error)
}
