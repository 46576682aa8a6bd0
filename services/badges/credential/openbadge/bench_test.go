package openbadge_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
)

func BenchmarkIssue(b *testing.B) {
	key, e, ctx := issuerKey(b, 1), engine(b), context.Background()
	credential, err := openbadge.Build(sample(key))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Issue(ctx, credential, key, now()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	raw, e, ctx := issued(b), engine(b), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if !e.Verify(ctx, raw, openbadge.Options{Now: now()}).Valid {
			b.Fatal("the badge must verify")
		}
	}
}
