// Package spreadsheet keeps texts that people typed from becoming formulas when a file is
// opened in a spreadsheet (OWASP, CSV injection; ASVS 1.2.10). Whatever writes CSV for
// people passes its texts through here; numbers are written as they are.
package spreadsheet

import (
	"strings"
	"unicode/utf8"
)

// begins are what a formula begins with, or what is left out before it. Some spreadsheets
// read the wide forms of East Asian keyboards alike.
const begins = "=+-@\t\r\n\x00＝＋－＠"

// Text is the cell as a spreadsheet shows it and does not run it: with an
// apostrophe before what it would take for a formula.
func Text(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if cell != "" && strings.ContainsRune(begins, first) {
		return "'" + cell
	}
	return cell
}
