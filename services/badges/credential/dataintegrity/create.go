package dataintegrity

import (
	"context"
	"maps"
	"time"

	"github.com/mr-tron/base58"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// AssertionMethod is the purpose of a credential's proof.
const AssertionMethod = "assertionMethod"

const proofType = "DataIntegrityProof"

// CreateOptions of a new proof; only Created is required.
type CreateOptions struct {
	Created   time.Time
	Expires   time.Time // zero: the proof does not expire
	Suite     string    // default SuiteRDFC
	Purpose   string    // default AssertionMethod
	Domain    string
	Challenge string
	// ID names the proof, so that a later one can follow it.
	ID string
	// PreviousProof is the id of a proof of the document that the new one also signs.
	PreviousProof string
	// VerificationMethod replaces the signer's own, for issuers that are not a did:key.
	VerificationMethod string
}

// Sign returns the document with a new proof added to its list of proofs. The document must
// come from jsonld.Decode and is not changed.
func (e *Engine) Sign(ctx context.Context, document map[string]any, signer keys.Signer, opts CreateOptions) (map[string]any, error) {
	proof := newProof(signer, opts)
	existing, err := proofsOf(document)
	if err != nil {
		return nil, err
	}
	signed, err := signedPart(document, existing, proof)
	if err != nil {
		return nil, err
	}
	if opts.Suite == SuiteJCS {
		proof["@context"] = document["@context"]
	}
	stages, err := e.Stages(signed, proof)
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(ctx, stages.HashData())
	if err != nil {
		return nil, err
	}
	proof["proofValue"] = "z" + base58.Encode(signature)
	out := maps.Clone(document)
	list := make([]any, 0, len(existing)+1)
	for _, p := range existing {
		list = append(list, p)
	}
	out["proof"] = append(list, proof)
	return out, nil
}

func newProof(signer keys.Signer, opts CreateOptions) map[string]any {
	proof := map[string]any{
		"type":               proofType,
		"cryptosuite":        orDefault(opts.Suite, SuiteRDFC),
		"created":            datetime.Format(opts.Created),
		"verificationMethod": orDefault(opts.VerificationMethod, signer.VerificationMethod()),
		"proofPurpose":       orDefault(opts.Purpose, AssertionMethod),
	}
	if !opts.Expires.IsZero() {
		proof["expires"] = datetime.Format(opts.Expires)
	}
	for key, value := range map[string]string{
		"id": opts.ID, "domain": opts.Domain, "challenge": opts.Challenge, "previousProof": opts.PreviousProof,
	} {
		if value != "" {
			proof[key] = value
		}
	}
	return proof
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
