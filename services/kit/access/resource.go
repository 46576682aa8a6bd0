package access

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// resources returns the names that the field at path holds: one for a string
// field, all of them for a repeated one. No path means the state as a whole.
// An empty or unset field gives one empty name, so that it is checked too.
func resources(req proto.Message, path string) ([]string, error) {
	if path == "" {
		return []string{State}, nil
	}
	if req == nil {
		return nil, fmt.Errorf("request is no proto message, rule needs its field %s", path)
	}
	m := req.ProtoReflect()
	parts := strings.Split(path, ".")
	for _, part := range parts[:len(parts)-1] {
		field := m.Descriptor().Fields().ByName(protoreflect.Name(part))
		if field == nil || field.Kind() != protoreflect.MessageKind || field.Cardinality() == protoreflect.Repeated {
			return nil, badPath(req, path)
		}
		m = m.Get(field).Message()
	}
	field := m.Descriptor().Fields().ByName(protoreflect.Name(parts[len(parts)-1]))
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsMap() {
		return nil, badPath(req, path)
	}
	if !field.IsList() {
		return []string{m.Get(field).String()}, nil
	}
	return listed(m.Get(field).List()), nil
}

func listed(list protoreflect.List) []string {
	if list.Len() == 0 {
		return []string{State}
	}
	names := make([]string, list.Len())
	for i := range names {
		names[i] = list.Get(i).String()
	}
	return names
}

func badPath(req proto.Message, path string) error {
	return fmt.Errorf("rule names field %s, which %s has not as a string", path, req.ProtoReflect().Descriptor().FullName())
}

// optional tells whether a field of the request itself is marked as one that may
// be left out.
func optional(req proto.Message, field string) bool {
	d := req.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(field))
	if d == nil {
		return false
	}
	behaviors, _ := proto.GetExtension(d.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviors, annotations.FieldBehavior_OPTIONAL)
}
