package tenant_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/tenant"
)

func TestAContextSaysWhichDistricts(t *testing.T) {
	for name, c := range map[string]struct {
		ctx  func(context.Context) context.Context
		want []string
	}{
		"nothing":             {func(ctx context.Context) context.Context { return ctx }, nil},
		"no district":         {func(ctx context.Context) context.Context { return tenant.With(ctx) }, []string{}},
		"two, sorted, once":   {func(ctx context.Context) context.Context { return tenant.With(ctx, "b", "a", "b") }, []string{"a", "b"}},
		"all":                 {func(ctx context.Context) context.Context { return tenant.Everything(ctx, "a test") }, []string{"*"}},
		"all among others":    {func(ctx context.Context) context.Context { return tenant.With(ctx, "a", tenant.All) }, []string{"*"}},
		"the last word holds": {func(ctx context.Context) context.Context { return tenant.With(tenant.Everything(ctx, ""), "a") }, []string{"a"}},
		"none unless said":    {tenant.OrNone, []string{}},
		"said before": {func(ctx context.Context) context.Context {
			return tenant.OrNone(tenant.With(ctx, "a"))
		}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, tenant.From(c.ctx(t.Context()))) })
	}
}

func TestWithKeepsTheCallersSlice(t *testing.T) {
	ids := []string{"b", "a"}
	tenant.With(t.Context(), ids...)
	require.Equal(t, []string{"b", "a"}, ids)
}
