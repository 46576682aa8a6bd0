package proto_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/proto/internal/schema"
)

func TestEveryDeclarationIsCommented(t *testing.T) {
	protos := load(t)
	commented := func(d protoreflect.Descriptor) {
		require.NotEmpty(t, schema.Comment(d), "%s: say what it is for", d.FullName())
	}
	for _, service := range protos.Services() {
		commented(service)
		for i := range service.Methods().Len() {
			m := service.Methods().Get(i)
			commented(m)
			require.True(t, strings.HasPrefix(schema.Comment(m), string(m.Name())+" "),
				"%s: begin the comment with the RPC's name; the OpenAPI summary is made of it", m.FullName())
		}
	}
	for _, message := range protos.Messages() {
		commented(message)
		for i := range message.Fields().Len() {
			commented(message.Fields().Get(i))
		}
		for i := range message.Enums().Len() {
			commentedEnum(message.Enums().Get(i), commented)
		}
	}
	for _, file := range protos.Files {
		for i := range file.Enums().Len() {
			commentedEnum(file.Enums().Get(i), commented)
		}
	}
}

// commentedEnum checks an enum and its values.
func commentedEnum(enum protoreflect.EnumDescriptor, commented func(protoreflect.Descriptor)) {
	commented(enum)
	for i := range enum.Values().Len() {
		commented(enum.Values().Get(i))
	}
}

func TestEveryEnumStartsWithNothing(t *testing.T) {
	for _, file := range load(t).Files {
		for i := range file.Enums().Len() {
			first := file.Enums().Get(i).Values().Get(0)
			require.True(t, strings.HasSuffix(string(first.Name()), "_UNSPECIFIED"), "%s", first.FullName())
		}
	}
}

// What standard methods answer is a resource: it declares its type and pattern,
// has a name, and can be told apart from its earlier self.
func TestResourcesDeclareTheirNameAndPattern(t *testing.T) {
	types := map[string]string{}
	for _, message := range load(t).Messages() {
		resource, ok := schema.Resource(message)
		if !ok {
			continue
		}
		require.Regexp(t, `^tandem-badges\.org/[A-Z][A-Za-z]+$`, resource.GetType(), "%s", message.FullName())
		require.NotContains(t, types, resource.GetType(), "%s: the type is taken", message.FullName())
		types[resource.GetType()] = string(message.FullName())
		require.NotEmpty(t, resource.GetPattern(), "%s: declare the pattern of its name", message.FullName())
		name := message.Fields().ByName("name")
		require.True(t, isString(name), "%s: a resource has a name", message.FullName())
		require.True(t, schema.HasBehavior(name, annotations.FieldBehavior_IDENTIFIER), "%s.name: mark it IDENTIFIER", message.FullName())
		for _, pattern := range resource.GetPattern() {
			require.Regexp(t, `^[a-z][A-Za-z]*(/(\{[a-z_]+\}|[a-z][A-Za-z]*))*$`, pattern, "%s", message.FullName())
		}
	}
	require.NotEmpty(t, types)
}

func TestWhatStandardMethodsAnswerIsAResource(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		kind, _ := standard(m)
		ours := strings.HasPrefix(string(m.Output().FullName()), "tandem.")
		if !ours || kind != "Create" && kind != "Update" {
			return
		}
		_, ok := schema.Resource(m.Output())
		require.True(t, ok, "%s: declare google.api.resource", m.Output().FullName())
	})
}

// Every other place that holds a resource name says of which type, and the type
// exists: documents, clients and audits follow such references.
func TestFieldsThatNameAResourceSayWhichOne(t *testing.T) {
	protos := load(t)
	types := map[string]bool{"*": true}
	for _, resource := range protos.Resources() {
		types[resource.GetType()] = true
	}
	for _, message := range protos.Messages() {
		for i := range message.Fields().Len() {
			checkReference(t, types, message, message.Fields().Get(i))
		}
	}
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		for _, name := range []protoreflect.Name{"name", "parent"} {
			f := m.Input().Fields().ByName(name)
			if !isString(f) || !inPath(m, name) {
				continue
			}
			_, ok := schema.Reference(f)
			require.True(t, ok, "%s: add google.api.resource_reference", f.FullName())
		}
	})
}

// checkReference checks that a reference points to a declared resource.
func checkReference(t *testing.T, types map[string]bool, message protoreflect.MessageDescriptor, f protoreflect.FieldDescriptor) {
	t.Helper()
	reference, ok := schema.Reference(f)
	if !ok {
		return
	}
	target := reference.GetType() + reference.GetChildType()
	require.True(t, types[target], "%s.%s refers to %s, which no message declares", message.FullName(), f.Name(), target)
}

// inPath tells whether a request field is bound by the route. The parent of what
// belongs to the whole state is not: there is nothing to refer to.
func inPath(m protoreflect.MethodDescriptor, name protoreflect.Name) bool {
	for _, b := range schema.Bindings(m) {
		if strings.Contains(b.Template, "{"+string(name)+"=") {
			return true
		}
	}
	return false
}
