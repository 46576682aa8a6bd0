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
	collectControls(m, "", &broken)
	if len(broken) == 0 {
		return nil
	}
	return problem.Invalid(broken...)
}

func collectControls(m protoreflect.Message, at string, broken *[]problem.Violation) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		path := strings.TrimPrefix(at+"."+string(f.Name()), ".")
		switch {
		case f.IsMap():
			v.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
				collectIn(f.MapKey(), key.Value(), path, broken)
				collectIn(f.MapValue(), value, path, broken)
				return true
			})
		case f.IsList():
			for i := range v.List().Len() {
				collectIn(f, v.List().Get(i), fmt.Sprintf("%s[%d]", path, i), broken)
			}
		default:
			collectIn(f, v, path, broken)
		}
		return true
	})
}

func collectIn(f protoreflect.FieldDescriptor, v protoreflect.Value, path string, broken *[]problem.Violation) {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		collectControls(v.Message(), path, broken)
	case protoreflect.StringKind:
		if strings.ContainsFunc(v.String(), control) {
			*broken = append(*broken, problem.Violation{
				Field: path, Rule: "plain_text", Fix: "Leave out control characters; line ends and tabs are fine.",
			})
		}
	default:
	}
}

func control(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
}
