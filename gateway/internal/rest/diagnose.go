package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

// wholeBody stands as the field where the body as such is wrong.
const wholeBody = "body"

var duplicate = regexp.MustCompile(`duplicate field "([A-Za-z0-9_]+)"`)

// diagnose finds every place where a body does not fit its message. The decoder
// has refused it already, but names one place only, and in words that change.
func diagnose(data []byte, d protoreflect.MessageDescriptor, cause error) []problems.Violation {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return []problems.Violation{syntax(err, decoder.InputOffset())}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return []problems.Violation{{Field: wholeBody, Rule: "json_syntax", Fix: "Send one JSON object and nothing after it."}}
	}
	var found walk
	found.message("", d, value)
	switch name := duplicate.FindStringSubmatch(cause.Error()); {
	case len(found) > 0:
	case name != nil:
		found.add(name[1], "duplicate", "Give the field once.")
	default:
		found.add(wholeBody, "json_value", "Send a JSON object as the API document describes it.")
	}
	return found
}

func syntax(err error, offset int64) problems.Violation {
	var at *json.SyntaxError
	if errors.As(err, &at) {
		offset = at.Offset
	}
	return problems.Violation{
		Field: wholeBody, Rule: "json_syntax",
		Fix: fmt.Sprintf("Send one JSON object; this stops being JSON at byte %d.", offset),
	}
}

// walk collects what does not fit.
type walk []problems.Violation

func (w *walk) add(field, rule, fix string) {
	*w = append(*w, problems.Violation{Field: field, Rule: rule, Fix: fix})
}

// message compares an object with a message, field by field.
func (w *walk) message(path string, d protoreflect.MessageDescriptor, value any) {
	object, ok := value.(map[string]any)
	if !ok {
		if path == "" {
			path = wholeBody
		}
		w.add(path, "wrong_type", "Give an object.")
		return
	}
	for _, name := range sorted(object) {
		field := fieldOf(d, name)
		if field == nil {
			w.add(join(path, name), "unknown_field", "Remove it or correct its spelling; known here: "+fieldNames(d)+".")
			continue
		}
		if object[name] != nil {
			w.field(join(path, name), field, object[name])
		}
	}
}

// field compares one value. Messages of our own are looked into; everything
// else the decoder judges, one field at a time.
func (w *walk) field(path string, field protoreflect.FieldDescriptor, value any) {
	list, isList := value.([]any)
	switch {
	case field.IsMap() || !nested(field):
		w.leaf(path, field, value)
	case field.IsList() && isList:
		for i, element := range list {
			w.message(path+"["+strconv.Itoa(i)+"]", field.Message(), element)
		}
	case field.IsList():
		w.add(path, "wrong_type", "Give "+expected(field)+".")
	default:
		w.message(path, field.Message(), value)
	}
}

// leaf asks the decoder whether the value suits the field.
func (w *walk) leaf(path string, field protoreflect.FieldDescriptor, value any) {
	alone, err := json.Marshal(map[string]any{field.JSONName(): value})
	if err == nil {
		err = protojson.Unmarshal(alone, dynamicpb.NewMessage(field.ContainingMessage()))
	}
	if err != nil {
		w.add(path, "wrong_type", "Give "+expected(field)+".")
	}
}

func nested(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && !strings.HasPrefix(string(field.Message().FullName()), "google.")
}

func fieldOf(d protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := d.Fields().ByJSONName(name); field != nil {
		return field
	}
	return d.Fields().ByTextName(name)
}

func fieldNames(d protoreflect.MessageDescriptor) string {
	names := make([]string, d.Fields().Len())
	for i := range names {
		names[i] = d.Fields().Get(i).JSONName()
	}
	return strings.Join(names, ", ")
}

// expected says in words what a field takes.
func expected(field protoreflect.FieldDescriptor) string {
	one := kind(field)
	if field.IsMap() {
		return "an object"
	}
	if field.IsList() {
		return "a list in which each is " + one
	}
	return one
}

func kind(field protoreflect.FieldDescriptor) string {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.StringKind:
		return "a text in quotes"
	case protoreflect.BytesKind:
		return "bytes in base64"
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return "a number"
	case protoreflect.EnumKind:
		return "one of " + enumNames(field.Enum())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return wellKnown(field.Message())
	default:
		return "a whole number"
	}
}

func wellKnown(d protoreflect.MessageDescriptor) string {
	switch d.FullName() {
	case "google.protobuf.Timestamp":
		return "a time such as 2026-09-01T08:00:00Z"
	case "google.protobuf.Duration":
		return "a duration in seconds such as 3600s"
	case "google.protobuf.FieldMask":
		return "field names with commas between them"
	default:
		return "an object"
	}
}

// enumNames lists the values that may be given: the one for "not given" is not.
func enumNames(d protoreflect.EnumDescriptor) string {
	var names []string
	for i := range d.Values().Len() {
		if value := d.Values().Get(i); value.Number() != 0 {
			names = append(names, string(value.Name()))
		}
	}
	return strings.Join(names, ", ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func sorted(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
