package api

import (
	"context"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// VerifyCredential verifies any credential. What is wrong with it is an answer and no error.
func (s *credentialsServer) VerifyCredential(ctx context.Context, req *badgesv1.VerifyCredentialRequest) (*badgesv1.Verification, error) {
	document, err := handedIn(req)
	if err != nil {
		return nil, err
	}
	r, err := s.checker.Verify(ctx, document, issuing.Asked{
		Recipient: req.GetRecipient(), Challenge: req.GetChallenge(), Domain: req.GetDomain(),
		Language: verifier.Language(req.GetLanguage()), AnyKey: req.GetAnyKey(),
	})
	return answer(r, err, verificationProto)
}

// handedIn is the document as bytes. A credential that is a field of the request was read once
// before it came here, so that a key that it has twice is no longer seen: document is the strict way.
func handedIn(req *badgesv1.VerifyCredentialRequest) ([]byte, error) {
	switch {
	case len(req.GetDocument()) > 0 && req.GetCredential() != nil:
		return nil, problem.Invalid(problem.Violation{
			Field: "document", Rule: "one_of", Fix: "Give either the document or the credential, not both.",
		})
	case len(req.GetDocument()) > 0:
		return req.GetDocument(), nil
	case req.GetCredential() == nil:
		return nil, problem.Invalid(problem.Violation{
			Field: "document", Rule: "required", Fix: "Give the credential as document, in the form in which you received it.",
		})
	}
	return structJSON(req.GetCredential())
}

// CheckCredential verifies a credential of this platform.
func (s *credentialsServer) CheckCredential(ctx context.Context, req *badgesv1.CheckCredentialRequest) (*badgesv1.Verification, error) {
	if err := named(credentialPattern, req.GetName()); err != nil {
		return nil, err
	}
	r, err := s.checker.Check(ctx, req.GetName(), issuing.Asked{Language: verifier.Language(req.GetLanguage())})
	return answer(r, err, verificationProto)
}

func verificationProto(r verifier.Report) *badgesv1.Verification {
	return &badgesv1.Verification{
		Valid: r.Valid, IssuerKnown: r.IssuerKnown, CredentialId: r.ID, Badge: r.Name, Issuer: r.IssuerID,
		IssuerName: r.IssuerName, RegisteredName: r.RegisteredName, School: r.School, SchoolId: r.SchoolID,
		Form: r.Form, Types: r.Types, Role: r.Role, VerifyTime: stamp(r.Time),
		Steps: each(r.Steps, stepProto), Parts: each(r.Parts, verificationProto),
	}
}

func stepProto(s verifier.Step) *badgesv1.VerificationStep {
	return &badgesv1.VerificationStep{
		Id: s.ID, Title: s.Title, Outcome: stepOutcome(s.Outcome), Reason: s.Reason, Code: s.Code,
		Violations: each(s.Violations, func(v vc.Violation) *badgesv1.CredentialViolation {
			return &badgesv1.CredentialViolation{Field: v.Field, Rule: v.Rule, Fix: v.Fix}
		}),
	}
}

func stepOutcome(o verifier.Outcome) badgesv1.StepOutcome {
	switch o {
	case verifier.Passed:
		return badgesv1.StepOutcome_STEP_OUTCOME_PASSED
	case verifier.Warning:
		return badgesv1.StepOutcome_STEP_OUTCOME_WARNING
	case verifier.Skipped:
		return badgesv1.StepOutcome_STEP_OUTCOME_SKIPPED
	default:
		return badgesv1.StepOutcome_STEP_OUTCOME_FAILED
	}
}
