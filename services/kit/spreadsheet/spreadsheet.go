// Package spreadsheet keeps texts that people typed from becoming formulas when a file is
// opened in a spreadsheet (OWASP, CSV injection). Whatever writes CSV for people
// passes its texts through here; numbers are written as they are.
package spreadsheet

import "strings"

// Text is the cell as a spreadsheet shows it and does not run it: with an
// apostrophe before what it would take for a formula.
func Text(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
