package recipient

import (
	"context"
	"strconv"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/letter"
	"github.com/tandem-badges/tandem/services/assessments/internal/wording"
)

// MaxLetters is how many letters one call prints.
const MaxLetters = 500

// Doors makes the other ways in: links and tokens.
type Doors interface {
	Links(ctx context.Context, district, campaign, after string, limit int) ([]campaign.Link, error)
	Invite(ctx context.Context, district, campaign, school string, count int) ([]string, error)
}

// Order is what letters to print.
type Order struct {
	District, Campaign, School string
	Language                   string // of letters without a recipient
	Count                      int    // in mode Token
}

// Printer prints letters.
type Printer struct {
	*Postman
	doors Doors
}

// NewPrinter returns who prints.
func NewPrinter(p *Postman, doors Doors) *Printer { return &Printer{Postman: p, doors: doors} }

// Letters prints the letters of a school: to its recipients, with new tokens, or
// one with its link.
func (p *Printer) Letters(ctx context.Context, o Order) ([]byte, error) {
	letters, paper, err := p.Prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	return letter.Print(letters, paper, p.clock.Now())
}

// Prepare notes whom letters go to, makes what they need, and says on which paper
// to print them.
func (p *Printer) Prepare(ctx context.Context, o Order) (letters []letter.Letter, paper string, err error) {
	c, err := p.store.Campaign(ctx, o.District, o.Campaign)
	if err != nil {
		return nil, "", err
	}
	if err := p.mayPrint(c, o); err != nil {
		return nil, "", err
	}
	err = p.store.Tx(ctx, func(ctx context.Context) error {
		letters, err = p.letters(ctx, c, o)
		return err
	})
	return letters, letter.PaperOf(c.TimeZone), err
}

func (p *Printer) mayPrint(c campaign.Campaign, o Order) error {
	var bad check.List
	bad.Need(c.Asks(o.School), "school", "school_of_campaign", "Name a school that the campaign asks.")
	bad.Need(c.Mode != campaign.Token || o.Count >= 1 && o.Count <= MaxLetters, "count", "one_to_five_hundred", "Say how many letters with new tokens to print, 1 to 500.")
	bad.Need(c.Mode == campaign.Token || o.Count == 0, "count", "tokens_only", "Leave it out: only letters with single-use tokens are counted.")
	if err := bad.Err(); err != nil {
		return err
	}
	if c.State == campaign.Open || c.State == campaign.Draft && !c.AllSchools && c.SchoolTitle(o.School) != "" {
		return nil
	}
	return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
		Field: c.Name(), Rule: "open_or_planned", Fix: "Print letters while the campaign is open, or give it a start so that its schools are named before.",
	})
}

func (p *Printer) letters(ctx context.Context, c campaign.Campaign, o Order) ([]letter.Letter, error) {
	switch c.Mode {
	case campaign.Confidential:
		return p.toRecipients(ctx, c, o)
	case campaign.Token:
		codes, err := p.doors.Invite(ctx, o.District, o.Campaign, o.School, o.Count)
		if err != nil {
			return nil, err
		}
		out := make([]letter.Letter, len(codes))
		for i, code := range codes {
			if out[i], err = p.letter(ctx, c, o.School, o.Language, code, ""); err != nil {
				return nil, err
			}
		}
		return out, nil
	default:
		links, err := p.doors.Links(ctx, o.District, o.Campaign, "", 1000)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if l.School == o.School && l.Kind == campaign.Web {
				one, err := p.letter(ctx, c, o.School, o.Language, l.Code, "")
				return []letter.Letter{one}, err
			}
		}
		return nil, problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: c.Name(), Rule: "link_of_school", Fix: "Make a link for the school first.",
		})
	}
}

// toRecipients are letters to those who may be asked, those never printed first.
func (p *Printer) toRecipients(ctx context.Context, c campaign.Campaign, o Order) ([]letter.Letter, error) {
	secret, err := p.secret(ctx, o.District, o.Campaign)
	if err != nil {
		return nil, err
	}
	ask, err := p.asker(ctx, c)
	if err != nil {
		return nil, err
	}
	list, err := p.store.ToLetter(ctx, o.District, o.Campaign, o.School, MaxPerSchool)
	if err != nil {
		return nil, err
	}
	var out []letter.Letter
	for _, r := range list {
		if len(out) == MaxLetters {
			break
		}
		if why, err := ask.may(ctx, r); err != nil {
			return nil, err
		} else if why != fine {
			continue
		}
		one, err := p.letter(ctx, c, o.School, r.Language, r.Code(secret), r.Addressee)
		if err != nil {
			return nil, err
		}
		if err := ask.asks(ctx, r); err != nil {
			return nil, err
		}
		r.LetterTime = p.clock.Now()
		if err := p.store.Mark(ctx, r); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, problem.Precondition(problem.ReasonNotEligible, problem.Violation{
			Field: c.Name(), Rule: "somebody_to_write_to",
			Fix: "Nobody of the school is left to write to: all have answered, do not want to be asked, or were asked as often as the state allows.",
		})
	}
	return out, nil
}

// MaxPerSchool bounds how many recipients of a school letters look at.
const MaxPerSchool = 50_000

func (p *Printer) letter(ctx context.Context, c campaign.Campaign, school, tag, code, addressee string) (letter.Letter, error) {
	minutes, err := p.minutes(ctx, c.InstrumentVersion, tag)
	if err != nil {
		return letter.Letter{}, err
	}
	language := wording.Nearest(tag)
	l := letter.Letter{
		Language: language, School: c.SchoolTitle(school), District: c.DistrictTitle, Addressee: addressee, Link: p.Link(code), TypeAt: p.url + "/s",
		Code: code, CloseDate: wording.Moment(c.EndsAt(), c.TimeZone, language), Promise: promise(c.Mode),
	}
	if minutes > 0 {
		l.Minutes = strconv.Itoa(minutes)
	}
	return l, nil
}

func promise(m campaign.Mode) letter.Promise {
	switch m {
	case campaign.Confidential:
		return letter.Confidential
	case campaign.Token:
		return letter.OneAnswer
	default:
		return letter.Open
	}
}

// OptedOutMessage says in a built-in language what opting out does.
func OptedOutMessage(language string, all bool) string {
	messages := map[string][2]string{
		wording.English: {
			"You get no more mails or letters about this survey. You can still answer it.",
			"You get no more mails or letters about any survey of this district. You can still answer this one.",
		},
		wording.Spanish: {
			"No recibirá más correos ni cartas sobre esta encuesta. Aún puede responderla.",
			"No recibirá más correos ni cartas sobre ninguna encuesta de este distrito. Aún puede responder esta.",
		},
		wording.Arabic: {
			"لن تصلكم رسائل أخرى عن هذا الاستبيان. لا يزال بإمكانكم الإجابة عنه.",
			"لن تصلكم رسائل أخرى عن أي استبيان لهذه المنطقة التعليمية. لا يزال بإمكانكم الإجابة عن هذا الاستبيان.",
		},
	}
	if all {
		return messages[language][1]
	}
	return messages[language][0]
}
