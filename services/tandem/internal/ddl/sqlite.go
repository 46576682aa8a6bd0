package ddl

import (
	"regexp"
	"strings"
)

// What a program of the version before would miss in SQLite. Locks do not count there.
var (
	liteCreate   = regexp.MustCompile(`(?i)^CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?`)
	liteDrop     = regexp.MustCompile(`(?i)^DROP TABLE (?:IF EXISTS )?"?(\w+)"?`)
	liteDropCol  = regexp.MustCompile(`(?i)^ALTER TABLE "?(\w+)"? DROP (?:COLUMN )?"?(\w+)"?`)
	liteRename   = regexp.MustCompile(`(?i)^ALTER TABLE "?(\w+)"? RENAME (?:(?:COLUMN )?"?(\w+)"? )?TO`)
	liteAdd      = regexp.MustCompile(`(?i)^ALTER TABLE "?(\w+)"? ADD (?:COLUMN )?"?(\w+)"?(.*)$`)
	liteRequired = regexp.MustCompile(`(?i)\bNOT NULL\b`)
	liteDefault  = regexp.MustCompile(`(?i)\bDEFAULT\b`)
)

// sqlite judges the statements of a file.
func (j *judge) sqlite(text string) error {
	for _, piece := range split(text) {
		s, words := at(text, piece.offset), piece.words
		switch {
		case liteCreate.MatchString(words):
			j.fresh[liteCreate.FindStringSubmatch(words)[1]] = true
		case liteDrop.MatchString(words):
			j.liteGone(s, drops, liteDrop.FindStringSubmatch(words)[1:])
		case liteDropCol.MatchString(words):
			j.liteGone(s, drops, liteDropCol.FindStringSubmatch(words)[1:])
		case liteRename.MatchString(words):
			s.contract = false
			j.liteGone(s, renames, liteRename.FindStringSubmatch(words)[1:])
		case liteAdd.MatchString(words):
			m := liteAdd.FindStringSubmatch(words)
			if liteRequired.MatchString(m[3]) && !liteDefault.MatchString(m[3]) && !j.fresh[m[1]] {
				j.blame(s, notNull, m[1]+"."+m[2])
			}
		}
	}
	return nil
}

func (j *judge) liteGone(s statement, r rule, names []string) {
	if !s.contract && !j.fresh[names[0]] {
		j.blame(s, r, strings.TrimSuffix(strings.Join(names, "."), "."))
	}
}

// piece is a statement: where it begins, and its words with one space between them,
// without comments and with empty texts.
type piece struct {
	offset int
	words  string
}

// tokens are what a statement is cut by: comments, texts, what belongs together by
// goose's own marks, and the end.
var tokens = regexp.MustCompile(`(?s)-- \+goose StatementBegin.*?-- \+goose StatementEnd|--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|;`)

func split(text string) (out []piece) {
	offset, last := 0, 0
	var words strings.Builder
	end := func(next int) {
		if kept := strings.Join(strings.Fields(words.String()), " "); kept != "" {
			out = append(out, piece{offset: offset, words: kept})
		}
		words.Reset()
		offset = next
	}
	for _, at := range tokens.FindAllStringIndex(text, -1) {
		words.WriteString(text[last:at[0]])
		last = at[1]
		switch token := text[at[0]:at[1]]; {
		case token == ";":
			end(last)
		case strings.HasPrefix(token, "'"):
			words.WriteString("''")
		}
	}
	words.WriteString(text[last:])
	end(len(text))
	return out
}
