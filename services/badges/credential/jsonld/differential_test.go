package jsonld_test

import (
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"strings"
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
						g := &generator{rand.New(rand.NewPCG(4, uint64(n))), c.oddity}
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

// A document that is refused is refused for the same reason by both ways, as the general one
// says it; only where a document is too large for the general path does the compiled one answer.
func TestLargeDocumentsAreRefusedWithoutTheGeneralPath(t *testing.T) {
	objects := strings.TrimSuffix(strings.Repeat(`{"type":["Related","Image"],"version":"1"},`, 12_000), ",")
	p := production(t)
	for body, code := range map[string]jsonld.Code{
		`"type":"Achievement","related":[` + objects + `]`:                        "",
		`"type":"Achievement","colour":"red","related":[` + objects + `]`:         jsonld.CodeUndefinedTerm,
		`"type":"Achievement","image":"logo.png","related":[` + objects + `]`:     jsonld.CodeRelativeIRI,
		`"type":"Achievement","name":null,"related":[` + objects + `]`:            jsonld.CodeTooLarge,
		`"type":"Achievement","name":{"@index":"x"},"related":[` + objects + `]`:  jsonld.CodeTooLarge,
		`"type":"Achievement","name":null,"related":[{"type":"Related"}]`:         jsonld.CodeDroppedValue,
		`"type":"Achievement","name":{"@value":"x","type":"https://example.org"}`: "",
	} {
		doc, err := jsonld.Decode([]byte(head + body + "}"))
		require.NoError(t, err)
		_, err = p.ToRDF(doc)
		var refusal *jsonld.Error
		if code == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, code, refusal.Code, refusal.Error())
	}
}

// An attacker may ask for a new mix of types in each object; what is remembered stays bounded,
// and the next good document is read as before.
func TestScopesOfHostileDocumentsAreForgotten(t *testing.T) {
	p := production(t)
	types := []string{"Achievement", "Address", "Alignment", "Evidence", "GeoCoordinates", "IdentityObject", "Image", "Profile", "Related", "Result", "ResultDescription"}
	for mix := 1; mix < 1<<len(types); mix++ {
		var chosen []any
		for i, name := range types {
			if mix&(1<<i) != 0 {
				chosen = append(chosen, name)
			}
		}
		p.Compiled(map[string]any{"@context": []any{contexts.CredentialsV2, contexts.OpenBadges303}, "type": chosen, "name": "x"})
		require.LessOrEqual(t, p.Scopes(), 1024)
	}
	_, took := p.Compiled(map[string]any{"@context": []any{contexts.CredentialsV2, contexts.OpenBadges303}, "type": "Image", "caption": "x"})
	require.True(t, took)
}

// The fuzzer looks for a text on which the two ways differ.
func FuzzCompiledPath(f *testing.F) {
	for n := range uint64(8) {
		g := &generator{rand.New(rand.NewPCG(3, n)), 8}
		raw, err := json.Marshal(g.document())
		require.NoError(f, err)
		f.Add(string(raw))
	}
	set, err := contexts.Development()
	require.NoError(f, err)
	p := jsonld.New(set)
	f.Fuzz(func(t *testing.T, text string) {
		if doc, err := jsonld.Decode([]byte(text)); err == nil && len(text) < 20_000 {
			same(t, p, doc)
		}
	})
}
