package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
)

// printJSON prints the report of one target, or of several in a list.
func printJSON(w io.Writer, results []result) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if len(results) == 1 {
		return encoder.Encode(results[0])
	}
	return encoder.Encode(struct {
		Valid   bool     `json:"valid"`
		Results []result `json:"results"`
	}{exitCode(results) == 0, results})
}

// colorful tells whether the output is a terminal whose owner did not ask for plain text.
func colorful(file *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

// printer writes reports for people.
type printer struct {
	out      io.Writer
	colors   bool
	language verifier.Language
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	gray   = "90"
)

func (p printer) paint(color, text string) string {
	if !p.colors {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// words are those around the reasons, which come in their own language.
func (p printer) words(english, spanish string) string {
	if p.language == verifier.Spanish {
		return spanish
	}
	return english
}

func (p printer) all(results []result) error {
	var text strings.Builder
	for i, r := range results {
		if len(results) > 1 {
			fmt.Fprintf(&text, "%s\n", printable(r.Target))
		}
		p.one(&text, r)
		if i < len(results)-1 {
			text.WriteString("\n")
		}
	}
	if len(results) > 1 {
		p.summary(&text, results)
	}
	_, err := io.WriteString(p.out, text.String())
	return err
}

func (p printer) one(text *strings.Builder, r result) {
	if r.Error != "" {
		fmt.Fprintf(text, "%s: %s\n", p.paint(red, p.words("not read", "no leída")), printable(r.Error))
		return
	}
	for _, line := range [][2]string{
		{p.words("badge", "insignia"), r.Name},
		{p.words("school", "escuela"), r.School},
		{p.words("issuer", "emisor"), issuerLine(r.Report)},
		{p.words("form", "forma"), r.Form},
	} {
		if line[1] != "" {
			fmt.Fprintf(text, "%-9s %s\n", line[0]+":", printable(line[1]))
		}
	}
	p.steps(text, r.Report, "")
	verdict := p.paint(red, p.words("NOT VALID", "NO VÁLIDA"))
	if r.Valid {
		verdict = p.paint(green, p.words("valid", "válida"))
	}
	if r.Valid && !r.IssuerKnown {
		verdict += p.words(", of an issuer that is not in a list of known ones", ", de un emisor que no está en una lista de conocidos")
	}
	fmt.Fprintf(text, "%s: %s\n", p.words("result", "resultado"), verdict)
}

// issuerLine prefers the name that the registry has to the one that the issuer gives itself.
func issuerLine(r verifier.Report) string {
	name := r.RegisteredName
	if name == "" {
		name = r.IssuerName
	}
	switch {
	case name == "":
		return r.IssuerID
	case r.IssuerID == "":
		return name
	}
	return name + " (" + r.IssuerID + ")"
}

func (p printer) steps(text *strings.Builder, r verifier.Report, indent string) {
	for _, s := range r.Steps {
		fmt.Fprintf(text, "%s%s  %s: %s%s\n", indent, p.mark(s.Outcome), s.Title, printable(s.Reason), p.paint(gray, code(s)))
		for i, v := range s.Violations {
			if i > 0 { // the first is the reason
				fmt.Fprintf(text, "%s         %s: %s\n", indent, printable(v.Field), printable(v.Fix))
			}
		}
	}
	for _, part := range r.Parts {
		fmt.Fprintf(text, "%s  %s: %s\n", indent, p.role(part.Role), printable(part.Name))
		p.steps(text, part, indent+"    ")
	}
}

func code(s verifier.Step) string {
	if s.Code == "" {
		return ""
	}
	return " [" + s.Code + "]"
}

func (p printer) mark(o verifier.Outcome) string {
	switch o {
	case verifier.Passed:
		return p.paint(green, p.words("ok     ", "bien   "))
	case verifier.Failed:
		return p.paint(red, p.words("FAILED ", "FALLO  "))
	case verifier.Warning:
		return p.paint(yellow, p.words("warning", "aviso  "))
	default:
		return p.paint(gray, p.words("skipped", "omitido"))
	}
}

func (p printer) role(role string) string {
	switch role {
	case verifier.RoleEndorsement:
		return p.words("endorsement", "respaldo")
	case verifier.RoleBadge:
		return p.words("badge", "insignia")
	}
	return p.words("credential", "credencial")
}

func (p printer) summary(text *strings.Builder, results []result) {
	valid, unread := 0, 0
	for _, r := range results {
		switch {
		case r.unreadable():
			unread++
		case r.Valid:
			valid++
		}
	}
	fmt.Fprintf(text, "\n"+p.words("%d of %d valid, %d not valid, %d not read\n", "%d de %d válidas, %d no válidas, %d no leídas\n"),
		valid, len(results), len(results)-valid-unread, unread)
}

// printable writes a text of a stranger's document so that it cannot steer a terminal or feign a line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
