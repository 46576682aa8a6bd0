package jsonld_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// BenchmarkAnyDocument canonicalizes random good documents of every kind, by each of the two ways.
func BenchmarkAnyDocument(b *testing.B) {
	set, err := contexts.Standard()
	require.NoError(b, err)
	p := jsonld.New(set)
	var documents []map[string]any
	for n := uint64(0); len(documents) < 100; n++ {
		g := &generator{rand.New(rand.NewPCG(9, n)), 0}
		document := g.document()
		if dataset, err := p.General(document); err == nil && len(dataset) > 40 {
			documents = append(documents, document)
		}
	}
	for name, convert := range map[string]func(map[string]any) (rdfc.Dataset, error){"Compiled": p.ToRDF, "General": p.General} {
		b.Run(name, func(b *testing.B) {
			quads, next := 0, 0
			before := cpuTime(b)
			for b.Loop() {
				dataset, err := convert(documents[next%len(documents)])
				require.NoError(b, err)
				_, err = rdfc.Canonicalize(dataset, rdfc.Options{})
				require.NoError(b, err)
				quads, next = quads+len(dataset), next+1
			}
			spent := cpuTime(b) - before
			b.ReportMetric(float64(b.N)/spent.Seconds(), "per-core-s")
			b.ReportMetric(float64(quads)/float64(next), "quads/op")
		})
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
