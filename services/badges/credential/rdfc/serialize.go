package rdfc

const upperHex = "0123456789ABCDEF"

// keepLabel is the label function of a plain serialization.
func keepLabel(label string) string { return label }

// appendQuad writes one canonical N-Quads line; label renames blank nodes on the way.
func appendQuad(dst []byte, q Quad, label func(string) string) []byte {
	dst = appendTerm(dst, q.Subject, label)
	dst = append(dst, ' ')
	dst = appendTerm(dst, q.Predicate, label)
	dst = append(dst, ' ')
	dst = appendTerm(dst, q.Object, label)
	if q.Graph.Kind != KindNone {
		dst = append(dst, ' ')
		dst = appendTerm(dst, q.Graph, label)
	}
	return append(dst, " .\n"...)
}

func appendTerm(dst []byte, t Term, label func(string) string) []byte {
	switch t.Kind {
	case KindIRI:
		dst = append(dst, '<')
		dst = append(dst, t.Value...)
		return append(dst, '>')
	case KindBlank:
		dst = append(dst, "_:"...)
		return append(dst, label(t.Value)...)
	default:
		return appendLiteral(dst, t)
	}
}

func appendLiteral(dst []byte, t Term) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, t.Value)
	dst = append(dst, '"')
	switch {
	case t.Language != "":
		dst = append(dst, '@')
		dst = append(dst, t.Language...)
	case t.Datatype != "" && t.Datatype != XSDString:
		dst = append(dst, "^^<"...)
		dst = append(dst, t.Datatype...)
		dst = append(dst, '>')
	}
	return dst
}

// appendEscaped escapes exactly what canonical N-Quads escapes: quote, backslash and control characters.
func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		c := s[i]
		if c > 0x1f && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		dst = append(dst, '\\')
		switch c {
		case '"', '\\':
			dst = append(dst, c)
		case '\b':
			dst = append(dst, 'b')
		case '\t':
			dst = append(dst, 't')
		case '\n':
			dst = append(dst, 'n')
		case '\f':
			dst = append(dst, 'f')
		case '\r':
			dst = append(dst, 'r')
		default:
			dst = append(dst, 'u', '0', '0', upperHex[c>>4], upperHex[c&15])
		}
	}
	return append(dst, s[start:]...)
}
