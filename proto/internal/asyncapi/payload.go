package main

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// wellKnown are messages that JSON writes as a plain value.
var wellKnown = map[protoreflect.FullName]object{
	"google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
	"google.protobuf.Duration":  {"type": "string"},
	"google.protobuf.FieldMask": {"type": "string"},
	"google.protobuf.Empty":     {"type": "object"},
}

// fields describes a message in its JSON form.
func fields(m protoreflect.MessageDescriptor) object {
	properties := object{}
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		described := value(field)
		if comment := text(field); comment != "" {
			described["description"] = comment
		}
		properties[field.JSONName()] = described
	}
	return object{"type": "object", "properties": properties}
}

// value describes a field, repeated ones as arrays and maps as objects.
func value(field protoreflect.FieldDescriptor) object {
	switch {
	case field.IsMap():
		return object{"type": "object", "additionalProperties": single(field.MapValue())}
	case field.IsList():
		return object{"type": "array", "items": single(field)}
	default:
		return single(field)
	}
}

// single describes one value as protojson writes it: 64-bit numbers and bytes
// are strings there, enums are the names of their values.
func single(field protoreflect.FieldDescriptor) object {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return object{"type": "boolean"}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return object{"type": "number"}
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind, protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return object{"type": "integer"}
	case protoreflect.EnumKind:
		return object{"type": "string", "enum": values(field.Enum())}
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return nested(field.Message())
	default:
		return object{"type": "string"}
	}
}

// nested describes a message within an event.
func nested(m protoreflect.MessageDescriptor) object {
	if plain, ok := wellKnown[m.FullName()]; ok {
		described := object{}
		for key, value := range plain {
			described[key] = value
		}
		return described
	}
	return fields(m)
}

// values lists the names of an enum.
func values(enum protoreflect.EnumDescriptor) []string {
	var names []string
	for i := range enum.Values().Len() {
		names = append(names, string(enum.Values().Get(i).Name()))
	}
	return names
}
