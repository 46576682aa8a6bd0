package openbadge

import "slices"

func (c *checker) subject(subject map[string]any) {
	const path = "credentialSubject"
	c.types(subject, path, "AchievementSubject")
	c.iri(subject, path, "id", false)
	identifiers := c.objects(subject, path, "identifier")
	if subject["id"] == nil && len(identifiers) == 0 {
		c.add(path+".id", "required", "Say which school earned the badge: give an id or an identifier.")
	}
	for i, id := range identifiers {
		here := join(path, at("identifier", i))
		c.types(id, here, "IdentityObject")
		c.text(id, here, "identityHash")
		c.text(id, here, "identityType")
		if _, isBool := id["hashed"].(bool); !isBool {
			c.add(here+".hashed", "required", "Say true or false.")
		}
	}
	achievement, ok := c.object(subject, path, "achievement")
	if !ok {
		return
	}
	levels := c.achievement(achievement, path+".achievement")
	for i, r := range c.objects(subject, path, "result") {
		c.result(r, join(path, at("result", i)), levels)
	}
}

// achievement checks the badge definition and returns the levels of each result description by its id.
func (c *checker) achievement(a map[string]any, path string) map[string][]string {
	c.iri(a, path, "id", true)
	c.types(a, path, "Achievement")
	c.text(a, path, "name")
	c.text(a, path, "description")
	if criteria, ok := c.object(a, path, "criteria"); ok && criteria["id"] == nil && criteria["narrative"] == nil {
		c.add(path+".criteria", "required", "Say how the badge is earned: give a narrative or an id.")
	}
	for i, al := range c.objects(a, path, "alignment") {
		here := join(path, at("alignment", i))
		c.types(al, here, "Alignment")
		c.text(al, here, "targetName")
		c.iri(al, here, "targetUrl", true)
	}
	levels := map[string][]string{}
	for i, d := range c.objects(a, path, "resultDescription") {
		c.resultDescription(d, join(path, at("resultDescription", i)), levels)
	}
	return levels
}

func (c *checker) resultDescription(d map[string]any, path string, levels map[string][]string) {
	c.iri(d, path, "id", true)
	c.types(d, path, "ResultDescription")
	c.text(d, path, "name")
	c.text(d, path, "resultType")
	id, _ := d["id"].(string)
	if _, twice := levels[id]; twice {
		c.add(path+".id", "unique", "Give each result description an id of its own.")
	}
	levels[id] = []string{}
	for i, l := range c.objects(d, path, "rubricCriterionLevel") {
		here := join(path, at("rubricCriterionLevel", i))
		c.iri(l, here, "id", true)
		c.types(l, here, "RubricCriterionLevel")
		c.text(l, here, "name")
		level, _ := l["id"].(string)
		levels[id] = append(levels[id], level)
	}
	if required, has := d["requiredLevel"]; has {
		c.level(required, path+".requiredLevel", levels[id])
	}
}

// result checks that a result points at a criterion and a level that the badge defines.
func (c *checker) result(r map[string]any, path string, levels map[string][]string) {
	c.types(r, path, "Result")
	id, _ := r["resultDescription"].(string)
	known, defined := levels[id]
	if _, has := r["resultDescription"]; has && !defined {
		c.add(path+".resultDescription", "reference", "Name a result description of the achievement.")
	}
	if achieved, has := r["achievedLevel"]; has {
		c.level(achieved, path+".achievedLevel", known)
	}
}

func (c *checker) level(value any, field string, known []string) {
	if text, _ := value.(string); !slices.Contains(known, text) {
		c.add(field, "reference", "Name a level of the result description.")
	}
}
