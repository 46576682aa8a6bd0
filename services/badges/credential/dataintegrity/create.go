package dataintegrity

import (
	"context"
	"maps"
	"time"

	"github.com/mr-tron/base58"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

const proofType = "DataIntegrityProof"

// CreateOptions of a new proof; only Created is required.
type CreateOptions struct {
	Created   time.Time
	Expires   time.Time // zero: the proof does not expire
	Suite     string    // default SuiteRDFC
	Purpose   string    // default AssertionMethod
	Domain    string
	Domains   []string // when the proof is made for more than one domain
	Challenge string
	Nonce     string
	// ID names the proof, so that a later one can follow it.
	ID string
	// PreviousProofs are the ids of proofs of the document that the new one also signs.
	PreviousProofs []string
	// VerificationMethod replaces the signer's own, for issuers that are not a did:key.
	VerificationMethod string
}

// Sign returns the document with a new proof added to its list of proofs. The document must
// come from jsonld.Decode and is not changed.
func (e *Engine) Sign(ctx context.Context, document map[string]any, signer keys.Signer, opts CreateOptions) (map[string]any, error) {
	existing, err := proofsOf(document)
	if err != nil {
		return nil, err
	}
	proof, err := newProof(signer, opts, existing)
	if err != nil {
		return nil, err
	}
	signed, err := existing.signedPart(document, proof)
	if err != nil {
		return nil, err
	}
	if context, has := document["@context"]; has && opts.Suite == SuiteJCS {
		proof["@context"] = context
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
	list := make([]any, 0, len(existing.list)+1)
	for _, p := range existing.list {
		list = append(list, p)
	}
	out["proof"] = append(list, proof)
	return out, nil
}

func newProof(signer keys.Signer, opts CreateOptions, existing proofSet) (map[string]any, error) {
	purpose := orDefault(opts.Purpose, AssertionMethod)
	if !knownPurpose(purpose) {
		return nil, refuse(CodePurpose, "a proof cannot be made for the purpose "+purpose)
	}
	if _, twice := existing.byID[opts.ID]; twice {
		return nil, refuse(CodeProofID, "the document has a proof of this id already")
	}
	if len(existing.list) == maxProofs {
		return nil, refuse(CodeProofShape, "the document has 8 proofs already")
	}
	proof := map[string]any{
		"type":               proofType,
		"cryptosuite":        orDefault(opts.Suite, SuiteRDFC),
		"created":            datetime.Format(opts.Created),
		"verificationMethod": orDefault(opts.VerificationMethod, signer.VerificationMethod()),
		"proofPurpose":       purpose,
	}
	if !opts.Expires.IsZero() {
		proof["expires"] = datetime.Format(opts.Expires)
	}
	for key, value := range map[string]string{"id": opts.ID, "challenge": opts.Challenge, "nonce": opts.Nonce} {
		if value != "" {
			proof[key] = value
		}
	}
	oneOrMany(proof, "domain", domains(opts.Domain, opts.Domains))
	oneOrMany(proof, "previousProof", opts.PreviousProofs)
	return proof, nil
}

// oneOrMany writes one value as a text and several as a list.
func oneOrMany(proof map[string]any, key string, values []string) {
	if len(values) == 1 {
		proof[key] = values[0]
	}
	if len(values) > 1 {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		proof[key] = list
	}
}

func domains(one string, many []string) []string {
	if one == "" {
		return many
	}
	return append([]string{one}, many...)
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
