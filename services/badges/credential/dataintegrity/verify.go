package dataintegrity

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"time"

	"github.com/mr-tron/base58"
)

// maxProofValue is the longest base58 form of 64 bytes, with its prefix.
const maxProofValue = 89

// VerifyOptions of a check; Now and Resolver are required.
type VerifyOptions struct {
	Now      time.Time
	Resolver Resolver
	// Controller is the issuer to whom the keys of all proofs must belong; empty: anybody.
	Controller string
	Purpose    string // default AssertionMethod
	// Domain and Domains are the domains for which the proof must be made, exactly these; none: not checked.
	Domain    string
	Domains   []string
	Challenge string // empty: not checked
}

// Proof describes what became of one proof.
type Proof struct {
	ID                 string // empty when the proof has none
	Suite              string
	VerificationMethod string
	Controller         string
	Created            time.Time // zero when the proof does not say
	// Err is nil when the proof holds, else an *Error with the reason.
	Err error
}

// Verify checks every proof of a document from jsonld.Decode and returns what became of each. The
// error is nil when the document has a proof and all of them hold; else it is the *Error that
// matters most: of the whole set, or of the first proof that is refused for a reason of its own.
func (e *Engine) Verify(ctx context.Context, document map[string]any, opts VerifyOptions) ([]Proof, error) {
	set, err := proofsOf(document)
	if err != nil {
		return nil, err
	}
	if len(set.list) == 0 {
		return nil, refuse(CodeProofMissing, "the document is not signed: it has no proof")
	}
	out := make([]Proof, len(set.list))
	for i := range set.list {
		out[i], out[i].Err = e.verifyOne(ctx, document, set, i, opts)
	}
	set.spread(out)
	return out, worst(out)
}

func worst(proofs []Proof) error {
	var follows error
	for _, p := range proofs {
		var refusal *Error
		if errors.As(p.Err, &refusal) && refusal.Code == CodeUnsecured {
			follows = p.Err
			continue
		}
		if p.Err != nil {
			return p.Err
		}
	}
	return follows
}

func (e *Engine) verifyOne(ctx context.Context, document map[string]any, set proofSet, at int, opts VerifyOptions) (Proof, error) {
	proof := set.list[at]
	out, err := checkOptions(proof, opts)
	if err != nil {
		return out, err
	}
	if set.circular(at) {
		return out, refuse(CodeCircular, "the proof follows itself by way of its previous proofs")
	}
	method, err := opts.Resolver.Resolve(ctx, out.VerificationMethod)
	if err != nil {
		return out, refuseFor(CodeMethod, "the key that the proof names cannot be found", err)
	}
	out.Controller = method.Controller
	if err := method.check(out.Created, opts); err != nil {
		return out, err
	}
	signature, err := proofValue(proof)
	if err != nil {
		return out, err
	}
	signed, err := set.signedPart(document, proof)
	if err != nil {
		return out, err
	}
	stages, err := e.Stages(signed, proof)
	if err != nil {
		return out, err
	}
	if !ed25519.Verify(method.Key, stages.HashData(), signature) {
		return out, refuse(CodeSignature, "the signature does not match: the document or its proof was changed after signing")
	}
	return out, nil
}

// check tells whether the key may have made a proof at that time, for that purpose and for that issuer.
func (m Method) check(created time.Time, opts VerifyOptions) error {
	if opts.Controller != "" && m.Controller != opts.Controller {
		return refuse(CodeController, "the proof was made with a key that does not belong to the issuer")
	}
	if len(m.Key) != ed25519.PublicKeySize {
		return refuse(CodeMethod, "the key that the proof names is not an Ed25519 key")
	}
	if purpose := orDefault(opts.Purpose, AssertionMethod); !m.Allows(purpose) {
		return refuse(CodePurposeKey, "the key's owner does not allow it to be used for the purpose "+purpose)
	}
	return m.CheckCompromise(created)
}

// CheckCompromise refuses a signature made at the given time, zero when unknown, if somebody else
// may have had the key by then.
func (m Method) CheckCompromise(created time.Time) error {
	if m.Compromised.IsZero() || (!created.IsZero() && created.Before(m.Compromised)) {
		return nil
	}
	return refuse(CodeCompromised, "the key was reported stolen, and the signature does not say that it was made before")
}

func proofValue(proof map[string]any) ([]byte, error) {
	text, _ := proof["proofValue"].(string)
	digits, ok := strings.CutPrefix(text, "z")
	if !ok || len(text) > maxProofValue {
		return nil, refuse(CodeProofShape, "the proof's value is not a base58 signature")
	}
	raw, err := base58.Decode(digits)
	if err != nil || len(raw) != ed25519.SignatureSize || base58.Encode(raw) != digits {
		return nil, refuse(CodeProofShape, "the proof's value is not a base58 signature")
	}
	return raw, nil
}
