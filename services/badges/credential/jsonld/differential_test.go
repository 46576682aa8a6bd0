package jsonld_test

import (
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// same compares the two ways on one document. It tells whether the compiled path took it.
func same(t require.TestingT, p *jsonld.Processor, doc map[string]any) (compiled, accepted bool) {
	fast, took := p.Compiled(doc)
	slow, err := p.General(doc)
	text := func() string { raw, _ := json.Marshal(doc); return string(raw) }
	if !took {
		_, again := p.ToRDF(doc)
		require.Equal(t, err == nil, again == nil, text)
		return false, err == nil
	}
	if err != nil {
		require.NoError(t, err, "the compiled path accepts what the general one refuses: "+text())
	}
	want, errWant := rdfc.Canonicalize(slow, rdfc.Options{})
	got, errGot := rdfc.Canonicalize(fast, rdfc.Options{})
	if errWant != nil || errGot != nil {
		require.Equal(t, len(slow), len(fast), text())
		return true, true
	}
	if want.NQuads != got.NQuads {
		require.Equal(t, want.NQuads, got.NQuads, text())
	}
	return true, true
}

func TestTheCompiledPathEqualsTheGeneralOne(t *testing.T) {
	documents := 100_000
	if testing.Short() {
		documents = 2_000
	}
	for name, c := range map[string]struct{ oddity, share int }{"well formed": {0, 2}, "with oddities": {12, 2}} {
		t.Run(name, func(t *testing.T) {
			set, err := contexts.Development()
			require.NoError(t, err)
			p := jsonld.New(set)
			var compiled, accepted, next atomic.Int64
			var wait sync.WaitGroup
			for range runtime.GOMAXPROCS(0) {
				wait.Go(func() {
					for n := next.Add(1); n <= int64(documents/c.share) && !t.Failed(); n = next.Add(1) {
						g := &generator{rand.New(rand.NewPCG(4, uint64(n))), c.oddity} //nolint:gosec // a repeatable test
						took, good := same(t, p, g.document())
						if took {
							compiled.Add(1)
						}
						if good {
							accepted.Add(1)
						}
					}
				})
			}
			wait.Wait()
			require.Greater(t, 20*compiled.Load(), 19*accepted.Load(), "the compiled path takes nearly every good document")
			t.Logf("%d documents, %d accepted, %d of them by the compiled path", documents/c.share, accepted.Load(), compiled.Load())
		})
	}
}
