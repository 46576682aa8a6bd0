package campaign

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// errNotDue ends the edit of a campaign that somebody opened, closed or moved
// since the schedule saw it.
var errNotDue = errors.New("not due any more")

func due(err error) error {
	if errors.Is(err, errNotDue) {
		return nil
	}
	return err
}

// plan checks a draft whole and fills in what follows from its instrument.
func (s *Service) plan(ctx context.Context, c *Campaign, bad check.List) error {
	bad.Need(strings.TrimSpace(c.Title) != "", "campaign.title", "required", "Give a title.")
	bad.Need(c.Wave >= 1, "campaign.wave", "wave_from_one", "Number the waves of a cycle from 1.")
	bad.Need(c.Mode >= OpenLink && c.Mode <= Confidential, "campaign.mode", "known_mode", "Choose open links, single-use tokens, or named recipients.")
	c.Unit = max(c.Unit, Household)
	c.checkWindow(&bad)
	c.checkGroups(&bad)
	c.checkTexts(&bad)
	v, err := instrument.Published(ctx, s.instruments, c.InstrumentVersion)
	switch {
	case problem.Is(err, problem.KindNotFound):
		bad.Add("campaign.instrument_version", "published_instrument_version", "Name a published instrument version, e.g. instruments/family-survey/versions/1.")
	case err != nil:
		return err
	}
	c.FrameworkVersion = v.Body.FrameworkVersion
	known, err := s.directory.HasCycle(ctx, c.Cycle)
	if err != nil {
		return err
	}
	bad.Need(known, "campaign.cycle", "cycle_exists", "Name a cycle that exists, e.g. cycles/2026-27.")
	if err := s.checkSchools(ctx, c, &bad); err != nil {
		return err
	}
	return bad.Err()
}

func (s *Service) checkSchools(ctx context.Context, c *Campaign, bad *check.List) error {
	all, err := s.directory.Schools(ctx, c.District)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, school := range c.Schools {
		at := fmt.Sprintf("campaign.schools[%d]", i)
		bad.Need(slices.ContainsFunc(all, func(k School) bool { return k.ID == school.ID }), at,
			"school_of_district", "Name an open school of the district, or leave schools out to ask all of them.")
		bad.Need(!seen[school.ID], at, "school_once", "Name each school once.")
		seen[school.ID] = true
	}
	if c.StartLocal == "" || len(*bad) > 0 {
		return nil
	}
	return s.name(ctx, c, all)
}

// name fixes the schools and titles of a campaign as the district has them now.
func (s *Service) name(ctx context.Context, c *Campaign, all []School) error {
	named := make([]School, 0, len(all))
	for _, school := range all {
		if c.Asks(school.ID) {
			named = append(named, school)
		}
	}
	if len(named) == 0 || !c.AllSchools && len(named) != len(c.Schools) {
		return problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: c.Name(), Rule: "schools_are_open", Fix: "Ask only schools of the district that are open, and at least one.",
		})
	}
	title, err := s.directory.DistrictTitle(ctx, DistrictName(c.District))
	c.Schools, c.AllSchools, c.DistrictTitle = named, false, title
	return err
}

// freezeSchools fixes which schools are asked and remembers their titles.
func (s *Service) freezeSchools(ctx context.Context, c *Campaign) error {
	all, err := s.directory.Schools(ctx, c.District)
	if err != nil {
		return err
	}
	return s.name(ctx, c, all)
}

// onlyWave refuses a second campaign with the same instrument, cycle and wave in
// one school: its families would be asked twice and counted as one wave.
func (s *Service) onlyWave(ctx context.Context, c Campaign) error {
	family, _, _ := edition.ParseName(instrument.Kind(), c.InstrumentVersion)
	rivals, err := s.store.Waves(ctx, c.District, family, c.Cycle, c.Wave)
	if err != nil {
		return err
	}
	for _, r := range rivals {
		if r.ID != c.ID && r.Overlaps(c) {
			return problem.Invalid(problem.Violation{
				Field: "campaign.wave", Rule: "wave_unique",
				Fix: fmt.Sprintf("Choose another wave or other schools: %s is this wave of the instrument in this cycle.", r.Name()),
			})
		}
	}
	return nil
}

