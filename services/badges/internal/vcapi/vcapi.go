// Package vcapi issues test credentials for conformance suites that speak the W3C VC API. It exists
// only where the operator turned it on, and awards nothing.
//
// A document is signed by a test issuer, whose did:key belongs to the platform and is in no
// registry: its credentials are valid, and of an unknown issuer. The issuer that the document names
// is replaced by it, since a verifier refuses a proof with a key that is not the issuer's. In
// development mode a document may name an issuer of the platform and is signed with that one's
// key; anywhere else that is refused, since those sign what was decided and nothing else (package
// issuing).
//
// Neighbours: package vc checks what comes in, dataintegrity signs, package status keeps entries of
// credentials that ask for one; the gateway translates the paths and answers of the VC API.
package vcapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// TestIssuer is what status lists call the test issuer.
const TestIssuer = "platform/vc-api"

// Office knows the issuers of the platform.
type Office interface {
	ByDID(ctx context.Context, did string) (issuer.Issuer, bool, error)
	Signer(ctx context.Context, name string) (issuer.Issuer, keys.Signer, error)
}

// Book keeps the status of credentials.
type Book interface {
	Allocate(ctx context.Context, issuer, credential string) ([]openbadge.Status, error)
	Set(ctx context.Context, credential, purpose string, on bool, reason string) error
	Known(ctx context.Context, credential string) (bool, error)
}

// Parts of a Service; all but Dev are required.
type Parts struct {
	Tx     func(ctx context.Context, fn func(ctx context.Context) error) error
	Engine *dataintegrity.Engine
	Office Office
	Book   Book
	Signer keys.Signer // of the test issuer
	Now    func() time.Time
	// Dev lets the caller sign as an issuer of the platform.
	Dev bool
}

// Service issues test credentials. It is safe for concurrent use.
type Service struct{ Parts }

// New returns the service.
func New(p Parts) *Service { return &Service{p} }

// Request is what to issue.
type Request struct {
	Credential []byte // unsigned, as JSON
	dataintegrity.CreateOptions
	Status bool // with an entry in a status list
}

// Issue signs a credential and returns it as JSON.
func (s *Service) Issue(ctx context.Context, r Request) (signed []byte, err error) {
	doc, err := jsonld.Decode(r.Credential)
	if err != nil {
		return nil, refused("credential", err)
	}
	if err := checked(doc); err != nil {
		return nil, err
	}
	name, signer, err := s.signerOf(ctx, doc)
	if err != nil {
		return nil, err
	}
	if name == TestIssuer {
		doc = issuedBy(doc, signer.DID())
	}
	if r.Created.IsZero() {
		r.Created = s.Now()
	}
	err = s.Tx(ctx, func(ctx context.Context) error {
		unsigned := doc // the transaction may run again
		if r.Status {
			if unsigned, err = s.withStatus(ctx, name, doc); err != nil {
				return err
			}
		}
		out, err := s.sign(ctx, unsigned, signer, r.CreateOptions)
		if err != nil {
			return refused("credential", err)
		}
		signed, err = jsonld.Encode(out)
		return err
	})
	return signed, err
}

// sign signs a document by the suite that was asked for. Where none was, a text with a direction,
// which RDF has no place for, gets the suite that signs the JSON itself.
func (s *Service) sign(ctx context.Context, doc map[string]any, signer keys.Signer, opts dataintegrity.CreateOptions) (map[string]any, error) {
	out, err := s.Engine.Sign(ctx, doc, signer, opts)
	var refusal *jsonld.Error
	if opts.Suite == "" && errors.As(err, &refusal) && refusal.Code == jsonld.CodeDirection {
		opts.Suite = dataintegrity.SuiteJCS
		out, err = s.Engine.Sign(ctx, doc, signer, opts)
	}
	if err != nil {
		return nil, err
	}
	if proofs, _ := out["proof"].([]any); len(proofs) == 1 && !ofOpenBadges(doc) {
		out["proof"] = proofs[0] // as most suites write it; the schemas of Open Badges want a list
	}
	return out, nil
}

// ofOpenBadges tells whether the rules of Open Badges apply beside those of the data model.
func ofOpenBadges(doc map[string]any) bool {
	return slices.ContainsFunc([]string{"OpenBadgeCredential", "AchievementCredential", "ClrCredential", "EndorsementCredential"},
		func(t string) bool { return vc.HasType(doc, t) })
}

// checked refuses what is no credential, or has a proof already.
func checked(doc map[string]any) error {
	violations := vc.Check(doc)
	if !vc.HasType(doc, vc.TypeCredential) {
		violations = append(violations, vc.Violation{Field: "type", Rule: "credential", Fix: "Issue a VerifiableCredential."})
	}
	if ofOpenBadges(doc) {
		violations = openbadge.Check(doc)
	}
	if _, has := doc["proof"]; has {
		violations = append(violations, vc.Violation{Field: "proof", Rule: "unsigned", Fix: "Issue a credential that has no proof yet."})
	}
	out := make([]problem.Violation, len(violations))
	for i, v := range violations {
		out[i] = problem.Violation{Field: "credential." + v.Field, Rule: v.Rule, Fix: v.Fix}
	}
	if len(out) > 0 {
		return problem.Invalid(out...)
	}
	return nil
}

func refused(field string, err error) error {
	var document *jsonld.Error
	var proof *dataintegrity.Error
	switch {
	case errors.As(err, &document):
		return problem.Invalid(problem.Violation{Field: field, Rule: string(document.Code), Fix: document.Error()})
	case errors.As(err, &proof):
		return problem.Invalid(problem.Violation{Field: field, Rule: string(proof.Code), Fix: proof.Error()})
	}
	return err
}

// signerOf is who signs a document.
func (s *Service) signerOf(ctx context.Context, doc map[string]any) (string, keys.Signer, error) {
	id, _ := vc.IssuerOf(doc)
	own, found, err := s.Office.ByDID(ctx, id)
	switch {
	case err != nil:
		return "", nil, err
	case !found:
		return TestIssuer, s.Signer, nil
	case !s.Dev:
		return "", nil, problem.Invalid(problem.Violation{
			Field: "credential.issuer", Rule: "test_issuer", Fix: "An issuer of this platform signs what was decided, and nothing else. Leave the issuer to us: name any other.",
		})
	}
	_, signer, err := s.Office.Signer(ctx, own.Name)
	return own.Name, signer, err
}

// issuedBy is the document with another issuer, whose name and other facts stay.
func issuedBy(doc map[string]any, did string) map[string]any {
	doc = maps.Clone(doc)
	if profile, isObject := doc["issuer"].(map[string]any); isObject {
		profile = maps.Clone(profile)
		profile["id"] = did
		doc["issuer"] = profile
		return doc
	}
	doc["issuer"] = did
	return doc
}

// withStatus is the document with entries in the status lists of its issuer.
func (s *Service) withStatus(ctx context.Context, issuer string, doc map[string]any) (map[string]any, error) {
	id, _ := doc["id"].(string)
	if id == "" {
		return nil, problem.Invalid(problem.Violation{Field: "credential.id", Rule: "required", Fix: "Give a credential an id by which its status can be changed."})
	}
	if _, has := doc["credentialStatus"]; has {
		return nil, problem.Invalid(problem.Violation{Field: "credential.credentialStatus", Rule: "given_by_issuer", Fix: "Leave the status out when you ask for one."})
	}
	known, err := s.Book.Known(ctx, nameOf(id))
	if err != nil {
		return nil, err
	}
	if known {
		return nil, problem.AlreadyExists(id)
	}
	places, err := s.Book.Allocate(ctx, issuer, nameOf(id))
	if err != nil {
		return nil, err
	}
	doc = maps.Clone(doc)
	doc["credentialStatus"] = entries(places)
	return doc, nil
}

// entries are the bits among the places: the other form of list needs a context that a test
// credential may not have.
func entries(places []openbadge.Status) []any {
	var out []any
	for _, p := range places {
		if p.Type == status.TypeEntry {
			out = append(out, map[string]any{
				"id": p.ID, "type": p.Type, "statusPurpose": p.Purpose, "statusListCredential": p.List, "statusListIndex": strconv.Itoa(p.Index),
			})
		}
	}
	return out
}

// nameOf is what status lists call a test credential.
func nameOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "vcApi/" + hex.EncodeToString(sum[:])
}

// SetStatus revokes or suspends a credential that was issued here with a status, or takes that back.
func (s *Service) SetStatus(ctx context.Context, id, purpose string, on bool) error {
	if purpose != status.Revocation && purpose != status.Suspension {
		return problem.Invalid(problem.Violation{Field: "purpose", Rule: "known", Fix: "Say revocation or suspension."})
	}
	return s.Tx(ctx, func(ctx context.Context) error {
		known, err := s.Book.Known(ctx, nameOf(id))
		if err != nil {
			return err
		}
		if !known {
			return problem.NotFound(id)
		}
		return s.Book.Set(ctx, nameOf(id), purpose, on, "A test credential was changed.")
	})
}
