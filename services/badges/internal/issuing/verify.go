package issuing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Known is the signed list of the platform's issuers.
type Known interface {
	Registry(ctx context.Context) ([]byte, error)
}

// Kept reads what was issued.
type Kept interface {
	Credential(ctx context.Context, name string) (award.Credential, error)
	Award(ctx context.Context, name string) (award.Award, error)
}

// CheckerOptions of NewChecker. Without Web and Keys nothing is looked up outside the platform.
type CheckerOptions struct {
	Verifier  *verifier.Verifier
	Store     Kept
	Known     Known
	Statuses  Statuses
	PublicURL string
	Now       func() time.Time // system time
	// Web fetches the status lists of other issuers, and Keys their keys.
	Web  verifier.ListSource
	Keys dataintegrity.Resolver
	// TestList reads a status list of test credentials (package vcapi), which are not kept here and
	// have nothing but their lists to tell of them.
	TestList func(ctx context.Context, name string) ([]byte, error)
	Dev      bool
}

// Asked is what somebody wants to know beside whether a document holds.
type Asked struct {
	Recipient, Challenge, Domain string
	Language                     verifier.Language
	// AnyKey takes proofs of any key for issuers that are no DID; in development mode only.
	AnyKey bool
}

// Checker verifies any credential. Of the platform's own it also tells whether they still stand,
// which no signature can tell. It is safe for concurrent use.
type Checker struct{ CheckerOptions }

// NewChecker returns a checker.
func NewChecker(o CheckerOptions) *Checker { return &Checker{o} }

// Check verifies a credential that was issued here, by its name.
func (c *Checker) Check(ctx context.Context, name string, asked Asked) (verifier.Report, error) {
	kept, err := c.Store.Credential(ctx, name)
	if err != nil {
		return verifier.Report{}, err
	}
	return c.Verify(ctx, kept.Document, asked)
}

// Verify verifies a document of any form.
func (c *Checker) Verify(ctx context.Context, document []byte, asked Asked) (verifier.Report, error) {
	known, err := c.known(ctx)
	if err != nil {
		return verifier.Report{}, err
	}
	opts := verifier.Options{
		Now: c.Now(), Registry: known, Resolver: c.Keys,
		Recipient: asked.Recipient, Challenge: asked.Challenge, Domain: asked.Domain, Language: asked.Language,
		AnyKey: asked.AnyKey && c.Dev,
	}
	if c.Web != nil {
		opts.Lists = lists{c}
	}
	r := c.Verifier.Verify(ctx, document, opts)
	if err := c.standing(ctx, &r); err != nil {
		return verifier.Report{}, err
	}
	return r, nil
}

func (c *Checker) known(ctx context.Context) (*registry.Registry, error) {
	raw, err := c.Known.Registry(ctx)
	if err != nil {
		return nil, err
	}
	known, err := registry.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("read the platform's own registry: %w", err)
	}
	return known, nil
}

// standing puts what the platform knows of its own credentials in the place of what their lists
// say, in the document itself and in all that it contains.
func (c *Checker) standing(ctx context.Context, r *verifier.Report) error {
	for n := range r.Parts {
		if err := c.standing(ctx, &r.Parts[n]); err != nil {
			return err
		}
	}
	if len(r.Parts) > 0 {
		r.Weigh()
	}
	// Signed by one of the platform's issuers, under the address that it has or had.
	_, name, here := strings.Cut(r.ID, "/v1/")
	if !here || !r.IssuerKnown || r.Step(verifier.StepProof).Outcome != verifier.Passed {
		return nil
	}
	kept, err := c.Store.Credential(ctx, name)
	if problem.Is(err, problem.KindNotFound) {
		r.Tell(verifier.StepStatus, verifier.Failed, "status_unknown")
		return nil
	} else if err != nil {
		return err
	}
	if len(r.Digests) > 0 && !slices.Contains(r.Digests, kept.Digest) {
		r.Tell(verifier.StepRefresh, verifier.Warning, "refresh_newer", r.ID)
	}
	if kept.Award == "" {
		return c.listed(ctx, r, name)
	}
	a, err := c.Store.Award(tenant.With(ctx, names.District(kept.Award)), kept.Award)
	if err != nil {
		return err
	}
	tell(r, a)
	return nil
}

// tell says what became of an award.
func tell(r *verifier.Report, a award.Award) {
	const step = verifier.StepStatus
	switch a.State {
	case award.Revoked:
		r.Tell(step, verifier.Failed, "status_revoked_because", a.RevokeReason)
	case award.Suspended:
		r.Tell(step, verifier.Failed, "status_suspended_because", a.SuspendReason)
	case award.Lapsed:
		r.Tell(step, verifier.Failed, "status_lapsed", day(a.ExpireTime))
	case award.Renewed:
		r.Tell(step, verifier.Warning, "status_renewed")
	case award.Grace:
		r.Tell(step, verifier.Warning, "status_grace", day(a.ExpireTime), day(a.LapseTime))
	default:
		r.Tell(step, verifier.Passed, "status_stands")
	}
}

// listed says what the rows of the status lists have of a credential that is not of one award.
func (c *Checker) listed(ctx context.Context, r *verifier.Report, name string) error {
	s, err := c.Statuses.State(ctx, name)
	switch {
	case err != nil:
		return err
	case s.Revoked:
		r.Tell(verifier.StepStatus, verifier.Failed, "status_revoked_because", s.Reason)
	case s.Suspended:
		r.Tell(verifier.StepStatus, verifier.Failed, "status_suspended_because", s.Reason)
	default:
		r.Tell(verifier.StepStatus, verifier.Passed, "status_stands")
	}
	return nil
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

var errHere = errors.New("the platform tells of its own credentials without a list")

// lists fetches those of other issuers. For its own credentials the platform asks its rows, and not
// itself over the network.
type lists struct{ c *Checker }

// List implements verifier.ListSource.
func (l lists) List(ctx context.Context, address string) ([]byte, error) {
	if name, here := strings.CutPrefix(address, l.c.PublicURL+"/v1/"); here && l.c.TestList != nil && strings.HasPrefix(name, "statusLists/vc-api-") {
		return l.c.TestList(ctx, name)
	}
	if strings.HasPrefix(address, l.c.PublicURL+"/") {
		return nil, errHere
	}
	return l.c.Web.List(ctx, address)
}
