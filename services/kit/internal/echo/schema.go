// Package echo is a small gRPC service for the tests of the kit.
//
// Its schema is built here instead of generated, because the kit knows no
// domain and its test service belongs to no published API. The methods differ
// in their access rules; what they do is given by the test.
package echo

import (
	"errors"
	"sync"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	privacyv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/privacy/v1"
)

// ServiceName is the full name of the service.
const ServiceName = "tandem.echo.v1.Echo"

// The full names of its methods.
const (
	GetPublic = "/" + ServiceName + "/GetPublic" // scope PUBLIC
	GetMine   = "/" + ServiceName + "/GetMine"   // scope SIGNED_IN, everybody
	Get       = "/" + ServiceName + "/Get"       // scope COVERS, school and offices; researchers without people; field name
	Update    = "/" + ServiceName + "/Update"    // scope WITHIN, school and offices; researchers without people; field item.name; writes
	BatchGet  = "/" + ServiceName + "/BatchGet"  // as Get, field names
	Watch     = "/" + ServiceName + "/Watch"     // as Get; answers a stream
	Unruled   = "/" + ServiceName + "/Unruled"   // no rule
)

// maxText is the rule of the field text.
const maxText = 10

// File returns the schema, registered with the program's descriptors.
func File() (protoreflect.FileDescriptor, error) { return file() }

var file = sync.OnceValues(func() (protoreflect.FileDescriptor, error) {
	built, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name:        proto.String("tandem/echo/v1/echo.proto"),
		Package:     proto.String("tandem.echo.v1"),
		Syntax:      proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{itemType(), messageType()},
		Service:     []*descriptorpb.ServiceDescriptorProto{serviceType()},
	}, protoregistry.GlobalFiles)
	if err != nil {
		return nil, err
	}
	message := dynamicpb.NewMessageType(built.Messages().ByName("Message"))
	return built, errors.Join(
		protoregistry.GlobalFiles.RegisterFile(built),
		protoregistry.GlobalTypes.RegisterMessage(message),
	)
})

func itemType() *descriptorpb.DescriptorProto {
	return &descriptorpb.DescriptorProto{Name: proto.String("Item"), Field: []*descriptorpb.FieldDescriptorProto{
		field("name", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING),
		personal("author", 2, privacyv1.Category_CATEGORY_NAME),
		personal("owner", 3, privacyv1.Category_CATEGORY_REFERENCE),
	}}
}

// personal is a field with personal data.
func personal(name string, number int32, category privacyv1.Category) *descriptorpb.FieldDescriptorProto {
	f := field(name, number, descriptorpb.FieldDescriptorProto_TYPE_STRING)
	f.Options = &descriptorpb.FieldOptions{}
	proto.SetExtension(f.Options, privacyv1.E_Personal, &privacyv1.Personal{Category: category, Purpose: "tests", Subject: "staff", Retention: "test"})
	return f
}

// itemsByKey is the entry of a map of items.
func itemsByKey() *descriptorpb.DescriptorProto {
	value := field("value", 2, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	value.TypeName = proto.String(".tandem.echo.v1.Item")
	return &descriptorpb.DescriptorProto{
		Name: proto.String("ByKeyEntry"), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
		Field: []*descriptorpb.FieldDescriptorProto{field("key", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING), value},
	}
}

func messageType() *descriptorpb.DescriptorProto {
	text := field("text", 2, descriptorpb.FieldDescriptorProto_TYPE_STRING)
	text.Options = &descriptorpb.FieldOptions{}
	proto.SetExtension(text.Options, validate.E_Field, validate.FieldRules_builder{
		String: validate.StringRules_builder{MaxLen: proto.Uint64(maxText)}.Build(),
	}.Build())
	item := field("item", 3, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	item.TypeName = proto.String(".tandem.echo.v1.Item")
	names := field("names", 4, descriptorpb.FieldDescriptorProto_TYPE_STRING)
	names.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	items := field("items", 8, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	items.TypeName, items.Label = proto.String(".tandem.echo.v1.Item"), descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	byKey := field("by_key", 9, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	byKey.TypeName, byKey.Label = proto.String(".tandem.echo.v1.Message.ByKeyEntry"), descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	return &descriptorpb.DescriptorProto{Name: proto.String("Message"), NestedType: []*descriptorpb.DescriptorProto{itemsByKey()}, Field: []*descriptorpb.FieldDescriptorProto{
		field("name", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING),
		text, item, names,
		field("page_size", 5, descriptorpb.FieldDescriptorProto_TYPE_INT32),
		field("page_token", 6, descriptorpb.FieldDescriptorProto_TYPE_STRING),
		field("request_id", 7, descriptorpb.FieldDescriptorProto_TYPE_STRING),
		items, byKey,
	}}
}

func field(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
	return &descriptorpb.FieldDescriptorProto{
		Name: proto.String(name), JsonName: proto.String(name), Number: proto.Int32(number), Type: kind.Enum(),
		Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}
}

func serviceType() *descriptorpb.ServiceDescriptorProto {
	watch := method("Watch", accessv1.Scope_SCOPE_COVERS, "name", "journeys.get")
	watch.ServerStreaming = proto.Bool(true)
	unruled := method("Unruled", accessv1.Scope_SCOPE_PUBLIC, "", "credentials.get")
	unruled.Options = nil
	return &descriptorpb.ServiceDescriptorProto{Name: proto.String("Echo"), Method: []*descriptorpb.MethodDescriptorProto{
		method("GetPublic", accessv1.Scope_SCOPE_PUBLIC, "", "credentials.get"),
		method("GetMine", accessv1.Scope_SCOPE_SIGNED_IN, "", "cycles.get"),
		read(method("Get", accessv1.Scope_SCOPE_COVERS, "name", "journeys.get")),
		method("Update", accessv1.Scope_SCOPE_WITHIN, "item.name", "campaigns.get"),
		method("BatchGet", accessv1.Scope_SCOPE_COVERS, "names", "journeys.get"),
		watch, unruled,
	}}
}

// method is an RPC under an action of the product: the policies know no other.
func method(name string, scope accessv1.Scope, resource, action string) *descriptorpb.MethodDescriptorProto {
	options := &descriptorpb.MethodOptions{}
	proto.SetExtension(options, accessv1.E_Rule, &accessv1.Rule{Action: action, Scope: scope, Resource: resource})
	return &descriptorpb.MethodDescriptorProto{
		Name: proto.String(name), Options: options,
		InputType: proto.String(".tandem.echo.v1.Message"), OutputType: proto.String(".tandem.echo.v1.Message"),
	}
}

func read(m *descriptorpb.MethodDescriptorProto) *descriptorpb.MethodDescriptorProto {
	proto.SetExtension(m.Options, annotations.E_Http, &annotations.HttpRule{Pattern: &annotations.HttpRule_Get{Get: "/v1/{name=echoes/*}"}})
	return m
}

// Message returns an empty message of the service, which is both the request
// and the answer of every method.
func Message() (*dynamicpb.Message, error) {
	f, err := File()
	if err != nil {
		return nil, err
	}
	return dynamicpb.NewMessage(f.Messages().ByName("Message")), nil
}
