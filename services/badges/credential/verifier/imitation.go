package verifier

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tandem-badges/tandem/services/badges/credential/registry"
)

// imitates tells whether an unknown issuer bears the name of a known one, or one that looks like it.
func imitates(known *registry.Registry, name string) bool {
	looks := look(name)
	for _, i := range known.Issuers {
		if looks != "" && looks == look(i.Name) {
			return true
		}
	}
	return false
}

// look is what a reader sees of a name: without characters that show nothing, without case, width and
// the amount of space, and with the Latin letter for each Cyrillic or Greek one of the same shape.
func look(name string) string {
	shown := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(name))
	// Capitals first: some have another twin than their small letters.
	return strings.Join(strings.Fields(twins(strings.ToLower(twins(shown)))), " ")
}

// twins is every foreign letter followed by the Latin one that looks the same.
var twins = strings.NewReplacer(
	"А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Х", "X", "Ѕ", "S", "І", "I", "Ј", "J",
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "у", "y", "х", "x", "ѕ", "s", "і", "i", "ј", "j", "һ", "h", "ԁ", "d", "ԛ", "q", "ԝ", "w",
	"Α", "A", "Β", "B", "Ε", "E", "Ζ", "Z", "Η", "H", "Ι", "I", "Κ", "K", "Μ", "M", "Ν", "N", "Ο", "O", "Ρ", "P", "Τ", "T", "Υ", "Y", "Χ", "X",
	"ο", "o", "ν", "v", "ι", "i", "α", "a",
).Replace
