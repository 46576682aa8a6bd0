package jsonld_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/gowebpki/jcs"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
)

func anyJSON() *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(v bool) any { return v }),
		rapid.Map(rapid.String(), func(v string) any { return v }),
		rapid.Map(rapid.Float64(), func(v float64) any { return v }),
		rapid.Map(rapid.IntRange(-1e9, 1e9), func(v int) any { return float64(v) / 8 }),
		rapid.SampledFrom([]any{1e15, 1e16, -1e20, 1e21, 1e-7, 5e-324, math.Copysign(0, -1)}),
	)
	return rapid.OneOf(
		leaf, rapid.Map(rapid.SliceOfN(leaf, 0, 4), func(v []any) any { return v }),
		rapid.Map(rapid.MapOfN(rapid.String(), leaf, 0, 20), func(v map[string]any) any {
			return map[string]any{"in": v, "€": true, "\U0001F600": 1.0, "\ufb33": 2.0}
		}),
	)
}

func TestDocumentsAreWrittenAsTheLibraryForCanonicalJSONWritesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := anyJSON().Draw(t, "value")
		got, err := jsonld.Encode(value)
		require.NoError(t, err)
		raw, err := json.Marshal(value)
		require.NoError(t, err)
		want, err := jcs.Transform(raw)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	})
}

func TestValuesThatHaveNoJSONAreRefused(t *testing.T) {
	for _, value := range []any{"\xff", math.NaN(), math.Inf(1), func() {}, map[string]any{"\xff": 1.0}, []any{"\xff"}} {
		_, err := jsonld.Encode(value)
		require.Error(t, err)
	}
	got, err := jsonld.Encode(map[string]any{"n": 5, "list": []string{"b", "a"}})
	require.NoError(t, err)
	require.JSONEq(t, `{"list":["b","a"],"n":5}`, string(got))
}

// The library accepts more, but where both accept a text they must read the same from it.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{`{"a":[1,-0.5e3,true,false,null,{}],"b":"\ud83d\ude00\n"}`, `{"a":1,}`, `{"a":00}`, `{"\u0061":"é"} `, `[1]`, `{"a":1e400}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := jsonld.Decode(raw)
		if err != nil {
			return
		}
		var want map[string]any
		require.NoError(t, json.Unmarshal(raw, &want))
		a, err := jsonld.Encode(got)
		require.NoError(t, err)
		b, err := jsonld.Encode(want)
		require.NoError(t, err)
		require.Equal(t, string(b), string(a))
		again, err := jsonld.Decode(a)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

func TestADocumentIsSettledOnlyAsDecodeWouldGiveIt(t *testing.T) {
	deep := map[string]any{}
	for range jsonld.MaxDepth {
		deep = map[string]any{"in": deep}
	}
	for _, unsettled := range []any{5, "\xff", math.Copysign(0, -1), 0.1 + 0.2, 1e21, []string{"a"}, map[string]string{}, deep, map[string]any{"\xff": "x"}} {
		require.False(t, jsonld.Settled(map[string]any{"a": []any{unsettled}}), "%v", unsettled)
	}
	rapid.Check(t, func(t *rapid.T) {
		document := map[string]any{"in": anyJSON().Draw(t, "value")}
		if !jsonld.Settled(document) {
			return
		}
		raw, err := jsonld.Encode(document)
		require.NoError(t, err)
		again, err := jsonld.Decode(raw)
		require.NoError(t, err)
		require.Equal(t, document, again)
	})
}
