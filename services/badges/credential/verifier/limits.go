package verifier

import (
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
)

// The limits on what somebody hands in. Beside them hold those of the packages below, which the
// tests of this package show at work: 2,000 characters for an address and a bounded search over
// blank nodes (package rdfc), 8 proofs (dataintegrity), 16 status entries of one credential and a cap on
// unpacked lists (status).
const (
	// MaxFile is the largest file of any form, pictures and certificates included.
	MaxFile = 4 << 20
	// MaxDocument is the largest credential, on its own or inside a file.
	MaxDocument = jsonld.MaxBytes
	// MaxParts is how many credentials one document may contain, over all its levels.
	MaxParts = 64
	// MaxLevels is how deep credentials may contain one another: a presentation of a learner
	// record of badges with endorsements has four.
	MaxLevels = 4
	// MaxLists is how many status lists are looked up for one verification.
	MaxLists = 16
	// Budget is how long one verification may take, lists and keys on the web included.
	Budget = 15 * time.Second
)
