package schema

import (
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/api/visibility"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	eventsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/events/v1"
	privacyv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/privacy/v1"
)

// Binding is one REST route of an RPC.
type Binding struct {
	// Verb is the HTTP method in lower case, as OpenAPI spells it.
	Verb string
	// Template is the path with its variables, e.g. "/v1/{name=districts/*}".
	Template string
	// Body is the request field sent as body, "*" for all that is not in the
	// path, empty for no body.
	Body string
}

// Bindings lists the REST routes of an RPC, the main one first.
func Bindings(m protoreflect.MethodDescriptor) []Binding {
	rule, ok := option[*annotations.HttpRule](m, annotations.E_Http)
	if !ok {
		return nil
	}
	bindings := []Binding{binding(rule)}
	for _, more := range rule.GetAdditionalBindings() {
		bindings = append(bindings, binding(more))
	}
	return bindings
}

// binding reads one HTTP rule.
func binding(rule *annotations.HttpRule) Binding {
	b := Binding{Body: rule.GetBody()}
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		b.Verb, b.Template = "get", pattern.Get
	case *annotations.HttpRule_Post:
		b.Verb, b.Template = "post", pattern.Post
	case *annotations.HttpRule_Put:
		b.Verb, b.Template = "put", pattern.Put
	case *annotations.HttpRule_Patch:
		b.Verb, b.Template = "patch", pattern.Patch
	case *annotations.HttpRule_Delete:
		b.Verb, b.Template = "delete", pattern.Delete
	case *annotations.HttpRule_Custom:
		b.Verb, b.Template = strings.ToLower(pattern.Custom.GetKind()), pattern.Custom.GetPath()
	}
	return b
}

// Rule is the access rule of an RPC; false when it has none.
func Rule(m protoreflect.MethodDescriptor) (*accessv1.Rule, bool) {
	return option[*accessv1.Rule](m, accessv1.E_Rule)
}

// Event is the option of an event message; false for other messages.
func Event(m protoreflect.MessageDescriptor) (*eventsv1.Event, bool) {
	return option[*eventsv1.Event](m, eventsv1.E_Event)
}

// Resource is the resource declaration of a message; false when it has none.
func Resource(m protoreflect.MessageDescriptor) (*annotations.ResourceDescriptor, bool) {
	return option[*annotations.ResourceDescriptor](m, annotations.E_Resource)
}

// Definitions are the resources of a file that no message describes.
func Definitions(file protoreflect.FileDescriptor) []*annotations.ResourceDescriptor {
	resources, _ := option[[]*annotations.ResourceDescriptor](file, annotations.E_ResourceDefinition)
	return resources
}

// Reference says which resource a string field names; false when it says nothing.
func Reference(f protoreflect.FieldDescriptor) (*annotations.ResourceReference, bool) {
	return option[*annotations.ResourceReference](f, annotations.E_ResourceReference)
}

// HasBehavior tells whether a field has the given behavior, e.g. OUTPUT_ONLY.
func HasBehavior(f protoreflect.FieldDescriptor, want annotations.FieldBehavior) bool {
	behaviors, _ := option[[]annotations.FieldBehavior](f, annotations.E_FieldBehavior)
	for _, b := range behaviors {
		if b == want {
			return true
		}
	}
	return false
}

// Internal tells whether an RPC is for the platform's own services only and so
// has no REST route: google.api.method_visibility with the restriction INTERNAL,
// on the RPC or on its service.
func Internal(m protoreflect.MethodDescriptor) bool {
	service := m.Parent().(protoreflect.ServiceDescriptor)
	onMethod, _ := option[*visibility.VisibilityRule](m, visibility.E_MethodVisibility)
	onService, _ := option[*visibility.VisibilityRule](service, visibility.E_ApiVisibility)
	return onMethod.GetRestriction() == "INTERNAL" || onService.GetRestriction() == "INTERNAL"
}

// Streams tells whether bytes or progress stream in either direction.
func Streams(m protoreflect.MethodDescriptor) bool {
	return m.IsStreamingClient() || m.IsStreamingServer()
}

// option reads one extension of a declaration's options.
func option[T any](d protoreflect.Descriptor, extension protoreflect.ExtensionType) (T, bool) {
	var none T
	if !proto.HasExtension(d.Options(), extension) {
		return none, false
	}
	value, ok := proto.GetExtension(d.Options(), extension).(T)
	return value, ok
}

// Personal is the mark of a field with personal data; false for other fields.
func Personal(f protoreflect.FieldDescriptor) (*privacyv1.Personal, bool) {
	return option[*privacyv1.Personal](f, privacyv1.E_Personal)
}
