package verifier

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// contents verifies every badge that a learner record contains, and what it ties together.
func (c *check) contents(ctx context.Context) {
	var items []any
	for _, subject := range objectsOf(c.doc["credentialSubject"]) {
		items = append(items, listOf(subject["verifiableCredential"])...)
	}
	if !hasType(c.doc, typeRecord) && len(items) == 0 {
		c.report.skip(StepContents, "contents_none")
		return
	}
	if stray, ok := c.stray(); ok {
		c.report.fail(StepContents, "association_unknown", stray)
		return
	}
	c.parts(ctx, RoleBadge, items)
}

// presented are the credentials of a presentation.
func (c *check) presented() []any { return listOf(c.doc["verifiableCredential"]) }

// parts verifies what the document contains; the document is as good as the worst of its parts.
func (c *check) parts(ctx context.Context, role string, items []any) {
	r := c.report
	if len(items) == 0 {
		r.skip(StepContents, "contents_none")
		return
	}
	for _, item := range items {
		if code, ok := c.part(ctx, role, item); !ok {
			r.fail(StepContents, code)
			return
		}
	}
	r.weighed()
}

// part verifies one credential inside the document and keeps its report. The code says why it
// could not be taken for a credential at all.
func (c *check) part(ctx context.Context, role string, item any) (code string, ok bool) {
	if c.budget.parts++; c.budget.parts > MaxParts {
		return "too_many_parts", false
	}
	if c.level+1 >= MaxLevels {
		return "too_many_levels", false
	}
	if ctx.Err() != nil {
		return "budget", false
	}
	raw, err := written(item)
	if err != nil {
		return "contents_form", false
	}
	opened, err := vc.Open(raw)
	if err != nil {
		return "contents_form", false
	}
	part := c.child(role, opened)
	part.raw = raw
	part.report.Form = opened.Form
	part.report.pass(StepRead, "read_ok", opened.Form)
	part.open(ctx, opened)
	part.report.conclude()
	c.report.Parts = append(c.report.Parts, *part.report)
	return "", true
}

// child is a check of a part. What was asked about the whole is not asked again, but for the
// credentials that a presentation shows: they are what was asked about.
func (c *check) child(role string, opened vc.Opened) *check {
	opts := c.opts
	opts.Challenge, opts.Domain = "", ""
	if role != RoleCredential {
		opts.Recipient, opts.Log = "", nil
	}
	r := blank(opts)
	r.Role = role
	var holder string
	if role == RoleCredential {
		holder = idOf(c.doc["holder"])
	}
	return &check{
		holder:   holder,
		verifier: c.verifier, opts: opts, report: r, budget: c.budget, lists: c.lists, level: c.level + 1,
		opened: opened, doc: opened.Document,
	}
}

// written is a part as a text: an object as our issuer writes it, or the signed token that it is.
func written(item any) ([]byte, error) {
	if token, ok := item.(string); ok {
		return []byte(token), nil
	}
	return canonical(item)
}

// stray finds an end of an association that the record does not contain.
func (c *check) stray() (string, bool) {
	subjects := objectsOf(c.doc["credentialSubject"])
	ids := []string{c.report.ID}
	for _, s := range subjects {
		ids = append(ids, idsOf(s)...)
		for _, badge := range objectsOf(s["verifiableCredential"]) {
			ids = append(ids, idOf(badge))
			for _, inner := range objectsOf(badge["credentialSubject"]) {
				ids = append(ids, idsOf(inner)...)
			}
		}
	}
	for _, s := range subjects {
		for _, tie := range objectsOf(s["association"]) {
			for _, end := range []string{"sourceId", "targetId"} {
				id, _ := tie[end].(string)
				if id == "" || !slices.Contains(ids, id) {
					return id, true
				}
			}
		}
	}
	return "", false
}

// idsOf are the ids of the achievements of a subject.
func idsOf(subject map[string]any) []string {
	var out []string
	for _, a := range objectsOf(subject["achievement"]) {
		out = append(out, idOf(a))
	}
	return out
}

// canonical writes a value as our issuer does: sorted keys, no spaces, no escapes for HTML.
func canonical(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
