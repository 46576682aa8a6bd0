package openbadge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// Options of a verification; Now is required.
type Options struct {
	Now time.Time
	// KnownIssuers maps the ids of known issuers to their registered names. With nil the
	// issuer step is skipped.
	KnownIssuers map[string]string
	// Resolver finds keys; nil means did:key only.
	Resolver dataintegrity.Resolver
}

// Verify checks a signed badge. It never fails itself: what is wrong stands in the report.
func (e *Engine) Verify(ctx context.Context, raw []byte, opts Options) Report {
	r := &Report{}
	doc, err := jsonld.Decode(raw)
	if err != nil {
		code, reason := explain(err)
		r.add(StepParse, Failed, code, reason)
		r.skip(StepStructure, StepProof, StepIssuer, StepStatus, StepDates)
		return r.conclude()
	}
	r.add(StepParse, Passed, "", "The file is well-formed JSON within the limits of size and depth.")
	r.ID, _ = doc["id"].(string)
	r.Name, _ = doc["name"].(string)
	r.IssuerID, r.IssuerName = vc.IssuerOf(doc)
	r.structure(doc)
	e.proof(ctx, r, doc, opts)
	r.issuer(opts.KnownIssuers)
	r.status(doc)
	r.dates(doc, opts.Now)
	return r.conclude()
}

func (r *Report) structure(doc map[string]any) {
	if violations := check(doc, false); len(violations) > 0 {
		first := violations[0]
		step := r.add(StepStructure, Failed, first.Rule, "The badge is incomplete or wrong at "+first.Field+". "+first.Fix)
		step.Violations = violations
		return
	}
	r.add(StepStructure, Passed, "", "All parts that an Open Badge must have are there.")
}

func (e *Engine) proof(ctx context.Context, r *Report, doc map[string]any, opts Options) {
	if r.IssuerID == "" {
		r.add(StepProof, Failed, "issuer_missing", "The badge names no issuer whose signature could be checked.")
		return
	}
	resolver := opts.Resolver
	if resolver == nil {
		resolver = dataintegrity.DIDKey{}
	}
	proofs, err := e.proofs.Verify(ctx, doc, dataintegrity.VerifyOptions{Now: opts.Now, Resolver: resolver, Controller: r.IssuerID})
	if err != nil {
		code, reason := explain(err)
		r.add(StepProof, Failed, code, reason)
		return
	}
	reason := "Nothing was changed since the issuer signed it"
	if created := proofs[0].Created; !created.IsZero() {
		reason += " on " + datetime.Format(created)
	}
	r.add(StepProof, Passed, "", reason+".")
}

// issuer answers who signed; a badge of an unknown issuer is still a valid badge of that issuer.
func (r *Report) issuer(known map[string]string) {
	name, found := known[r.IssuerID]
	r.IssuerKnown = found
	switch {
	case known == nil:
		r.add(StepIssuer, Skipped, "", "No list of known issuers was given.")
	case !found:
		r.add(StepIssuer, Warning, "issuer_unknown", "The issuer is not in the list of known issuers: its name is its own claim.")
	case r.IssuerName != "" && r.IssuerName != name:
		r.add(StepIssuer, Warning, "issuer_name", fmt.Sprintf("The issuer is known as %q but calls itself %q.", name, r.IssuerName))
	default:
		r.add(StepIssuer, Passed, "", fmt.Sprintf("The issuer is %q in the list of known issuers.", name))
	}
}

// status never passes here: a status list is on the network, and this package stays off it.
func (r *Report) status(doc map[string]any) {
	if _, has := doc["credentialStatus"]; has {
		r.add(StepStatus, Warning, "status_unchecked", "The badge names a status list that was not looked up: ask the issuer whether it was withdrawn.")
		return
	}
	r.add(StepStatus, Skipped, "", "The badge names no status list.")
}

func (r *Report) dates(doc map[string]any, now time.Time) {
	from, err := dateOf(doc, "validFrom")
	if err != nil {
		r.add(StepDates, Failed, "date_time", "The badge does not say from when it is valid.")
		return
	}
	if now.Before(from) {
		r.add(StepDates, Failed, "not_yet_valid", "The badge is not valid before "+datetime.Format(from)+".")
		return
	}
	if _, has := doc["validUntil"]; !has {
		r.add(StepDates, Passed, "", "The badge is valid since "+datetime.Format(from)+" and has no end.")
		return
	}
	until, err := dateOf(doc, "validUntil")
	switch {
	case err != nil:
		r.add(StepDates, Failed, "date_time", "The badge's end is not a date and time.")
	case !now.Before(until):
		r.add(StepDates, Failed, "expired", "The badge ended on "+datetime.Format(until)+".")
	default:
		r.add(StepDates, Passed, "", "The badge is valid from "+datetime.Format(from)+" until "+datetime.Format(until)+".")
	}
}

func dateOf(doc map[string]any, key string) (time.Time, error) {
	text, _ := doc[key].(string)
	return datetime.Parse(text)
}

// explain returns the most exact stable code of an error, and the error in plain words.
func explain(err error) (code, reason string) {
	reason = "The check ended with an error: " + err.Error() + "."
	var document *jsonld.Error
	var proof *dataintegrity.Error
	switch {
	case errors.As(err, &document):
		return string(document.Code), "The document was refused: " + document.Error() + "."
	case errors.As(err, &proof):
		return string(proof.Code), "The proof was refused: " + proof.Error() + "."
	}
	return "error", reason
}