// MaxGroupVariables is how many attributes of recipients are counted.
const MaxGroupVariables = 10

var (
	groupVariable = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	columns       = []string{"school", "unit_key", "addressee", "email", "language"} // of a roster
)

// checkGroups refuses attributes that could not be columns of a roster. Only
// recipients have attributes.
func (c Campaign) checkGroups(bad *check.List) {
	bad.Need(len(c.GroupVariables) == 0 || c.Mode == Confidential, "campaign.group_variables", "recipients_have_groups",
		"Leave groups out, or choose named recipients: only a roster tells who belongs to which group.")
	bad.Need(len(c.GroupVariables) <= MaxGroupVariables, "campaign.group_variables", "few_groups", "Name at most 10.")
	for i, v := range c.GroupVariables {
		at := fmt.Sprintf("campaign.group_variables[%d]", i)
		bad.Need(groupVariable.MatchString(v), at, "group_form", "Use lower-case letters, digits and underscores, e.g. grade_band.")
		bad.Need(!slices.Contains(columns, v), at, "group_is_no_column", "Choose another name: this one is a column of every roster.")
		bad.Need(!slices.Contains(c.GroupVariables[:i], v), at, "group_once", "Name each once.")
	}
}

// Placeholders of messages, and those that each text needs.
func Placeholders() (known, needed []string) {
	return []string{"school", "district", "link", "close_date", "minutes", "opt_out", "addressee"}, []string{"link", "opt_out"}
}

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// checkTexts refuses texts that would not ask: every mail leads to the survey and
// out of its mails.
func (c Campaign) checkTexts(bad *check.List) {
	address, err := mail.ParseAddress(c.ReplyTo)
	bad.Need(c.ReplyTo == "" || err == nil && address.Address == c.ReplyTo, "campaign.reply_to", "mail_address",
		"Give the plain mail address of an office, e.g. families@district.example.org.")
	seen := map[string]bool{}
	for i, m := range c.Messages {
		at := fmt.Sprintf("campaign.messages[%d]", i)
		m.check(bad, at)
		key := fmt.Sprintf("%d/%s", m.Kind, strings.ToLower(m.Language))
		bad.Need(!seen[key], at, "message_once", "Give one text for each kind and language.")
		seen[key] = true
	}
}

func (m Message) check(bad *check.List, at string) {
	_, err := language.Parse(m.Language)
	bad.Need(err == nil, at+".language", "language_tag", "Give a BCP 47 tag, e.g. es.")
	bad.Need(m.Kind == Invitation || m.Kind == Reminder, at+".kind", "known_kind", "Say whether it invites or reminds.")
	bad.Need(strings.TrimSpace(m.Subject) != "" && !strings.ContainsFunc(m.Subject, control), at+".subject", "one_line", "Give a subject of one line.")
	inText := func(r rune) bool { return control(r) && r != '\n' && r != '\r' && r != '\t' }
	bad.Need(strings.TrimSpace(m.Body) != "" && !strings.ContainsFunc(m.Body, inText), at+".body", "plain_text", "Write plain text.")
	known, needed := Placeholders()
	for _, used := range append(used(m.Subject), used(m.Body)...) {
		bad.Need(slices.Contains(known, used), at, "known_placeholder",
			fmt.Sprintf("{{%s}} stands for nothing: use {{%s}}.", used, strings.Join(known, "}}, {{")))
	}
	for _, n := range needed {
		bad.Need(slices.Contains(used(m.Body), n), at+".body", "placeholder_needed", fmt.Sprintf("Put {{%s}} into the text.", n))
		bad.Need(!slices.Contains(used(m.Subject), n), at+".subject", "no_code_in_subject",
			fmt.Sprintf("Leave {{%s}} out of the subject, which mail servers write into their logs.", n))
	}
}

// used are the placeholders of a text.
func used(text string) (names []string) {
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	return names
}

// Fill puts values in place of the placeholders of a text.
func Fill(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		return values[placeholder.FindStringSubmatch(found)[1]]
	})
}

func control(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }
