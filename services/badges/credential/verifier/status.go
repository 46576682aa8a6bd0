package verifier

import (
	"context"
	"errors"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// answer is what one status entry came to.
type answer struct {
	outcome Outcome
	code    string
	reason  string
}

// status looks up every place that the credential names; the worst answer counts.
func (c *check) status(ctx context.Context) {
	r, l := c.report, c.opts.Language
	entries, err := status.Entries(c.doc)
	switch {
	case err != nil:
		a := c.unreadable(err)
		r.add(StepStatus, Failed, a.code, a.reason)
		return
	case len(entries) == 0:
		r.skip(StepStatus, "status_none")
		return
	case c.opts.Lists == nil:
		r.warn(StepStatus, "status_unchecked")
		return
	}
	worst := answer{Passed, "", say(l, "status_ok")}
	for _, e := range entries {
		if a := c.entry(ctx, e); rank(a.outcome) > rank(worst.outcome) {
			worst = a
		}
	}
	r.add(StepStatus, worst.outcome, worst.code, worst.reason)
}

func rank(o Outcome) int {
	switch o {
	case Failed:
		return 2
	case Warning:
		return 1
	default:
		return 0
	}
}

func (c *check) said(o Outcome, code string, args ...any) answer {
	return answer{o, code, say(c.opts.Language, code, args...)}
}

func (c *check) entry(ctx context.Context, e status.Entry) answer {
	if !e.Known() {
		return c.said(Warning, "status_other")
	}
	list, err := c.lists.get(ctx, e.List, func(raw []byte) (list, error) { return c.listOf(ctx, e, raw) })
	if errors.Is(err, errManyLists) {
		return c.said(Failed, "status_lists_many")
	}
	var unreachable *unreachableError
	if errors.As(err, &unreachable) {
		return c.said(Warning, "status_unreachable")
	}
	if err != nil {
		return c.unreadable(err)
	}
	set, why, err := c.bit(e, list)
	switch {
	case err != nil:
		return c.unreadable(err)
	case !set:
		return answer{Passed, "", say(c.opts.Language, "status_ok")}
	}
	return c.meaning(e, why)
}

// bit asks a list about one place in it.
func (c *check) bit(e status.Entry, l list) (set bool, why string, err error) {
	use := status.Use{Issuer: c.report.IssuerID, Delegates: c.otherIDs(), Now: c.opts.Now}
	if e.Type == status.TypeRevocation {
		if l.revocations == nil {
			return false, "", &status.Error{Code: status.CodeList, Detail: "the list is of another kind"}
		}
		return l.revocations.Check(e, c.report.ID, use)
	}
	if l.bits == nil {
		return false, "", &status.Error{Code: status.CodeList, Detail: "the list is of another kind"}
	}
	set, err = l.bits.Check(e, use)
	return set, "", err
}

func (c *check) meaning(e status.Entry, why string) answer {
	switch e.Purpose {
	case status.Suspension:
		return c.said(Failed, "status_suspended")
	case status.Refresh:
		return c.said(Warning, "status_refresh")
	case status.Message:
		return c.said(Warning, "status_message", e.Messages["0x1"])
	}
	a := c.said(Failed, "status_revoked")
	if why != "" {
		a.reason += " " + why
	}
	return a
}

// otherIDs are the identifiers that the registry has for the same issuer: its lists may be signed
// under the one it has now.
func (c *check) otherIDs() []string {
	if c.opts.Registry == nil {
		return nil
	}
	found, ok := c.opts.Registry.Issuer(c.report.IssuerID)
	if !ok {
		return nil
	}
	return append([]string{found.ID}, found.FormerIDs...)
}

// unreadable is a status that was told wrongly. It fails: who hands in a broken list must not win.
func (c *check) unreadable(err error) answer {
	var wrong *status.Error
	if errors.As(err, &wrong) {
		return c.said(Failed, string(wrong.Code))
	}
	_, reason := explain(c.opts.Language, err)
	return c.said(Failed, "status_list_proof", reason)
}

// listOf reads a fetched list and verifies its own signature, by the keys of whom it says it is.
func (c *check) listOf(ctx context.Context, e status.Entry, raw []byte) (list, error) {
	if e.Type == status.TypeRevocation {
		found, err := status.ParseRevocations(raw)
		return list{revocations: found}, err
	}
	opened, err := vc.Open(raw)
	if err != nil {
		return list{}, &status.Error{Code: status.CodeList, Detail: "the list cannot be read: " + err.Error()}
	}
	found, err := status.Open(opened.Document)
	if err != nil {
		return list{}, err
	}
	part := c.child("", opened)
	err = part.secured(ctx, dataintegrity.VerifyOptions{Controller: found.Issuer, Now: c.opts.Now, Resolver: c.resolver()})
	return list{bits: found}, err
}
