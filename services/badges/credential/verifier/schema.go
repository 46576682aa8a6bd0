package verifier

import (
	"slices"

	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// schema checks that the document has all that its kind must have. A credential that is no badge is
// in order as a credential, and said to be no badge.
func (c *check) schema() {
	r, isBadge := c.report, ofOpenBadges(c.doc)
	violations := vc.Check(c.doc)
	if isBadge {
		violations = openbadge.Check(c.doc)
	}
	switch {
	case len(violations) > 0:
		first := violations[0]
		step := r.add(StepSchema, Failed, first.Rule, say(c.opts.Language, "schema_wrong", first.Field, first.Fix, first.Rule))
		step.Violations = violations
	case len(c.unknownSchemas()) > 0:
		r.warn(StepSchema, "schema_unknown", c.unknownSchemas()[0])
	case hasType(c.doc, typePresentation), isBadge:
		r.pass(StepSchema, "schema_ok")
	default:
		r.warn(StepSchema, "not_a_badge")
	}
}

// unknownSchemas are where the document names schemas that are not known here. They are never fetched,
// so nobody can tell whether it keeps them.
func (c *check) unknownSchemas() []string {
	var out []string
	for _, w := range openbadge.CheckSchemas(c.doc, nil).Warnings {
		if w.Rule == "schema_unknown" {
			out = append(out, w.Field)
		}
	}
	return out
}

// ofOpenBadges tells whether the rules of Open Badges and of learner records apply.
func ofOpenBadges(doc map[string]any) bool {
	return slices.ContainsFunc([]string{"OpenBadgeCredential", "AchievementCredential", "EndorsementCredential", typeRecord},
		func(t string) bool { return hasType(doc, t) })
}
