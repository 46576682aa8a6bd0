package recipient

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

// Bounds of what a roster says, in characters.
const (
	maxUnitKey   = 100
	maxAddressee = 200
	maxEmail     = 254
	maxGroup     = 60
)

// mostViolations is how many mistakes of a roster are told at once.
const mostViolations = 50

// checkAll checks recipients of a call.
func (s *Service) checkAll(ctx context.Context, c campaign.Campaign, list []Recipient, bad *check.List) error {
	asked, err := s.askedSchools(ctx, c)
	if err != nil {
		return err
	}
	seen := map[Unit]bool{}
	for i, r := range list {
		at := func(field string) string { return fmt.Sprintf("recipients[%d].%s", i, field) }
		checkUnit(bad, asked, seen, r, at)
		r.check(bad, c, at)
		if len(*bad) >= mostViolations {
			break
		}
	}
	return bad.Err()
}

// askedSchools are the schools that a campaign asks, or would if it opened now.
func (s *Service) askedSchools(ctx context.Context, c campaign.Campaign) (map[string]bool, error) {
	schools := c.Schools
	if c.AllSchools {
		var err error
		if schools, err = s.directory.Schools(ctx, c.District); err != nil {
			return nil, err
		}
	}
	asked := map[string]bool{}
	for _, school := range schools {
		asked[school.ID] = true
	}
	return asked, nil
}

// checkUnit refuses a unit of another school, or one that is there twice.
func checkUnit(bad *check.List, asked map[string]bool, seen map[Unit]bool, r Recipient, at func(string) string) {
	u := Unit{r.School, r.UnitKey}
	bad.Need(asked[r.School], at("school"), "school_of_campaign", "Name a school that the campaign asks.")
	bad.Need(!seen[u], at("unit_key"), "unit_once", "Name each unit of a school once.")
	seen[u] = true
}

// check refuses what could not be printed, mailed or counted.
func (r Recipient) check(bad *check.List, c campaign.Campaign, at func(field string) string) {
	checkText(bad, at("unit_key"), r.UnitKey, maxUnitKey, true)
	checkText(bad, at("addressee"), r.Addressee, maxAddressee, true)
	bad.Need(r.Email == "" || goodEmail(r.Email), at("email"), "mail_address", "Give one plain mail address, or none.")
	_, err := language.Parse(r.Language)
	bad.Need(r.Language == "" || err == nil, at("language"), "language_tag", "Give a BCP 47 tag, e.g. es, or none.")
	for name, value := range r.Groups {
		bad.Need(slices.Contains(c.GroupVariables, name), at("groups."+name), "group_of_campaign",
			"Use only the group variables of the campaign, which are frozen when it opens.")
		checkText(bad, at("groups."+name), value, maxGroup, false)
	}
}

// checkText refuses control characters, and a beginning by which a spreadsheet
// takes text for a formula.
func checkText(bad *check.List, field, text string, most int, needed bool) {
	bad.Need(!needed || strings.TrimSpace(text) != "", field, "required", "Say it.")
	bad.Need(utf8.RuneCountInString(text) <= most, field, "max_len", fmt.Sprintf("Use at most %d characters.", most))
	bad.Need(utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }),
		field, "one_line", "Write one line of text.")
	bad.Need(text == "" || !strings.ContainsRune("=+-@", rune(text[0])), field, "no_formula", "Begin with a letter or digit: spreadsheets take this for a formula.")
}

// goodEmail tells whether it is one plain address that mail servers take.
func goodEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > maxEmail {
		return false
	}
	local, domain, _ := strings.Cut(text, "@")
	plain := func(r rune) bool { return r > ' ' && r < 0x7f && !strings.ContainsRune(`"<>(),;:\`, r) }
	return local != "" && strings.Trim(domain, ".") == domain && strings.Contains(domain, ".") &&
		!strings.ContainsFunc(text, func(r rune) bool { return !plain(r) })
}
