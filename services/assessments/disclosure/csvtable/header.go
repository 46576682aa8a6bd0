package csvtable

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
)

// magic begins the first line of a published table.
const magic = "# tandem-table/1"

// describe is the first line: what a reader has to know of the table. Signs in
// names that would end them are written as in addresses (%20 for a space).
func (l Layout) describe() string {
	var b strings.Builder
	b.WriteString(magic)
	put := func(key string, values ...string) {
		for i, v := range values {
			values[i] = url.PathEscape(v)
		}
		b.WriteString(" " + key + "=" + strings.Join(values, ","))
	}
	put("rows", l.Rows)
	if len(l.Groups) > 0 {
		put("groups", append([]string{}, l.Groups...)...)
	}
	put("cells", append([]string{}, l.Cells...)...)
	if l.Total != "" {
		put("total", l.Total)
	}
	put("minimum", strconv.FormatInt(l.Rule.Minimum, 10))
	put("zeros", strconv.FormatBool(l.Rule.Zeros))
	put("width", strconv.FormatInt(l.Rule.Width(), 10))
	if l.Population != "" {
		put("population", l.Population)
	}
	if l.Selection != "" {
		put("selection", l.Selection)
	}
	return b.String()
}

// understand reads the first line. Programs for spreadsheets put quotes around
// such a line, or commas behind it.
func understand(line string) (Layout, error) {
	line = strings.TrimRight(strings.TrimSpace(line), ",;")
	if len(line) > 1 && line[0] == '"' && line[len(line)-1] == '"' {
		line = strings.ReplaceAll(line[1:len(line)-1], `""`, `"`)
	}
	rest, ok := strings.CutPrefix(line, magic)
	if !ok || rest != "" && rest[0] != ' ' {
		return Layout{}, fmt.Errorf("the first line has to begin with %q and to say what the columns are, as `tandem disclosure protect` writes it", magic)
	}
	var l Layout
	seen := map[string]bool{}
	for _, field := range strings.Fields(rest) {
		key, value, _ := strings.Cut(field, "=")
		if seen[key] {
			return Layout{}, fmt.Errorf("the first line says %s twice", key)
		}
		seen[key] = true
		if err := l.set(key, value); err != nil {
			return Layout{}, fmt.Errorf("the first line, %s: %w", key, err)
		}
	}
	if !seen["minimum"] {
		return Layout{}, errors.New("the first line has no minimum")
	}
	return l, l.check()
}

func (l *Layout) set(key, value string) (err error) {
	var list []string
	for name := range strings.SplitSeq(value, ",") {
		if name, err = url.PathUnescape(name); err != nil {
			return err
		}
		list = append(list, name)
	}
	one := list[0]
	if len(list) > 1 && key != "groups" && key != "cells" {
		return errors.New("one value is expected")
	}
	switch key {
	case "rows":
		l.Rows = one
	case "groups":
		if value != "" {
			l.Groups = list
		}
	case "cells":
		l.Cells = list
	case "total":
		l.Total = one
	case "population":
		l.Population = one
	case "selection":
		l.Selection = one
	case "minimum":
		l.Rule.Minimum, err = number(one)
	case "width":
		l.Rule.Least, err = number(one)
	case "zeros":
		l.Rule.Zeros, err = strconv.ParseBool(one)
	default:
		return errors.New("is not known")
	}
	return err
}

// largest is how large one count may be: more people than any state has, and sums
// of a million of them stay exact.
const largest = 1_000_000_000

// number reads a count: digits and nothing else.
func number(text string) (int64, error) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("%s is not a whole number of zero or more", quoted(text))
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > min(largest, disclosure.MaxValue) {
		return 0, fmt.Errorf("%s is not a whole number up to %d", quoted(text), largest)
	}
	return n, nil
}

// quoted is the beginning of what stands in a file, for messages.
func quoted(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return strconv.Quote(text)
}
