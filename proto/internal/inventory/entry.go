package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"time"

	privacyv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/privacy/v1"
	"github.com/tandem-badges/tandem/proto/internal/schema"
	"github.com/tandem-badges/tandem/proto/retention"
)

// entry is one field with personal data.
type entry struct {
	service, message, field    string
	whose, category, purpose   string
	rule, title, kept, comment string
}

// entriesOf are all annotated fields, in the order of their declaration.
func entriesOf(api *schema.Schema) (all []entry, err error) {
	for _, m := range api.Messages() {
		service, message, _ := strings.Cut(strings.TrimPrefix(string(m.FullName()), "tandem."), ".v1.")
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			mark, ok := schema.Personal(f)
			if !ok {
				continue
			}
			e := entry{
				service: service, message: message, field: string(f.Name()), whose: mark.GetSubject(), category: word(mark.GetCategory()),
				purpose: mark.GetPurpose(), rule: mark.GetRetention(), comment: strings.ReplaceAll(schema.Comment(f), "\n", " "),
			}
			if e.whose == "" || e.purpose == "" || mark.GetCategory() == privacyv1.Category_CATEGORY_UNSPECIFIED {
				err = errors.Join(err, fmt.Errorf("%s: say the category, the purpose and whose data it is", f.FullName()))
			}
			if e.title, e.kept, ok = ends(e.rule); !ok {
				err = errors.Join(err, fmt.Errorf("%s: no rule %q in the retention schedule", f.FullName(), e.rule))
			}
			all = append(all, e)
		}
	}
	return all, err
}

// ends are the title of a retention rule and when it ends data, in words.
func ends(id string) (title, kept string, ok bool) {
	if id == retention.Audit {
		return "Records of access and deletion: ids and digests", "kept for good", true
	}
	rule, ok := retention.Of(id)
	return rule.Title, duration(rule.Keep) + " from the " + rule.Starts, ok
}

// duration says a time of the schedule in words.
func duration(d time.Duration) string {
	n, unit := int(d/retention.Year), "year"
	if d < retention.Year {
		n, unit = int(d/(24*time.Hour)), "day"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

func word(c privacyv1.Category) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(c.String(), "CATEGORY_"), "_", " "))
}

const intro = `<!-- Made from the annotations of the protos by make generate; edit those and proto/retention instead. -->
# Data inventory

Every field of the API that holds personal data. It is made from the annotations (` + "`tandem.privacy.v1.personal`" + `) that also
empty these fields in reads without people, and from the retention schedule that deletes by the same rules. Every other text of the
API is on a list of public texts with the reason (` + "`proto/testdata/public-texts.tsv`" + `); tests hold all three together.
How data is shown, corrected, erased and disposed of is in [records.md](records.md).

A *reference* is the name of a person's resource on the platform, which stays as a pseudonym when the person is erased.

## How long

| rule | what | kept |
|---|---|---|
`

func markdown(entries []entry) string {
	var b strings.Builder
	b.WriteString(intro)
	for _, rule := range append(retention.Schedule(), retention.Rule{ID: retention.Audit}) {
		title, kept, _ := ends(rule.ID)
		fmt.Fprintf(&b, "| %s | %s | %s |\n", rule.ID, title, kept)
	}
	service := ""
	for _, e := range entries {
		if e.service != service {
			service = e.service
			fmt.Fprintf(&b, "\n## %s\n\n| field | what it is | whose | category | what for | rule |\n|---|---|---|---|---|---|\n", service)
		}
		fmt.Fprintf(&b, "| `%s.%s` | %s | %s | %s | %s | %s |\n", e.message, e.field, cell(e.comment), e.whose, e.category, cell(e.purpose), e.rule)
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// csvTable is the same for other programs.
func csvTable(entries []entry) (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"service", "message", "field", "description", "whose", "category", "purpose", "rule", "rule_title", "kept"}}
	for _, e := range entries {
		rows = append(rows, []string{e.service, e.message, e.field, e.comment, e.whose, e.category, e.purpose, e.rule, e.title, e.kept})
	}
	err := w.WriteAll(rows)
	return b.String(), err
}
