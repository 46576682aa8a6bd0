package reading

import (
	"strings"
)

// English counts the syllables of a word: groups of vowels, less those that are
// silent, more where two vowels are spoken apart.
func English(word string) int {
	word = onlyLetters(strings.ToLower(word))
	if n, ok := exceptions()[word]; ok {
		return n
	}
	word = strings.TrimSuffix(word, "s'")
	n, last := 0, false
	for _, r := range word {
		vowel := strings.ContainsRune("aeiouyáéíóú", r)
		if vowel && !last {
			n++
		}
		last = vowel
	}
	return max(1, n-silent(word)+apart(word))
}

// silent counts endings that are written and not spoken.
func silent(w string) int {
	switch {
	case strings.HasSuffix(w, "e") && !vowelBefore(w, 1):
		if strings.HasSuffix(w, "le") && len(w) > 3 && !strings.ContainsRune("lwr", rune(w[len(w)-3])) && !vowelAt(w, len(w)-3) {
			return 0 // ta-ble
		}
		return 1 // lane
	case strings.HasSuffix(w, "es") && len(w) > 3 && !vowelBefore(w, 2):
		if sounding(w[:len(w)-2]) || (strings.HasSuffix(w, "les") && len(w) > 4 && !vowelAt(w, len(w)-4)) {
			return 0 // hous-es, ta-bles
		}
		return 1 // times
	case strings.HasSuffix(w, "ed") && len(w) > 3 && !vowelBefore(w, 2):
		if c := w[len(w)-3]; c == 't' || c == 'd' || (c == 'l' && len(w) > 4 && !vowelAt(w, len(w)-4) && w[len(w)-4] != 'l' && w[len(w)-4] != 'r') {
			return 0 // want-ed, set-tled
		}
		return 1 // asked
	}
	for _, inner := range []string{"ely", "eful", "eless", "ement"} {
		if strings.Contains(w, inner) && len(w) > len(inner)+2 && !vowelAt(w, strings.Index(w, inner)-1) {
			return 1 // safe-ly, hope-ful
		}
	}
	return 0
}

// sounding tells whether an "es" after the stem is spoken: hous-es, rac-es, chang-es.
func sounding(stem string) bool {
	for _, end := range []string{"s", "z", "x", "ch", "sh", "c", "g"} {
		if strings.HasSuffix(stem, end) {
			return true
		}
	}
	return false
}

// apart counts pairs of vowels that are two syllables.
func apart(w string) int {
	n := 0
	for i := 0; i+1 < len(w); i++ {
		pair, rest := w[i:i+2], w[i+2:]
		switch pair {
		case "ia":
			// so-cial and spe-cial are one, me-di-a and i-de-al two.
			if i > 0 && !strings.ContainsRune("ct", rune(w[i-1])) && !strings.HasPrefix(rest, "ge") {
				n++
			}
		case "io":
			// na-tion and re-gion are one, au-di-o and pe-ri-od two.
			if i > 0 && !strings.ContainsRune("tsgcn", rune(w[i-1])) {
				n++
			}
		case "eo":
			if !strings.HasPrefix(rest, "pl") && !strings.HasPrefix(rest, "u") {
				n++ // vid-e-o
			}
		case "iu", "ii", "uu", "yi", "ao":
			n++
		case "ua", "ue", "uo":
			// ac-tu-al, but guard, ques-tion, val-ue
			if i > 0 && !strings.ContainsRune("gq", rune(w[i-1])) && (pair == "ua" || pair == "uo") {
				n++
			}
		case "ie":
			if strings.HasPrefix(rest, "t") && strings.HasSuffix(w, "iet") || strings.HasPrefix(rest, "nc") && strings.Contains(w, "scie") {
				n++ // qui-et, sci-ence
			}
		case "ea":
			if strings.HasPrefix(w, "crea") || strings.HasPrefix(w, "area") || strings.HasPrefix(w, "idea") {
				n++
			}
		}
	}
	if end := strings.TrimSuffix(w, "s"); strings.HasSuffix(end, "ier") && len(end) > 5 {
		n++ // ear-li-er
	}
	if strings.HasSuffix(w, "ism") || strings.HasSuffix(w, "thm") {
		n++
	}
	return n
}

func vowelAt(w string, i int) bool {
	return i >= 0 && i < len(w) && strings.IndexByte("aeiouy", w[i]) >= 0
}

// vowelBefore tells whether a vowel stands before the last n letters.
func vowelBefore(w string, n int) bool { return vowelAt(w, len(w)-n-1) }

func onlyLetters(w string) string {
	return strings.Map(func(r rune) rune {
		if r == '’' || r == '\'' || r == '.' || r == ',' {
			return -1
		}
		return r
	}, w)
}

// exceptions are frequent words that the rules count wrong.
func exceptions() map[string]int {
	return map[string]int{
		"every": 2, "everyone": 3, "everything": 3, "everywhere": 3, "something": 2, "sometimes": 2, "someone": 2, "somewhere": 2,
		"somewhat": 2, "being": 2, "doing": 2, "going": 2, "business": 2, "people": 2, "evening": 2, "different": 3, "interested": 4,
		"family": 3, "families": 3, "being's": 2, "create": 2, "created": 3, "area": 3, "areas": 3, "idea": 3, "ideas": 3, "science": 2,
		"therefore": 2, "whole": 1, "social": 2, "especially": 4, "usually": 4, "usual": 3, "website": 2, "homework": 2, "likely": 2,
		"welcome": 2, "welcomed": 2, "welcomes": 2, "welcoming": 3, "caregiver": 3, "caregivers": 3, "safety": 2, "safely": 2,
		"anyone": 3, "audience": 3, "experience": 4, "awareness": 3, "beyond": 2, "client": 2, "element": 3, "hundred": 2, "ambiguous": 4,
		"theyre": 1, "youre": 1, "were": 1, "dont": 1, "doesnt": 2, "didnt": 2, "isnt": 2, "wasnt": 2, "couldnt": 2,
	}
}

// Spanish counts the syllables of a word. An open vowel (a, e, o, or an accented í, ú)
// carries a syllable; a closed one (i, u, y) joins its neighbor; two open ones do not
// join, two closed ones do even with an accent. The u of que, qui, gue, gui is silent.
func Spanish(word string) int {
	letters := []rune(strings.ToLower(word))
	n, before := 0, rune(0) // before: 0 no vowel, 'o' open, 'c' closed
	for i, r := range letters {
		kind := rune(0)
		switch {
		case strings.ContainsRune("aeoáéóíú", r):
			kind = 'o'
		case strings.ContainsRune("iuüï", r), r == 'y' && i == len(letters)-1:
			kind = 'c'
		}
		if r == 'h' && before != 0 && i+1 < len(letters) {
			continue // between vowels it separates nothing
		}
		if r == 'u' && i > 0 && i+1 < len(letters) && strings.ContainsRune("qg", letters[i-1]) && strings.ContainsRune("eiéí", letters[i+1]) {
			before = 0
			continue
		}
		if kind == 'o' && before != 'c' || kind == 'c' && before == 0 {
			n++
		}
		before = kind
	}
	return max(n, 1)
}
