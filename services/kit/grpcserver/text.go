package grpcserver

import (
	"fmt"
	"strings"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// plainText refuses control characters, other than tabs and line ends, in every
// text of a request. Nobody types them; PostgreSQL cannot store the zero among
// them where SQLite can, and terminals and logs obey the others.
func plainText(m protoreflect.Message) error {
	var broken []problem.Violation
	collectControls(m, nil, &broken)
	if len(broken) == 0 {
		return nil
	}
	return problem.Invalid(broken...)
}

// spot is a place in a message: a field, or an element of a list. Its path is written
// out for what is refused only, as every text of every request is looked at.
type spot struct {
	up    *spot
	field protoreflect.FieldDescriptor
	index int // of the element; -1 for the field itself
}

func (s *spot) path() string {
	path := string(s.field.Name())
	if s.index >= 0 {
		path = fmt.Sprintf("%s[%d]", path, s.index)
	}
	if s.up == nil {
		return path
	}
	return s.up.path() + "." + path
}

func collectControls(m protoreflect.Message, up *spot, broken *[]problem.Violation) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		at := spot{up: up, field: f, index: -1}
		switch {
		case f.IsMap():
			v.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
				collectIn(f.MapKey(), key.Value(), &at, broken)
				collectIn(f.MapValue(), value, &at, broken)
				return true
			})
		case f.IsList():
			for at.index = range v.List().Len() {
				collectIn(f, v.List().Get(at.index), &at, broken)
			}
		default:
			collectIn(f, v, &at, broken)
		}
		return true
	})
}

func collectIn(f protoreflect.FieldDescriptor, v protoreflect.Value, at *spot, broken *[]problem.Violation) {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		collectControls(v.Message(), at, broken)
	case protoreflect.StringKind:
		if strings.ContainsFunc(v.String(), control) {
			*broken = append(*broken, problem.Violation{
				Field: at.path(), Rule: "plain_text", Fix: "Leave out control characters; line ends and tabs are fine.",
			})
		}
	default:
	}
}

func control(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}
