package jsonld

import (
	"math"
	"unicode/utf8"
)

// Settled tells whether a document that was built in the program is as Decode would give it:
// made of plain values only, valid Unicode, small whole numbers and not too deep. Any other
// document has to be written and decoded to be sure of what its text says.
func Settled(document map[string]any) bool { return settled(document, 1) }

func settled(value any, depth int) bool {
	switch v := value.(type) {
	case nil, bool:
		return true
	case string:
		return utf8.ValidString(v)
	case float64:
		return v == math.Trunc(v) && math.Abs(v) < 1e15 && !math.Signbit(v)
	case []any:
		for _, item := range v {
			if !settled(item, depth+1) {
				return false
			}
		}
		return depth <= MaxDepth
	case map[string]any:
		for key, item := range v {
			if !utf8.ValidString(key) || !settled(item, depth+1) {
				return false
			}
		}
		return depth <= MaxDepth
	}
	return false
}
