package verifier

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// Verifier checks credentials. It is safe for concurrent use.
type Verifier struct{ proofs *dataintegrity.Engine }

// New makes a verifier that checks embedded proofs with the engine, which knows the contexts.
func New(engine *dataintegrity.Engine) *Verifier { return &Verifier{proofs: engine} }

// Standard makes a verifier with the contexts that credentials may name in production.
func Standard() (*Verifier, error) {
	set, err := contexts.Standard()
	if err != nil {
		return nil, err
	}
	return New(dataintegrity.New(jsonld.New(set))), nil
}

// Verify checks a document of any form. It never fails itself: what is wrong stands in the report.
func (v *Verifier) Verify(ctx context.Context, document []byte, opts Options) Report {
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	if opts.Now.IsZero() {
		opts.Now = time.Now().UTC()
	}
	c := &check{verifier: v, opts: opts, budget: &budget{}, lists: newLists(opts.Lists), report: blank(opts)}
	if opened, ok := c.read(document); ok {
		c.open(ctx, opened)
	}
	c.report.conclude()
	return *c.report
}

func blank(opts Options) *Report { return &Report{Time: opts.Now, language: opts.Language} }

// check is the verification of one document; what it contains has a check of its own.
type check struct {
	verifier *Verifier
	opts     Options
	report   *Report
	// budget and lists are those of the whole verification, shared with all parts.
	budget *budget
	lists  *lists
	level  int

	opened vc.Opened
	doc    map[string]any
	holder string // of the presentation that shows it, who signed that
	raw    []byte // the document as it came, where it is a whole of its own
	signed []dataintegrity.Proof
}

// budget counts what one verification has spent.
type budget struct{ parts int }

// open takes what read found through all further steps.
func (c *check) open(ctx context.Context, opened vc.Opened) {
	c.opened, c.doc = opened, opened.Document
	c.describe()
	c.report.Digests = c.digests()
	if hasType(c.doc, typePresentation) || hasType(c.doc, typeEnvelopedPresentation) {
		c.presentation(ctx)
		return
	}
	c.credential(ctx)
}

func (c *check) credential(ctx context.Context) {
	r := c.report
	c.schema()
	held := c.proof(ctx)
	c.issuer()
	if held { // an entry, a date or a part of a document that nobody signed tells nothing
		c.status(ctx)
	}
	c.dates()
	c.recipient()
	if held {
		c.contents(ctx)
		c.endorsements(ctx)
		c.log(ctx)
	}
	c.refresh()
	if ctx.Err() != nil {
		r.Tell(StepProof, Failed, "budget")
	}
}

// presentation checks who shows credentials and to whom, and each of them for itself.
func (c *check) presentation(ctx context.Context) {
	r := c.report
	c.schema()
	held := c.proofOfPresentation(ctx)
	r.skip(StepIssuer, "issuer_whose")
	for _, id := range []string{StepStatus, StepDates, StepRecipient, StepEndorsements, StepLog, StepRefresh} {
		r.skip(id, "in_parts")
	}
	if !held {
		return
	}
	c.parts(ctx, RoleCredential, c.presented())
	if len(r.Parts) == 1 { // what people ask about is the one credential that is shown
		p := r.Parts[0]
		r.IssuerKnown, r.Name, r.IssuerID, r.IssuerName = p.IssuerKnown, p.Name, p.IssuerID, p.IssuerName
		r.RegisteredName, r.School, r.SchoolID = p.RegisteredName, p.School, p.SchoolID
		r.ValidFrom, r.ValidUntil = p.ValidFrom, p.ValidUntil
	}
	if ctx.Err() != nil {
		r.Tell(StepProof, Failed, "budget")
	}
}
