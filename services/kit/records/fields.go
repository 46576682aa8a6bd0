package records

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	privacyv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/privacy/v1"
)

// CheckFields holds the declaration to the annotations of a service's messages and
// returns what is wrong, for a test: a personal field that no table keeps and that
// is not said to pass, or one that is declared and no longer annotated. The
// packages, such as "tandem.schools.v1", are those linked into the program.
func (d Declaration) CheckFields(packages ...protoreflect.FullName) (wrong []string) {
	said := map[string]string{}
	for name, reason := range d.Passing {
		said[name] = reason
	}
	for _, t := range d.Tables {
		for _, name := range t.Fields {
			said[name] = t.Name
		}
		if len(t.Fields) > 0 && len(t.Personal) == 0 && len(t.Subjects) == 0 {
			wrong = append(wrong, t.Name+": keeps personal fields and declares no column for them")
		}
	}
	for _, name := range packages {
		found := annotated(name)
		if len(found) == 0 {
			wrong = append(wrong, fmt.Sprintf("%s: no annotated field was found, so nothing was checked", name))
		}
		for _, field := range found {
			if said[field] == "" {
				wrong = append(wrong, field+": say in the declaration which table keeps it, or why none does")
			}
			delete(said, field)
		}
	}
	for field := range said {
		wrong = append(wrong, field+": is declared, and not annotated")
	}
	slices.Sort(wrong)
	return wrong
}

// annotated are the personal fields of a package, such as "schools.Note.text".
func annotated(pkg protoreflect.FullName) (found []string) {
	short := strings.TrimSuffix(strings.TrimPrefix(string(pkg), "tandem."), ".v1")
	protoregistry.GlobalFiles.RangeFilesByPackage(pkg, func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			m := file.Messages().Get(i)
			for j := range m.Fields().Len() {
				if f := m.Fields().Get(j); proto.HasExtension(f.Options(), privacyv1.E_Personal) {
					found = append(found, fmt.Sprintf("%s.%s.%s", short, m.Name(), f.Name()))
				}
			}
		}
		return true
	})
	return found
}
