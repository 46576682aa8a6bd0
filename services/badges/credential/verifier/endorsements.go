package verifier

import "context"

// endorsement is what somebody says about a badge, its definition or its issuer.
type endorsement struct {
	item   any
	target string // id of what it stands at
}

// endorsements verifies what others say. One that does not hold is left out of account: it takes
// nothing from the badge, whose own signature covers it.
func (c *check) endorsements(ctx context.Context) {
	all, r := c.endorsed(), c.report
	if len(all) == 0 {
		r.skip(StepEndorsements, "endorsements_none")
		return
	}
	contents := len(r.Parts)
	trouble := ""
	for _, e := range all {
		object, isObject := e.item.(map[string]any)
		if isObject && object["proof"] == nil && !hasType(object, typeEnvelopedCredential) {
			trouble = first(trouble, say(c.opts.Language, "endorsement_no_proof"))
			continue
		}
		if code, ok := c.part(ctx, RoleEndorsement, e.item); !ok {
			r.fail(StepEndorsements, code)
			return
		}
		if p := r.Parts[len(r.Parts)-1]; !p.Valid {
			step, _ := p.problem()
			trouble = first(trouble, say(c.opts.Language, "endorsement_invalid", step.Title+": "+step.Reason))
		} else if p.SchoolID != e.target {
			trouble = first(trouble, say(c.opts.Language, "endorsement_target"))
		}
	}
	if trouble != "" {
		r.add(StepEndorsements, Warning, "endorsement_refused", trouble)
		return
	}
	r.pass(StepEndorsements, "endorsements_ok", len(r.Parts)-contents)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// endorsed gathers the endorsements of the credential, of its issuer and of what was achieved.
func (c *check) endorsed() []endorsement {
	holders := []map[string]any{c.doc}
	if issuer, ok := c.doc["issuer"].(map[string]any); ok {
		holders = append(holders, issuer)
	}
	for _, subject := range objectsOf(c.doc["credentialSubject"]) {
		for _, achievement := range objectsOf(subject["achievement"]) {
			holders = append(holders, achievement)
			holders = append(holders, objectsOf(achievement["creator"])...)
		}
	}
	var out []endorsement
	for _, h := range holders {
		for _, key := range []string{"endorsement", "endorsementJwt"} {
			for _, item := range listOf(h[key]) {
				out = append(out, endorsement{item, idOf(h)})
			}
		}
	}
	return out
}
