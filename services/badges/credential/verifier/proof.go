package verifier

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// proof checks every signature of a credential against its issuer and tells whether all hold.
func (c *check) proof(ctx context.Context) bool {
	if c.report.IssuerID == "" {
		c.report.fail(StepProof, "issuer_missing")
		return false
	}
	if c.selfAsserted() {
		c.report.pass(StepProof, "proof_holder")
		return true
	}
	want := dataintegrity.VerifyOptions{Controller: c.report.IssuerID, Challenge: c.opts.Challenge, Domain: c.opts.Domain}
	if c.opts.AnyKey && !strings.HasPrefix(c.report.IssuerID, "did:") {
		want.Controller = ""
	}
	return c.signature(ctx, want)
}

// selfAsserted tells a credential without a signature of its own that its holder says of themselves:
// they are its issuer and signed the presentation around it. A presentation whose own signature does
// not hold, or is not the holder's, is never looked into.
func (c *check) selfAsserted() bool {
	_, hasProof := c.doc["proof"]
	return c.holder != "" && c.holder == c.report.IssuerID && !hasProof && c.opened.Token == ""
}

// proofOfPresentation checks that the holder made the presentation, for who asked for it.
func (c *check) proofOfPresentation(ctx context.Context) bool {
	return c.signature(ctx, dataintegrity.VerifyOptions{
		Purpose: dataintegrity.Authentication, Controller: idOf(c.doc["holder"]),
		Challenge: c.opts.Challenge, Domain: c.opts.Domain,
	})
}

func (c *check) signature(ctx context.Context, want dataintegrity.VerifyOptions) bool {
	want.Now, want.Resolver = c.opts.Now, c.resolver()
	err := c.secured(ctx, want)
	if err != nil {
		code, reason := explain(c.opts.Language, err)
		c.report.add(StepProof, Failed, code, reason)
		return false
	}
	c.report.Proofs = proofs(c.signed)
	switch {
	case len(c.signed) > 1:
		c.report.pass(StepProof, "proof_set", len(c.signed))
	case len(c.signed) == 0 || c.signed[0].Created.IsZero():
		c.report.pass(StepProof, "proof_ok")
	default:
		c.report.pass(StepProof, "proof_ok_at", moment(c.opts.Language, c.signed[0].Created))
	}
	return true
}

// secured checks the signature of the token that the document came in, or else its own proofs.
func (c *check) secured(ctx context.Context, want dataintegrity.VerifyOptions) (err error) {
	switch {
	case c.opened.Token == "":
		c.signed, err = c.verifier.proofs.Verify(ctx, c.doc, want)
		return err
	case c.opened.IsPresentation():
		shown := c.opened // its credentials are verified one by one later
		shown.Document = maps.Clone(c.doc)
		delete(shown.Document, "verifiableCredential")
		_, err = vc.VerifyPresentation(ctx, shown, c.verifier.proofs, want)
	default:
		_, err = vc.VerifySecured(ctx, c.opened, c.verifier.proofs, want)
	}
	c.signed = []dataintegrity.Proof{signatureOf(c.opened.Token)}
	return err
}

// signatureOf says by which key a token was signed, and when as it says itself.
func signatureOf(token string) dataintegrity.Proof {
	var head struct{ Kid string }
	var body struct{ Iat float64 }
	parts := strings.Split(token, ".")
	for i, into := range []any{&head, &body} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			break
		}
	}
	out := dataintegrity.Proof{Suite: "EdDSA", VerificationMethod: head.Kid}
	if body.Iat > 0 {
		out.Created = time.Unix(int64(body.Iat), 0).UTC()
	}
	return out
}

func proofs(signed []dataintegrity.Proof) []Proof {
	out := make([]Proof, len(signed))
	for i, p := range signed {
		out[i] = Proof{Suite: p.Suite, VerificationMethod: p.VerificationMethod}
		if !p.Created.IsZero() {
			at := p.Created.UTC()
			out[i].Created = &at
		}
	}
	return out
}

// resolver asks the registry first, since it knows of compromised keys, which a did:key, that holds
// its key itself, would never tell; then the source of other keys.
func (c *check) resolver() dataintegrity.Resolver {
	var all firstOf
	if c.opts.Registry != nil {
		all = append(all, c.opts.Registry)
	}
	if c.opts.Resolver != nil {
		all = append(all, c.opts.Resolver)
	}
	return append(all, dataintegrity.DIDKey{})
}

// firstOf asks one resolver after the other.
type firstOf []dataintegrity.Resolver

// Resolve implements dataintegrity.Resolver.
func (f firstOf) Resolve(ctx context.Context, method string) (dataintegrity.Method, error) {
	var last error
	for _, r := range f {
		found, err := r.Resolve(ctx, method)
		if err == nil {
			return found, nil
		}
		last = err
	}
	return dataintegrity.Method{}, last
}

// explain returns the most exact stable code of an error, and the reason in plain words.
func explain(l Language, err error) (code, reason string) {
	var document *jsonld.Error
	var proof *dataintegrity.Error
	var token *vc.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "budget", say(l, "budget")
	case errors.As(err, &document):
		return string(document.Code), sayAbout(l, string(document.Code), document.Subject)
	case errors.As(err, &proof) && proof.Code == dataintegrity.CodeDocument:
		return string(proof.Code), say(l, string(proof.Code), proof.Unwrap())
	case errors.As(err, &proof):
		return string(proof.Code), say(l, string(proof.Code))
	case errors.As(err, &token):
		return string(token.Code), say(l, string(token.Code))
	}
	return "error", say(l, "error", err)
}
