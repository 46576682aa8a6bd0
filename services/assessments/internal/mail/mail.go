// Package mail writes the mails of a survey and hands them to a mail server.
//
// Compose makes a message of a text and its values: plain text and simple HTML, in
// the direction of its language, with a way out of further mails in its head (RFC
// 8058). Server speaks SMTP and says of each message what became of it: taken,
// refused for good, put off, not known, or that the server cannot be reached. It
// never says more: answers of mail servers hold addresses.
//
// Package recipient decides who is written to, and when.
package mail

import (
	"errors"
	"fmt"
	"html"
	"net/mail"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/wording"
)

// What may become of a message that was not taken.
var (
	ErrRefused     = errors.New("the mail server refuses the address or the message")
	ErrPutOff      = errors.New("the mail server asks to try again later")
	ErrUnclear     = errors.New("the connection ended while the mail server had the message in hand")
	ErrUnavailable = errors.New("the mail server cannot be reached")
)

// Message is a mail.
type Message struct {
	To, ToName string
	ReplyTo    string
	Subject    string
	Text, HTML string
	Language   string
	OptOut     string // address that ends mails when it is posted to
}

// Values stand in the places of a text.
type Values struct {
	School, District, Addressee string
	Link, OptOut                string
	CloseDate, Minutes          string // empty where it is not known
}

func (v Values) byName() map[string]string {
	return map[string]string{
		"school": v.School, "district": v.District, "addressee": v.Addressee, "link": v.Link, "opt_out": v.OptOut,
		"close_date": v.CloseDate, "minutes": v.Minutes,
	}
}

// Text finds the text of a kind of mail for who reads a language: the campaign's
// own, or the built-in one.
func Text(own []campaign.Message, kind campaign.MessageKind, tag string) campaign.Message {
	var languages []string
	byLanguage := map[string]campaign.Message{}
	for _, m := range own {
		if m.Kind == kind {
			languages = append(languages, m.Language)
			byLanguage[m.Language] = m
		}
	}
	if len(languages) == 0 {
		return builtIn(kind, wording.Nearest(tag))
	}
	if tag == "" {
		return byLanguage[languages[0]]
	}
	// A built-in text in somebody's language is better than an own one in another.
	for _, built := range []string{wording.English, wording.Spanish, wording.Arabic} {
		if _, has := byLanguage[built]; !has {
			languages = append(languages, built)
			byLanguage[built] = builtIn(kind, built)
		}
	}
	return byLanguage[wording.Match(tag, languages)]
}

// Compose writes a message. A line whose place has nothing to say is left out.
func Compose(text campaign.Message, v Values) Message {
	values := v.byName()
	var plain, marked []string
	for _, line := range strings.Split(strings.ReplaceAll(text.Body, "\r\n", "\n"), "\n") {
		if !says(line, values) {
			continue
		}
		plain = append(plain, campaign.Fill(line, values))
		marked = append(marked, markUp(line, values))
	}
	return Message{
		ToName: v.Addressee, Subject: oneLine(campaign.Fill(text.Subject, values)), Text: strings.Join(plain, "\n") + "\n",
		HTML: page(text.Language, marked), Language: text.Language, OptOut: v.OptOut,
	}
}

// says tells whether every place of a line is filled.
func says(line string, values map[string]string) bool {
	for name, value := range values {
		if value == "" && strings.Contains(campaign.Fill(line, map[string]string{name: "\x00"}), "\x00") {
			return false
		}
	}
	return true
}

// markUp writes a line as HTML: its text escaped, its addresses as links.
func markUp(line string, values map[string]string) string {
	escaped := map[string]string{}
	for name, value := range values {
		escaped[name] = html.EscapeString(value)
		if name == "link" || name == "opt_out" {
			escaped[name] = fmt.Sprintf(`<a href="%s" dir="ltr">%s</a>`, html.EscapeString(value), html.EscapeString(value))
		}
	}
	return campaign.Fill(html.EscapeString(line), escaped)
}

// page makes paragraphs of lines; an empty line ends one.
func page(language string, lines []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html><html lang="%s" dir="%s"><head><meta charset="utf-8"></head><body style="font-family:sans-serif;line-height:1.5">`,
		html.EscapeString(language), wording.Direction(language))
	for _, paragraph := range strings.Split(strings.Join(lines, "\n"), "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph != "" {
			b.WriteString("<p>" + strings.ReplaceAll(paragraph, "\n", "<br>") + "</p>")
		}
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

// oneLine makes one line of a text that may hold names from a roster.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Address reads the address that mails come from, such as "Surveys <surveys@example.org>".
func Address(text string) (*mail.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no mail address: give one such as surveys@example.org", text)
	}
	return a, nil
}
