package issuing

import (
	"context"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/bake"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Schools knows schools, asked with the rights of who is in the context.
type Schools interface {
	School(ctx context.Context, name string) error
	// Identifiers are the names under which others know a school.
	Identifiers(ctx context.Context, school string) ([]string, error)
}

// Listed is a credential in a list, without its document.
type Listed struct {
	award.Credential
	Revoked, Suspended bool
}

// List lists the credentials that the person may see, the newest first.
func (i *Issuer) List(ctx context.Context, s caller.Scope, since time.Time, p award.CredentialSlice) ([]Listed, error) {
	rows, err := i.Store.Credentials(ctx, s, since, p)
	if err != nil {
		return nil, err
	}
	if err := s.MustExist(ctx, len(rows), i.Schools.School); err != nil {
		return nil, err
	}
	keys := make([]string, len(rows))
	for n, c := range rows {
		keys[n] = c.Name
	}
	marks, err := i.Store.Marks(ctx, keys)
	out := make([]Listed, len(rows))
	for n, c := range rows {
		out[n] = Listed{Credential: c, Revoked: marks[c.Name].Revoked, Suspended: marks[c.Name].Suspended}
	}
	return out, err
}

// Listed reads one credential as lists show it.
func (i *Issuer) listed(ctx context.Context, c award.Credential) (Listed, error) {
	state, err := i.Statuses.State(ctx, c.Name)
	return Listed{Credential: c, Revoked: state.Revoked, Suspended: state.Suspended}, err
}

// Partnership is the Partnership School award of a school under a framework version, without a name
// before the first recognition.
func (i *Issuer) Partnership(ctx context.Context, school, frameworkVersion string) (award.Credential, error) {
	c, _, err := i.Store.PartnershipCredential(ctx, school, frameworkVersion)
	return c, err
}

// Import keeps a badge that a school earned elsewhere. It has to hold in every step of a
// verification and to be about this school; the same document again changes nothing.
func (i *Issuer) Import(ctx context.Context, school string, document []byte) (Listed, error) {
	document, err := plain(document)
	if err != nil {
		return Listed{}, err
	}
	if kept, ok, err := i.kept(ctx, school, digest(document)); ok || err != nil {
		return kept, err
	}
	report, err := i.verified(ctx, school, document)
	if err != nil {
		return Listed{}, err
	}
	if own, err := i.own(ctx, school, report); err != nil || own.Name != "" {
		return own, err
	}
	c := external(school, document, report)
	c.Name = names.Child("", "credentials", i.NewID())
	err = i.Store.InsertCredential(ctx, c)
	if problem.Is(err, problem.KindAlreadyExists) { // somebody handed it in at the same moment
		if kept, ok, err := i.kept(ctx, school, c.Digest); ok || err != nil {
			return kept, err
		}
	}
	return Listed{Credential: c}, err
}

// plain is the credential itself, taken out of the picture or certificate that it came in.
func plain(document []byte) ([]byte, error) {
	if !bake.IsPNG(document) && !bake.IsPDF(document) && !bake.IsSVG(document) {
		return document, nil
	}
	inside, err := bake.Unbake(document)
	if err != nil {
		return nil, problem.WithCause(problem.Invalid(problem.Violation{
			Field: "document", Rule: "credential_inside", Fix: "Hand in a file that has a credential in it. " + err.Error(),
		}), err)
	}
	return inside, nil
}

func (i *Issuer) kept(ctx context.Context, school, digest string) (Listed, bool, error) {
	c, ok, err := i.Store.ExternalCredential(ctx, school, digest)
	return Listed{Credential: c}, ok, err
}

// own is the credential when the platform issued it itself to this school: it is kept already.
func (i *Issuer) own(ctx context.Context, school string, r verifier.Report) (Listed, error) {
	name, here := credentialIn(r.ID)
	if !here || !r.IssuerKnown {
		return Listed{}, nil
	}
	c, err := i.Store.Credential(ctx, name)
	if problem.Is(err, problem.KindNotFound) || err == nil && c.School != school {
		return Listed{}, nil
	} else if err != nil {
		return Listed{}, err
	}
	return i.listed(ctx, c)
}

// verified refuses what does not hold, with the steps that failed, and what is about another school.
func (i *Issuer) verified(ctx context.Context, school string, document []byte) (report verifier.Report, err error) {
	known, err := i.Schools.Identifiers(ctx, school)
	if err != nil {
		return report, err
	}
	for _, recipient := range append([]string{i.base + school, school}, known...) {
		if report, err = i.Checker.Verify(ctx, document, Asked{Recipient: recipient}); err != nil {
			return report, err
		}
		if report.Step(verifier.StepRecipient).Outcome != verifier.Failed {
			break
		}
	}
	if strings.HasPrefix(report.ID, i.base) && !report.IssuerKnown {
		return report, problem.Invalid(problem.Violation{
			Field: "document.id", Rule: "issued_here", Fix: "Hand in a credential of its issuer: this one claims an address of this platform, which did not sign it.",
		})
	}
	if report.Valid && report.Step(verifier.StepRecipient).Outcome == verifier.Passed {
		return report, nil
	}
	var refused []problem.Violation
	for _, s := range report.Steps {
		if s.Outcome != verifier.Failed {
			continue
		}
		refused = append(refused, problem.Violation{Field: "document", Rule: s.Code, Fix: s.Title + ": " + s.Reason})
		for _, v := range s.Violations {
			refused = append(refused, problem.Violation{Field: "document." + v.Field, Rule: v.Rule, Fix: v.Fix})
		}
	}
	if len(refused) == 0 {
		refused = []problem.Violation{{Field: "document", Rule: "recipient_named", Fix: "Hand in a credential that names this school as its recipient."}}
	}
	return report, problem.Invalid(refused...)
}

// external is what is kept of a credential from elsewhere.
func external(school string, document []byte, r verifier.Report) award.Credential {
	c := award.Credential{
		Kind: award.KindExternal, School: school, Title: r.Name, Issuer: r.IssuerID, Document: document, Digest: digest(document), Version: 1,
		IssueTime: moment(r.ValidFrom), ExpireTime: moment(r.ValidUntil),
	}
	for _, p := range r.Proofs {
		if c.Key == "" {
			c.Key = p.VerificationMethod
		}
		if p.Created != nil {
			c.IssueTime = p.Created.UTC().Truncate(time.Microsecond)
			break
		}
	}
	return c
}

func moment(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Microsecond)
}
