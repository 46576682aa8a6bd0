package jsonld

import (
	"math"
	"strconv"
	"strings"
)

const (
	xsdInteger = "http://www.w3.org/2001/XMLSchema#integer"
	xsdDouble  = "http://www.w3.org/2001/XMLSchema#double"
	xsdBoolean = "http://www.w3.org/2001/XMLSchema#boolean"
)

// exactNumber parses a JSON number and refuses it when its signed form would be another
// number: two documents with different numbers must never have the same signature.
func exactNumber(text string) (float64, error) {
	if small, err := strconv.Atoi(text); err == nil && len(text) <= len("999999999999999") {
		return float64(small), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err == nil && decimal(text) == decimal(numberText(f, "")) {
		return f + 0, nil // minus zero becomes zero, as JSON-LD writes it
	}
	return 0, refuse(CodeInexactNumber, text, "a number cannot be carried exactly: write it as text or with fewer digits")
}

// numberText is the lexical form that JSON-LD 1.1 gives a number (JSON-LD API, section 8.2.2).
func numberText(f float64, datatype string) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e21 && datatype != xsdDouble {
		return strconv.FormatFloat(math.Abs(f)*sign(f), 'f', 0, 64)
	}
	text := strconv.FormatFloat(f+0, 'E', 15, 64)
	mantissa, exponent, _ := strings.Cut(text, "E")
	mantissa = strings.TrimRight(mantissa, "0")
	if strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	negative := strings.HasPrefix(exponent, "-")
	exponent = strings.TrimLeft(exponent, "+-0")
	if exponent == "" {
		return mantissa + "E0"
	}
	if negative {
		exponent = "-" + exponent
	}
	return mantissa + "E" + exponent
}

// sign is 1 for minus zero too, so that the product has no sign then.
func sign(f float64) float64 {
	if f < 0 {
		return -1
	}
	return 1
}

// number is a decimal in lowest terms: digits without outer zeros, times ten to the exponent.
type number struct {
	negative bool
	digits   string
	exponent int
}

func decimal(text string) number {
	text, negative := strings.CutPrefix(text, "-")
	mantissa, power := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		p, err := strconv.Atoi(text[i+1:])
		if err != nil {
			p = math.MaxInt32 // no finite number equals it
		}
		mantissa, power = text[:i], p
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	power -= len(fraction)
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" {
		return number{}
	}
	return number{negative, trimmed, power + len(digits) - len(trimmed)}
}
