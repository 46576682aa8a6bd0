package verifier

import (
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
)

// issuer answers who signed. A credential of an unknown issuer is still a valid one of that issuer.
func (c *check) issuer() {
	r, known := c.report, c.opts.Registry
	if known == nil {
		r.skip(StepIssuer, "issuer_unasked")
		return
	}
	found, listed := known.Issuer(r.IssuerID)
	r.IssuerKnown = listed
	switch {
	case !listed && imitates(known, r.IssuerName):
		r.warn(StepIssuer, "issuer_imitates", r.IssuerName)
		return
	case !listed:
		r.warn(StepIssuer, "issuer_unknown")
		return
	}
	r.RegisteredName = found.Name
	switch {
	case known.Current(c.opts.Now) != nil:
		r.warn(StepIssuer, "registry_expired", found.Name, day(c.opts.Language, known.Expires))
	case r.IssuerName != "" && r.IssuerName != found.Name:
		r.warn(StepIssuer, "issuer_name", found.Name, r.IssuerName)
	case found.ID != r.IssuerID:
		r.pass(StepIssuer, "issuer_former", found.Name)
	default:
		r.pass(StepIssuer, "issuer_ok", found.Name)
	}
}

// dates compares the document's beginning and end with the time of the check. Both may be missing.
func (c *check) dates() {
	r, l, now := c.report, c.opts.Language, c.opts.Now
	from, hasFrom, okFrom := moments(c.doc, "validFrom")
	until, hasUntil, okUntil := moments(c.doc, "validUntil")
	switch {
	case !okFrom || !okUntil:
		r.fail(StepDates, "date_time")
	case hasFrom && now.Before(from):
		r.fail(StepDates, "not_yet_valid", moment(l, from))
	case hasUntil && !now.Before(until):
		r.fail(StepDates, "expired", day(l, until))
	case hasFrom && hasUntil:
		r.pass(StepDates, "dates_both", day(l, from), day(l, until))
	case hasFrom:
		r.pass(StepDates, "dates_open", day(l, from))
	case hasUntil:
		r.pass(StepDates, "dates_end", day(l, until))
	default:
		r.pass(StepDates, "dates_none")
	}
}

func moments(doc map[string]any, key string) (at time.Time, has, ok bool) {
	value, has := doc[key]
	if !has {
		return at, false, true
	}
	text, _ := value.(string)
	at, err := datetime.Parse(text)
	return at, true, err == nil
}

// recipient compares whom the document is about with whom somebody asked for.
func (c *check) recipient() {
	if c.opts.Recipient == "" {
		c.report.skip(StepRecipient, "recipient_none")
		return
	}
	if !openbadge.IsRecipient(c.doc, c.opts.Recipient) {
		c.report.fail(StepRecipient, "recipient_wrong")
		return
	}
	c.report.pass(StepRecipient, "recipient_ok")
}

// refresh tells where a newer version may be. It is never fetched here: a person decides that.
func (c *check) refresh() {
	for _, service := range objectsOf(c.doc["refreshService"]) {
		at := idOf(service)
		if at == "" {
			continue
		}
		if c.report.Step(StepDates).Code == "expired" {
			c.report.warn(StepRefresh, "refresh_available", at)
		} else {
			c.report.skip(StepRefresh, "refresh_at", at)
		}
		return
	}
	c.report.skip(StepRefresh, "refresh_none")
}
