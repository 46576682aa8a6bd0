package grpcserver

import (
	"errors"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/services/kit/apierr"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// everything adds to a broken form what the domain would ask for next: the
// required texts that a create lacks. A caller then hears of all at once. It
// refuses nothing by itself, since an update may leave out what a create needs.
func everything(err error, message proto.Message) error {
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	violations := apierr.Violations(invalid)
	known := map[string]bool{}
	for _, v := range violations {
		known[v.Field] = true
	}
	for _, field := range missing(message.ProtoReflect()) {
		if !known[field] {
			violations = append(violations, problem.Violation{
				Field: field, Rule: "required", Fix: "Give a value; it must not be empty.",
			})
		}
	}
	return problem.Invalid(violations...)
}

// missing lists the empty required texts of the resource in a create request.
func missing(request protoreflect.Message) []string {
	if !strings.HasPrefix(string(request.Descriptor().Name()), "Create") {
		return nil
	}
	var paths []string
	fields := request.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.Kind() != protoreflect.MessageKind || f.IsList() || f.IsMap() || !request.Has(f) {
			continue
		}
		resource := request.Get(f).Message()
		of := resource.Descriptor().Fields()
		for j := range of.Len() {
			if text := of.Get(j); text.Kind() == protoreflect.StringKind && !text.IsList() && required(text) && !resource.Has(text) {
				paths = append(paths, string(f.Name())+"."+string(text.Name()))
			}
		}
	}
	return paths
}

func required(f protoreflect.FieldDescriptor) bool {
	behaviors, _ := proto.GetExtension(f.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	for _, b := range behaviors {
		if b == annotations.FieldBehavior_REQUIRED {
			return true
		}
	}
	return false
}
