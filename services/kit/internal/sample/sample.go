// Package sample makes protobuf messages that belong to no service, for the
// platform's own tests: two events about things and a request with a request_id.
package sample

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	eventsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/events/v1"
)

// Sample holds the message types.
type Sample struct{ file protoreflect.FileDescriptor }

// New builds the message types. The events are published by the named service.
func New(service string) (*Sample, error) {
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("sample/" + service + ".proto"), Package: proto.String("sample." + service), Syntax: proto.String("proto3"),
		Dependency: []string{"tandem/events/v1/options.proto"},
		MessageType: []*descriptorpb.DescriptorProto{
			message("ThingMade", &eventsv1.Event{Service: service, Resource: "thing", Event: "made"}, "name", "note"),
			message("ThingChanged", &eventsv1.Event{Service: service, Resource: "thing", Event: "changed"}, "name", "note"),
			message("Nameless", &eventsv1.Event{Service: service, Resource: "thing", Event: "lost"}, "note"),
			message("Request", nil, "request_id", "note"),
		},
	}
	fd, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		return nil, fmt.Errorf("sample messages: %w", err)
	}
	return &Sample{file: fd}, nil
}

func message(name string, event *eventsv1.Event, fields ...string) *descriptorpb.DescriptorProto {
	d := &descriptorpb.DescriptorProto{Name: proto.String(name)}
	if event != nil {
		d.Options = &descriptorpb.MessageOptions{}
		proto.SetExtension(d.Options, eventsv1.E_Event, event)
	}
	for i, f := range fields {
		d.Field = append(d.Field, &descriptorpb.FieldDescriptorProto{
			Name: proto.String(f), Number: proto.Int32(int32(i + 1)),
			Type:  descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		})
	}
	return d
}

// Message returns a message of the named type with the given values, pairs of
// field and text. A field the type does not have is left out.
func (s *Sample) Message(typeName string, values ...string) proto.Message {
	m := dynamicpb.NewMessage(s.file.Messages().ByName(protoreflect.Name(typeName)))
	for i := 0; i+1 < len(values); i += 2 {
		if f := m.Descriptor().Fields().ByName(protoreflect.Name(values[i])); f != nil {
			m.Set(f, protoreflect.ValueOfString(values[i+1]))
		}
	}
	return m
}

// Text reads a text field.
func Text(m proto.Message, field string) string {
	r := m.ProtoReflect()
	f := r.Descriptor().Fields().ByName(protoreflect.Name(field))
	if f == nil {
		return ""
	}
	return r.Get(f).String()
}
