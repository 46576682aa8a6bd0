package access

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
)

// RuleOf returns the rule of an RPC, given as "/package.Service/Method", from
// the descriptors linked into the program.
func RuleOf(fullMethod string) (*accessv1.Rule, bool) {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(fullMethod, "/"), "/", "."))
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil, false
	}
	method, ok := descriptor.(protoreflect.MethodDescriptor)
	if !ok || !proto.HasExtension(method.Options(), accessv1.E_Rule) {
		return nil, false
	}
	rule, ok := proto.GetExtension(method.Options(), accessv1.E_Rule).(*accessv1.Rule)
	return rule, ok && rule.GetScope() != accessv1.Scope_SCOPE_UNSPECIFIED
}

// Exempt tells whether an RPC is part of the server itself: health and
// reflection, which hold nothing of the product and carry no rule.
func Exempt(fullMethod string) bool {
	return strings.HasPrefix(fullMethod, "/grpc.health.") || strings.HasPrefix(fullMethod, "/grpc.reflection.")
}

// Public tells whether an RPC may be called without an identity.
func Public(fullMethod string) bool {
	if Exempt(fullMethod) {
		return true
	}
	rule, ok := RuleOf(fullMethod)
	return ok && rule.GetScope() == accessv1.Scope_SCOPE_PUBLIC
}

// Server is the part of *grpc.Server that Verify reads.
type Server interface {
	GetServiceInfo() map[string]grpc.ServiceInfo
}

// Verify returns an error that lists all registered RPCs without a rule; a
// server with such an RPC must not start.
func Verify(server Server) error {
	var missing []string
	for service, info := range server.GetServiceInfo() {
		for _, method := range info.Methods {
			full := "/" + service + "/" + method.Name
			if _, ok := RuleOf(full); !ok && !Exempt(full) {
				missing = append(missing, full)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("RPCs without an access rule (add option (tandem.access.v1.rule)): %s", strings.Join(missing, ", "))
}
