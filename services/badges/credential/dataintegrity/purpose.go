package dataintegrity

import "slices"

// The purposes of a proof. A key may serve a purpose only when its controller says so.
const (
	AssertionMethod      = "assertionMethod" // a credential's
	Authentication       = "authentication"  // a presentation's
	CapabilityInvocation = "capabilityInvocation"
	CapabilityDelegation = "capabilityDelegation"
	KeyAgreement         = "keyAgreement"
)

// SigningPurposes are the purposes of a key that signs: all but the agreement of keys, for which
// an Ed25519 key cannot be used.
func SigningPurposes() []string {
	return []string{AssertionMethod, Authentication, CapabilityInvocation, CapabilityDelegation}
}

func knownPurpose(purpose string) bool {
	return purpose == KeyAgreement || slices.Contains(SigningPurposes(), purpose)
}

// Allows tells whether the controller lets the key serve a purpose.
func (m Method) Allows(purpose string) bool {
	if len(m.Purposes) == 0 {
		return slices.Contains(SigningPurposes(), purpose)
	}
	return slices.Contains(m.Purposes, purpose)
}
