package dataintegrity

import (
	"context"
	"crypto/ed25519"
	"slices"
	"strings"
	"time"

	"github.com/mr-tron/base58"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
)

// clockSkew is how far in the future a proof may be created, as clocks differ.
const clockSkew = 5 * time.Minute

// maxProofValue is the longest base58 form of 64 bytes, with its prefix.
const maxProofValue = 89

// VerifyOptions of a check; Now and Resolver are required.
type VerifyOptions struct {
	Now      time.Time
	Resolver Resolver
	// Controller is the issuer to whom the keys of all proofs must belong; empty: anybody.
	Controller string
	Purpose    string // default AssertionMethod
	Domain     string // empty: not checked
	Challenge  string // empty: not checked
}

// Proof describes a proof that holds.
type Proof struct {
	Suite              string
	VerificationMethod string
	Controller         string
	Created            time.Time // zero when the proof does not say
}

// Verify checks every proof of a document from jsonld.Decode. It returns the proofs when all
// of them hold and an *Error for the first that does not.
func (e *Engine) Verify(ctx context.Context, document map[string]any, opts VerifyOptions) ([]Proof, error) {
	all, err := proofsOf(document)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, refuse(CodeProofMissing, "the document is not signed: it has no proof")
	}
	out := make([]Proof, 0, len(all))
	for _, proof := range all {
		checked, err := e.verifyOne(ctx, document, all, proof, opts)
		if err != nil {
			return nil, err
		}
		out = append(out, checked)
	}
	return out, nil
}

func (e *Engine) verifyOne(ctx context.Context, document map[string]any, all []map[string]any, proof map[string]any, opts VerifyOptions) (Proof, error) {
	out, err := checkOptions(proof, opts)
	if err != nil {
		return out, err
	}
	method, err := opts.Resolver.Resolve(ctx, out.VerificationMethod)
	if err != nil {
		return out, refuseFor(CodeMethod, "the key that the proof names cannot be found", err)
	}
	out.Controller = method.Controller
	if opts.Controller != "" && method.Controller != opts.Controller {
		return out, refuse(CodeController, "the proof was made with a key that does not belong to the issuer")
	}
	signature, err := proofValue(proof)
	if err != nil {
		return out, err
	}
	signed, err := signedPart(document, all, proof)
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

// checkOptions checks what the proof says about itself.
func checkOptions(proof map[string]any, opts VerifyOptions) (Proof, error) {
	suite, _ := proof["cryptosuite"].(string)
	method, _ := proof["verificationMethod"].(string)
	out := Proof{Suite: suite, VerificationMethod: method}
	if proof["type"] != proofType {
		return out, refuse(CodeProofShape, "the proof's type is not "+proofType)
	}
	if suite != SuiteRDFC && suite != SuiteJCS {
		return out, refuse(CodeCryptosuite, "the proof's cryptosuite is not supported: use "+SuiteRDFC+" or "+SuiteJCS)
	}
	if purpose := orDefault(opts.Purpose, AssertionMethod); proof["proofPurpose"] != purpose {
		return out, refuse(CodePurpose, "the proof was not made for the purpose "+purpose)
	}
	if opts.Challenge != "" && proof["challenge"] != opts.Challenge {
		return out, refuse(CodeChallenge, "the proof does not answer the challenge")
	}
	if opts.Domain != "" && !hasDomain(proof["domain"], opts.Domain) {
		return out, refuse(CodeDomain, "the proof was made for another domain")
	}
	var err error
	out.Created, err = checkTimes(proof, opts.Now)
	return out, err
}

func hasDomain(value any, want string) bool {
	if list, isList := value.([]any); isList {
		return slices.Contains(list, any(want))
	}
	return value == want
}

func checkTimes(proof map[string]any, now time.Time) (time.Time, error) {
	created, err := timeOf(proof, "created", CodeCreated)
	if err != nil {
		return created, err
	}
	if created.After(now.Add(clockSkew)) {
		return created, refuse(CodeCreated, "the proof says that it was made in the future")
	}
	expires, err := timeOf(proof, "expires", CodeExpired)
	if err != nil {
		return created, err
	}
	if !expires.IsZero() && !now.Before(expires) {
		return created, refuse(CodeExpired, "the proof has expired")
	}
	return created, nil
}

// timeOf reads an optional time of the proof; zero when it is absent.
func timeOf(proof map[string]any, key string, code Code) (time.Time, error) {
	value, has := proof[key]
	if !has {
		return time.Time{}, nil
	}
	text, _ := value.(string)
	t, err := datetime.Parse(text)
	if err != nil {
		return t, refuseFor(code, "the proof's field "+key+" is not a time", err)
	}
	return t, nil
}

func proofValue(proof map[string]any) ([]byte, error) {
	text, _ := proof["proofValue"].(string)
	digits, ok := strings.CutPrefix(text, "z")
	if !ok || len(text) > maxProofValue {
		return nil, refuse(CodeProofShape, "the proof's value is not a base58 signature")
	}
	raw, err := base58.Decode(digits)
	if err != nil || len(raw) != ed25519.SignatureSize {
		return nil, refuse(CodeProofShape, "the proof's value is not a base58 signature")
	}
	return raw, nil
}
