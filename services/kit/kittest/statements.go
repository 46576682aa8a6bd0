package kittest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// SameStatements proves that a call about something that the caller may not know
// of leaves no trace in the database that a call about nothing would not: for every
// unary RPC of the package it names each of the resources and then one of the same
// shape that never was. Answers, and the texts of the statements run, must be
// equal. It returns how many calls it compared.
func SameStatements(t *testing.T, conn grpc.ClientConnInterface, db *sqldb.DB, pkg string, ctx context.Context, resources ...string) (compared int) { //nolint:revive // as in testing, t leads
	t.Helper()
	protoregistry.GlobalFiles.RangeFilesByPackage(protoreflect.FullName(pkg), func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			methods := f.Services().Get(i).Methods()
			for j := range methods.Len() {
				m := methods.Get(j)
				for _, name := range resources {
					if askable(m) {
						compare(ctx, t, conn, db, m, name)
						compared++
					}
				}
			}
		}
		return true
	})
	return compared
}

func fullMethod(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

// askable tells whether an RPC is one about a named resource that people call.
func askable(m protoreflect.MethodDescriptor) bool {
	rule, ok := access.RuleOf(fullMethod(m))
	if !ok || m.IsStreamingClient() || m.IsStreamingServer() || strings.Contains(rule.GetResource(), ".") {
		return false
	}
	field := m.Input().Fields().ByName(protoreflect.Name(rule.GetResource()))
	scoped := rule.GetScope() == accessv1.Scope_SCOPE_COVERS || rule.GetScope() == accessv1.Scope_SCOPE_WITHIN
	return scoped && field != nil && field.Kind() == protoreflect.StringKind && !field.IsList()
}

func compare(ctx context.Context, t *testing.T, conn grpc.ClientConnInterface, db *sqldb.DB, m protoreflect.MethodDescriptor, name string) {
	t.Helper()
	there, ran := ask(ctx, t, conn, db, m, name)
	nowhere, instead := ask(ctx, t, conn, db, m, never(name))
	require.Equal(t, nowhere, there, "%s of %s", m.FullName(), name)
	require.Equal(t, instead, ran, "statements of %s of %s", m.FullName(), name)
}

// ask makes one call and returns its answer, without the name, and its statements.
func ask(ctx context.Context, t *testing.T, conn grpc.ClientConnInterface, db *sqldb.DB, m protoreflect.MethodDescriptor, name string) (answer string, statements []string) {
	t.Helper()
	rule, _ := access.RuleOf(fullMethod(m))
	in, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
	require.NoError(t, err)
	out, err := protoregistry.GlobalTypes.FindMessageByName(m.Output().FullName())
	require.NoError(t, err)
	req := in.New()
	req.Set(m.Input().Fields().ByName(protoreflect.Name(rule.GetResource())), protoreflect.ValueOfString(name))
	var mu sync.Mutex
	stop := db.Observe(func(ctx context.Context, statement string) {
		if _, called := access.FromContext(ctx); !called {
			return // a task's, which runs whatever is called
		}
		mu.Lock()
		defer mu.Unlock()
		statements = append(statements, statement)
	})
	err = conn.Invoke(ctx, fullMethod(m), req.Interface(), proto.Message(out.New().Interface()))
	stop()
	mu.Lock()
	defer mu.Unlock()
	return strings.ReplaceAll(status.Convert(err).String(), name, "NAME"), statements
}

// never is a name of the same shape whose ids nobody ever had.
func never(name string) string {
	segments := strings.Split(name, "/")
	for i := 1; i < len(segments); i += 2 {
		segments[i] = "never-" + segments[i]
	}
	return strings.Join(segments, "/")
}
