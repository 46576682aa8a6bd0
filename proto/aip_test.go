// Package proto_test holds the API of the platform against its design rules, over
// the compiled protos: what a linter for protos in general cannot know. A broken
// rule names the declaration and says what to do. Access rules, standard and
// custom methods, and routes are here; resources and events in the files beside.
package proto_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/proto/internal/schema"
	"github.com/tandem-badges/tandem/proto/policy"
)

// compiled is the platform's protos, compiled once for all rules.
var compiled = sync.OnceValues(func() (*schema.Schema, error) {
	return schema.Load(context.Background(), ".")
})

// load is the platform's protos.
func load(t *testing.T) *schema.Schema {
	t.Helper()
	protos, err := compiled()
	require.NoError(t, err)
	require.NotEmpty(t, protos.Methods(), "no RPC was found: the rules would hold of nothing")
	return protos
}

// eachMethod runs a rule over every RPC, as a subtest named after it.
func eachMethod(t *testing.T, rule func(t *testing.T, m protoreflect.MethodDescriptor)) {
	t.Helper()
	for _, m := range load(t).Methods() {
		t.Run(string(m.FullName()), func(t *testing.T) { rule(t, m) })
	}
}

// field finds a request field by its path, e.g. "journey.name"; nil when absent.
func field(m protoreflect.MessageDescriptor, path string) protoreflect.FieldDescriptor {
	var found protoreflect.FieldDescriptor
	for name := range strings.SplitSeq(path, ".") {
		if m == nil {
			return nil
		}
		if found = m.Fields().ByName(protoreflect.Name(name)); found == nil {
			return nil
		}
		m = found.Message()
	}
	return found
}

// isString tells whether a field exists and holds one text.
func isString(f protoreflect.FieldDescriptor) bool {
	return f != nil && f.Kind() == protoreflect.StringKind && !f.IsList()
}

func TestEveryRPCHasACompleteAccessRule(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		rule, ok := schema.Rule(m)
		require.True(t, ok, "add option (tandem.access.v1.rule): nobody may call an RPC without one")
		require.NotEqual(t, accessv1.Scope_SCOPE_UNSPECIFIED, rule.GetScope(), "say the scope")
		require.Regexp(t, `^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$`, rule.GetAction(), `an action is "resource.verb"`)
	})
}

func TestTheDeclaredScopeIsHowFarThePoliciesReach(t *testing.T) {
	policies, err := policy.Load()
	require.NoError(t, err)
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		rule, _ := schema.Rule(m)
		want := rule.GetScope()
		if want == accessv1.Scope_SCOPE_PUBLIC || want == accessv1.Scope_SCOPE_INTERNAL {
			want = accessv1.Scope_SCOPE_UNSPECIFIED // no policy decides about these
		}
		require.Equal(t, want, policies.Reach(rule.GetAction()), "action %s", rule.GetAction())
	})
}

func TestARuleOnTheOrganizationTreeNamesTheRequestFieldOfTheResource(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		rule, _ := schema.Rule(m)
		switch rule.GetScope() {
		case accessv1.Scope_SCOPE_COVERS, accessv1.Scope_SCOPE_WITHIN:
			require.NotEmpty(t, rule.GetResource(), "say which request field holds the resource")
		}
		if rule.GetResource() != "" {
			require.True(t, isString(field(m.Input(), rule.GetResource())),
				"%s has no text field %q", m.Input().FullName(), rule.GetResource())
		}
	})
}

func TestEveryRPCHasARESTRouteOrIsInternalOrStreams(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		bindings := schema.Bindings(m)
		if schema.Internal(m) || schema.Streams(m) {
			require.Empty(t, bindings, "an internal or streaming RPC has no generated route")
			return
		}
		require.NotEmpty(t, bindings, "add google.api.http, or mark it internal with google.api.method_visibility")
		for _, b := range bindings {
			require.True(t, strings.HasPrefix(b.Template, "/v1/"), "route %s: paths are /v1/ and the resource name", b.Template)
		}
	})
}

func TestStandardMethodsUseTheirVerbAndRequest(t *testing.T) {
	want := map[string]struct{ verb, field string }{
		"Get": {"get", "name"}, "List": {"get", "page_size"}, "Create": {"post", ""}, "Update": {"patch", "update_mask"}, "Delete": {"delete", "name"},
	}
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		kind, ok := standard(m)
		if !ok || len(schema.Bindings(m)) == 0 {
			return
		}
		b := schema.Bindings(m)[0]
		require.Equal(t, want[kind].verb, b.Verb)
		require.Equal(t, protoreflect.Name(string(m.Name())+"Request"), m.Input().Name())
		if strings.Contains(b.Template, "=") && want[kind].field != "" {
			require.NotNil(t, field(m.Input(), want[kind].field), "the request needs %s", want[kind].field)
		}
	})
}

