package openbadge

import (
	"slices"

	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// meaning checks what no schema can: that the parts of a document fit each other.
func (w *walker) meaning(doc map[string]any) {
	if _, several := doc["credentialSubject"].([]any); several {
		w.Add("credentialSubject", ruleSingle, "Give one object here.")
		return
	}
	subject, _ := doc["credentialSubject"].(map[string]any)
	if subject == nil {
		return
	}
	const path = "credentialSubject"
	switch kindOf(doc) {
	case "AchievementCredential":
		w.recipient(subject, path)
		w.results(subject, path)
	case "ClrCredential":
		w.recipient(subject, path)
		for i, a := range objectsOf(subject["achievement"]) {
			w.achievement(a, vc.Join(path, at("achievement", i)))
		}
		w.associations(subject, path)
	}
}

func (w *walker) recipient(subject map[string]any, path string) {
	if subject["id"] == nil && len(objectsOf(subject["identifier"])) == 0 {
		w.Add(path+".id", "required", "Say which school earned the badge: give an id or an identifier.")
	}
	w.Each(subject, path, "identifier", func(identity map[string]any, here string) {
		for _, key := range []string{"identityHash", "identityType"} {
			if identity[key] == "" {
				w.Add(vc.Join(here, key), "required", "Give a text here.")
			}
		}
	})
}

// results checks that each result names a criterion and a level that the achievement defines.
func (w *walker) results(subject map[string]any, path string) {
	achievement, _ := subject["achievement"].(map[string]any)
	levels := w.achievement(achievement, path+".achievement")
	w.Each(subject, path, "result", func(result map[string]any, here string) {
		id, _ := result["resultDescription"].(string)
		known, defined := levels[id]
		if _, has := result["resultDescription"]; has && !defined {
			w.Add(here+".resultDescription", "reference", "Name a result description of the achievement.")
		}
		if achieved, has := result["achievedLevel"]; has {
			w.level(achieved, here+".achievedLevel", known)
		}
	})
}

// achievement checks a badge definition and returns the levels of each result description by its id.
func (w *walker) achievement(a map[string]any, path string) map[string]idSet {
	if criteria, ok := a["criteria"].(map[string]any); ok && criteria["id"] == nil && criteria["narrative"] == nil {
		w.Add(path+".criteria", "required", "Say how the badge is earned: give a narrative or an id.")
	}
	levels := map[string]idSet{}
	w.Each(a, path, "resultDescription", func(d map[string]any, here string) {
		id, _ := d["id"].(string)
		if _, twice := levels[id]; twice {
			w.Add(here+".id", "unique", "Give each result description an id of its own.")
		}
		levels[id] = setOf(idsOf(d["rubricCriterionLevel"]))
		if required, has := d["requiredLevel"]; has {
			w.level(required, here+".requiredLevel", levels[id])
		}
	})
	return levels
}

// idSet is a set of ids: a document may be long, and each reference is looked up.
type idSet map[string]bool

func setOf(ids []string) idSet {
	out := make(idSet, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out
}

func idsOf(value any) []string {
	out := []string{}
	for _, o := range objectsOf(value) {
		id, _ := o["id"].(string)
		out = append(out, id)
	}
	return out
}

func (w *walker) level(value any, field string, known idSet) {
	if text, _ := value.(string); !known[text] {
		w.Add(field, "reference", "Name a level of the result description.")
	}
}

// associations checks that a learner record ties together only what it holds: its achievements, its
// credentials and the achievements of those.
func (w *walker) associations(subject map[string]any, path string) {
	ids := idsOf(subject["achievement"])
	credentials := objectsOf(subject["verifiableCredential"])
	for i, credential := range credentials {
		w.embedded(credential, vc.Join(path, at("verifiableCredential", i)))
		ids = append(ids, idsOf(credential)...)
		for _, inner := range objectsOf(credential["credentialSubject"]) {
			ids = append(ids, idsOf(inner["achievement"])...)
		}
	}
	known := setOf(ids)
	enveloped := slices.ContainsFunc(credentials, func(c map[string]any) bool { return vc.HasType(c, vc.TypeEnvelopedCredential) })
	w.Each(subject, path, "association", func(association map[string]any, here string) {
		for _, end := range []string{"sourceId", "targetId"} {
			id, _ := association[end].(string)
			if !enveloped && !known[id] {
				w.Add(vc.Join(here, end), "reference", "Name an achievement or a credential of this record.")
			}
		}
	})
}

// embedded checks a credential of a learner record as a document of its own.
func (w *walker) embedded(credential map[string]any, path string) {
	violations := vc.Check(credential)
	if isFamily(credential) {
		violations = Check(credential)
	}
	for _, v := range violations {
		w.Add(vc.Join(path, v.Field), v.Rule, v.Fix)
	}
}

// isFamily tells whether a document follows the rules of Open Badges and learner records.
func isFamily(doc map[string]any) bool {
	return slices.ContainsFunc([]string{"OpenBadgeCredential", "AchievementCredential", "EndorsementCredential", "ClrCredential"},
		func(t string) bool { return vc.HasType(doc, t) })
}
