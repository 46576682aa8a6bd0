package main

import (
	"slices"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

// keywords maps validation rules to the JSON Schema keywords that say the same.
// Rules without a twin are enforced all the same; the document just does not
// tell of them.
var keywords = map[protoreflect.Name]string{
	"min_len": "minLength", "max_len": "maxLength", "pattern": "pattern",
	"gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum",
	"const": "const", "in": "enum",
	"min_items": "minItems", "max_items": "maxItems", "unique": "uniqueItems",
	"min_pairs": "minProperties", "max_pairs": "maxProperties",
}

// formats maps well-known string rules to JSON Schema formats.
var formats = map[protoreflect.Name]string{
	"email": "email", "hostname": "hostname", "uri": "uri", "uri_ref": "uri-reference", "uuid": "uuid",
}

// described are the kinds of rules whose values look the same in JSON; 64-bit
// numbers, bytes and the well-known types are strings there.
var described = []protoreflect.Name{
	"string", "bool", "int32", "sint32", "sfixed32", "uint32", "fixed32", "float", "double", "repeated", "map",
}

// constrainObject adds limits to the properties of a message's schema, and the
// fields that may not be left out to its required list.
func constrainObject(m protoreflect.MessageDescriptor, target object) {
	properties := child(target, "properties")
	if len(properties) == 0 {
		delete(target, "properties")
		return
	}
	required, _ := target["required"].([]any)
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		property, ok := properties[field.JSONName()].(object)
		if ok && constrain(field, property) && !slices.Contains(required, any(field.JSONName())) {
			required = append(required, field.JSONName())
		}
	}
	if len(required) > 0 {
		target["required"] = required
	}
}

// constrain adds the limits of a field to its schema and tells whether the field
// may not be left out.
func constrain(field protoreflect.FieldDescriptor, target object) bool {
	if schema.HasBehavior(field, annotations.FieldBehavior_OUTPUT_ONLY) {
		return false
	}
	rules, ok := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if !ok || rules == nil {
		return false
	}
	apply(rules, target)
	// A field without presence is judged even when it was left out.
	implied := !field.HasPresence() && rules.GetIgnore() == validate.Ignore_IGNORE_UNSPECIFIED
	lengths := rules.GetString().GetMinLen() > 0 || rules.GetString().GetLen() > 0 || rules.GetRepeated().GetMinItems() > 0
	return rules.GetRequired() || implied && lengths
}

// apply writes the rules of one value, and of its items, as keywords.
func apply(rules *validate.FieldRules, target object) {
	kind := rules.ProtoReflect().WhichOneof(rules.ProtoReflect().Descriptor().Oneofs().ByName("type"))
	if kind == nil || !slices.Contains(described, kind.Name()) || target["$ref"] != nil {
		return
	}
	rules.ProtoReflect().Get(kind).Message().Range(func(rule protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case keywords[rule.Name()] != "":
			target[keywords[rule.Name()]] = plain(rule, value)
		case formats[rule.Name()] != "" && value.Bool():
			target["format"] = formats[rule.Name()]
		case rule.Name() == "len":
			target["minLength"], target["maxLength"] = value.Interface(), value.Interface()
		}
		return true
	})
	if items := rules.GetRepeated().GetItems(); items != nil {
		apply(items, child(target, "items"))
	}
	if values := rules.GetMap().GetValues(); values != nil {
		apply(values, child(target, "additionalProperties"))
	}
}

// plain is a rule's value as JSON writes it.
func plain(rule protoreflect.FieldDescriptor, value protoreflect.Value) any {
	if !rule.IsList() {
		return value.Interface()
	}
	var all []any
	for i := range value.List().Len() {
		all = append(all, value.List().Get(i).Interface())
	}
	return all
}