func TestListsArePaged(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		if kind, _ := standard(m); kind != "List" {
			return
		}
		require.NotNil(t, field(m.Input(), "page_size"), "a list takes page_size")
		require.True(t, isString(field(m.Input(), "page_token")), "a list takes page_token")
		require.True(t, isString(field(m.Output(), "next_page_token")), "a list answers next_page_token")
	})
}

func TestUpdatesTakeAMask(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		if kind, _ := standard(m); kind != "Update" {
			return
		}
		mask := field(m.Input(), "update_mask")
		require.NotNil(t, mask, "an update takes update_mask")
		require.Equal(t, protoreflect.FullName("google.protobuf.FieldMask"), mask.Message().FullName())
		require.NotNil(t, field(m.Output(), "etag"), "what can be updated has an etag, or two people overwrite each other")
	})
}

func TestChangesCanBeRepeatedByRequestID(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		kind, isStandard := standard(m)
		if kind == "Create" || !isStandard && posts(m) && !reads(m) {
			require.True(t, isString(field(m.Input(), "request_id")) || takesResponseID(m.Input()),
				"what changes state takes request_id")
		}
	})
}

// takesResponseID tells whether what is sent carries ids of its own: respondents
// have no identity under which a request id could be remembered, so each response
// is stored once by the id its device chose.
func takesResponseID(m protoreflect.MessageDescriptor) bool {
	return isString(field(m, "response_id")) || isString(field(m, "responses.response_id"))
}

func TestCustomMethodsEndInAVerb(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		if _, isStandard := standard(m); isStandard {
			return
		}
		for _, b := range schema.Bindings(m) {
			require.Regexp(t, `:[a-z][A-Za-z]*$`, b.Template, "a custom method ends in :verb")
			require.Contains(t, []string{"get", "post"}, b.Verb, "a custom method is a GET when it only reads, else a POST")
		}
	})
}

// Browsers, caches and impatient clients repeat a GET as they like, so nothing is
// changed by one: a custom method that is called by GET is named here, after it
// was read.
func TestNothingIsChangedByGET(t *testing.T) {
	reading := []string{
		"audit", "chart", "check", "checkpoint", "compare", "compareWithSurvey", "countNotes", "didDocument", "draftPlan", "explain", "explainEligibility", "export", "fieldReport", "key", "preview", "proof", "rankNeeds", "read", "refresh", "registry", "render", "reviewAccess", "rollUp", "snapshot", "summary", "tile", "trail", "verify",
	}
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		for _, b := range schema.Bindings(m) {
			if b.Verb != "get" {
				continue
			}
			if hasVerb(m) {
				require.Contains(t, reading, b.Template[strings.LastIndex(b.Template, ":")+1:])
				continue
			}
			for _, changing := range []string{"Create", "Update", "Delete", "Set", "End", "Add", "Remove", "Submit"} {
				require.False(t, strings.HasPrefix(string(m.Name()), changing), "%s is called by GET", m.FullName())
			}
		}
	})
}

// standard tells which standard method an RPC is, by its name and the lack of a
// custom verb in its route.
func standard(m protoreflect.MethodDescriptor) (string, bool) {
	for _, kind := range []string{"Get", "List", "Create", "Update", "Delete"} {
		if strings.HasPrefix(string(m.Name()), kind) && !hasVerb(m) {
			return kind, true
		}
	}
	return "", false
}

// hasVerb tells whether the route of an RPC ends in a custom verb.
func hasVerb(m protoreflect.MethodDescriptor) bool {
	return slices.ContainsFunc(schema.Bindings(m), func(b schema.Binding) bool {
		return strings.Contains(b.Template[strings.LastIndexAny(b.Template, "}/")+1:], ":") ||
			strings.Contains(b.Template[strings.LastIndex(b.Template, "/")+1:], "}:")
	})
}

// posts tells whether an RPC is called by POST, or streams in.
func posts(m protoreflect.MethodDescriptor) bool {
	return slices.ContainsFunc(schema.Bindings(m), func(b schema.Binding) bool { return b.Verb == "post" })
}

// reads tells whether an RPC takes a POST body but changes nothing: its action
// says so.
func reads(m protoreflect.MethodDescriptor) bool {
	rule, _ := schema.Rule(m)
	_, verb, _ := strings.Cut(rule.GetAction(), ".")
	return slices.Contains([]string{"verify", "preview", "resume", "search", "query"}, verb)
}
