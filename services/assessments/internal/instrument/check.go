package instrument

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	c.bad.Need(len(b.Items) > 0, prefix+".items", "required", "Give at least one item.")
	seen := map[string]bool{}
	for i, it := range b.Items {
		at := fmt.Sprintf("%s.items[%d]", prefix, i)
		c.bad.PartID(at+".id", it.ID)
		c.bad.Need(!seen[it.ID], at+".id", "id_unique", "Choose an id that no other item has.")
		seen[it.ID] = true
		c.item(at, it)
	}
	return c.bad, nil
}

type checker struct {
	bad       check.List
	body      Body
	framework *framework.Body // nil when it is not known: then nothing is said about standards
}

func (c *checker) languages(prefix string) {
	c.bad.Need(len(c.body.Languages) > 0, prefix+".languages", "required", "Give at least one language, e.g. en.")
	for i, l := range c.body.Languages {
		at := fmt.Sprintf("%s.languages[%d]", prefix, i)
		_, err := language.Parse(l)
		c.bad.Need(err == nil, at, "bcp_47", "Give a language as a BCP 47 tag, e.g. en or es-MX.")
		c.bad.Need(slices.Index(c.body.Languages, l) == i, at, "language_unique", "Name each language once.")
	}
}

func (c *checker) text(path string, text map[string]string) {
	for _, l := range c.body.Languages {
		c.bad.Need(strings.TrimSpace(text[l]) != "", path+".text", "all_languages", fmt.Sprintf("Give the text in %q too.", l))
	}
	for l := range text {
		if !slices.Contains(c.body.Languages, l) {
			c.bad.Add(path+".text", "declared_language", fmt.Sprintf("Declare %q in languages or leave its text out.", l))
		}
	}
}

func (c *checker) item(path string, it Item) {
	c.text(path, it.Text)
	c.standard(path, it)
	switch it.Type {
	case Scale, SingleChoice:
		c.options(path, it)
	case Text:
		c.bad.Need(len(it.Options) == 0, path+".options", "text_has_no_options", "Leave the options of a text item out.")
	default:
		c.bad.Add(path+".type", "known_type", "Choose scale, single choice or text.")
	}
}

func (c *checker) standard(path string, it Item) {
	if c.framework == nil {
		return
	}
	if it.Standard == "" {
		c.bad.Need(it.Indicator == "", path+".indicator", "indicator_needs_standard", "Name the standard of the indicator too.")
		return
	}
	s, ok := c.framework.Standard(it.Standard)
	if !ok {
		c.bad.Add(path+".standard", "standard_of_framework", "Name a standard of the framework version, or none.")
		return
	}
	c.bad.Need(it.Indicator == "" || s.HasIndicator(it.Indicator), path+".indicator", "indicator_of_standard", "Name an indicator of that standard, or none.")
}

func (c *checker) options(path string, it Item) {
	seen, answers, favorable, last := map[string]bool{}, 0, 0, 0
	for i, o := range it.Options {
		at := fmt.Sprintf("%s.options[%d]", path, i)
		c.bad.PartID(at+".id", o.ID)
		c.bad.Need(!seen[o.ID], at+".id", "id_unique", "Choose an id that no other option of the item has.")
		seen[o.ID] = true
		c.text(at, o.Text)
		if o.NotApplicable {
			c.bad.Need(o.Score == 0 && !o.Favorable, at+".not_applicable", "not_applicable_is_not_scored", "Leave score and favorable out of an option that is not applicable.")
			continue
		}
		answers++
		if o.Favorable {
			favorable++
		}
		if it.Type == Scale {
			c.bad.Need(o.Score > last, at+".score", "scores_rise_from_one", "Give the options of a scale rising scores, the lowest at least 1.")
			last = o.Score
		} else {
			c.bad.Need(o.Score == 0, at+".score", "only_scales_have_scores", "Leave the score out, or make the item a scale.")
		}
	}
	c.bad.Need(answers >= 2, path+".options", "two_options", "Give at least two options besides those that are not applicable.")
	if it.Type == Scale {
		c.bad.Need(favorable > 0 && favorable < answers, path+".options", "favorable_and_not", "Mark some of the options of a scale favorable, and not all.")
	}
}

func baseOf(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	return strings.ToLower(base)
}
