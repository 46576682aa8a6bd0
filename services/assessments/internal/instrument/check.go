package instrument

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.einride.tech/aip/resourcename"
	"golang.org/x/text/language"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// Check lists all that keeps the content from being published.
func (b Body) Check(ctx context.Context, prefix string, frameworks framework.Source) (check.List, error) {
	c := checker{body: b}
	v, err := framework.Published(ctx, frameworks, b.FrameworkVersion)
	switch {
	case problem.Is(err, problem.KindNotFound):
		c.bad.Add(prefix+".framework_version", "published_framework_version", "Name a published framework version, e.g. frameworks/national-standards/versions/2022.")
	case err != nil:
		return nil, err
	default:
		c.framework = &v.Body
	}
	c.languages(prefix)
	c.whom(prefix)
	c.sections(prefix)
	c.bad.Need(len(b.Items) > 0, prefix+".items", "required", "Give at least one item.")
	seen := map[string]bool{}
	for i, it := range b.Items {
		at := at(prefix, "items", i)
		c.id(at, it.ID, seen, "item")
		c.item(at, it)
	}
	c.order(prefix)
	c.scales(prefix)
	c.expressions(prefix)
	return c.bad, nil
}

type checker struct {
	bad       check.List
	body      Body
	framework *framework.Body // nil when it is not known: then nothing is said about standards
}

// at is the path of an element of a list.
func at(prefix, list string, i int) string {
	if prefix != "" {
		prefix += "."
	}
	return fmt.Sprintf("%s%s[%d]", prefix, list, i)
}

func (c *checker) id(path, id string, seen map[string]bool, what string) {
	c.bad.PartID(path+".id", id)
	c.bad.Need(!seen[id], path+".id", "id_unique", "Choose an id that no other "+what+" has.")
	seen[id] = true
}

func (c *checker) languages(prefix string) {
	c.bad.Need(len(c.body.Languages) > 0, prefix+".languages", "required", "Give at least one language, e.g. en.")
	for i, l := range c.body.Languages {
		at := at(prefix, "languages", i)
		_, err := language.Parse(l)
		c.bad.Need(err == nil, at, "bcp_47", "Give a language as a BCP 47 tag, e.g. en or es-MX.")
		c.bad.Need(slices.Index(c.body.Languages, l) == i, at, "language_unique", "Name each language once.")
	}
}

// whom checks who is asked, and which instrument asks others the same.
func (c *checker) whom(prefix string) {
	switch c.body.Audience {
	case "", Families, Staff, Students, Team, District, Participants:
	default:
		c.bad.Add(prefix+".audience", "known_audience", "Choose family, staff, student, team, district or participant.")
	}
	if c.body.Parallel != "" {
		var id string
		err := resourcename.Sscan(c.body.Parallel, "instruments/{instrument}", &id)
		c.bad.Need(err == nil, prefix+".parallel_instrument", "resource_name", "Give a name of the form instruments/{instrument}, or none.")
	}
}

// text checks a text that must be there in the first language. Others may be missing:
// they fall back to it.
func (c *checker) text(path string, text map[string]string) {
	if first := c.body.fallback(); first != "" {
		c.bad.Need(strings.TrimSpace(text[first]) != "", path, "first_language", fmt.Sprintf("Give the text in %q: others fall back to it.", first))
	}
	for l := range text {
		if !slices.Contains(c.body.Languages, l) {
			c.bad.Add(path, "declared_language", fmt.Sprintf("Declare %q in languages or leave its text out.", l))
		}
	}
}

// optional checks a text that need not be there, but in no other language alone.
func (c *checker) optional(path string, text map[string]string) {
	if len(text) > 0 {
		c.text(path, text)
	}
}

func (c *checker) sections(prefix string) {
	seen := map[string]bool{}
	for i, s := range c.body.Sections {
		at := at(prefix, "sections", i)
		c.id(at, s.ID, seen, "section")
		c.text(at+".title", s.Title)
		c.optional(at+".text", s.Text)
		has := slices.ContainsFunc(c.body.Items, func(it Item) bool { return it.Section == s.ID })
		c.bad.Need(has, at, "section_has_items", "Put items into the section, or leave it out.")
	}
}

// order checks that the items of a section stand together and that sections follow
// each other as they are listed: what comes before what must not be a matter of view.
func (c *checker) order(prefix string) {
	place := map[string]int{"": -1}
	for i, s := range c.body.Sections {
		place[s.ID] = i
	}
	last, before := -1, ""
	for i, it := range c.body.Items {
		field := at(prefix, "items", i) + ".section"
		n, known := place[it.Section]
		switch {
		case !known:
			c.bad.Add(field, "section_exists", "Name a section of the questionnaire, or none.")
		case it.Section == before:
		case n < last || (it.Section == "" && last >= 0):
			c.bad.Add(field, "section_order", "Put the items of a section together, in the order of the sections; items without one come first.")
		default:
			last, before = n, it.Section
		}
	}
}

func (c *checker) scales(prefix string) {
	questions, seen := map[string]Question{}, map[string]bool{}
	for _, q := range c.body.Questions() {
		questions[q.ID] = q
	}
	for i, m := range c.body.Scales {
		at := at(prefix, "scales", i)
		c.id(at, m.ID, seen, "scale")
		c.text(at+".title", m.Title)
		c.bad.Need(m.Kind == Reflective || m.Kind == Composite, at+".kind", "known_kind", "Choose reflective or composite.")
		c.bad.Need(len(m.Items) >= 2, at+".items", "two_items", "Name at least two items: one alone is no scale.")
		for n, id := range m.Items {
			field := fmt.Sprintf("%s.items[%d]", at, n)
			q, ok := questions[id]
			c.bad.Need(ok && q.Type.Scored(), field, "scale_item", "Name an item of type scale, or item/row of a matrix.")
			c.bad.Need(slices.Index(m.Items, id) == n, field, "item_once", "Name each item once.")
		}
		if c.framework != nil && m.Standard != "" {
			_, ok := c.framework.Standard(m.Standard)
			c.bad.Need(ok, at+".standard", "standard_of_framework", "Name a standard of the framework version, or none.")
		}
	}
}
