package rdfc_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/vectors"
	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

const suiteName = "W3C rdf-canon vectors"

type suiteEntry struct {
	ID, Type, Action, Result, HashAlgorithm string
}

func TestEveryEntryOfTheW3CSuiteIsReproduced(t *testing.T) {
	var manifest struct{ Entries []suiteEntry }
	require.NoError(t, json.Unmarshal(vectors.Read(t, "rdf-canon/manifest.jsonld", suiteName), &manifest))
	require.Len(t, manifest.Entries, 86)
	for _, e := range manifest.Entries {
		t.Run(e.ID, func(t *testing.T) { runEntry(t, e) })
	}
}

func runEntry(t *testing.T, e suiteEntry) {
	input, err := rdfc.Parse(string(vectors.Read(t, "rdf-canon/"+e.Action, suiteName)))
	require.NoError(t, err)
	start := busy(t)
	got, err := rdfc.Canonicalize(input, rdfc.Options{Algorithm: rdfc.Algorithm(e.HashAlgorithm)})
	require.Less(t, busy(t)-start, time.Second)
	switch e.Type {
	case "rdfc:RDFC10NegativeEvalTest":
		require.ErrorIs(t, err, rdfc.ErrTooComplex)
	case "rdfc:RDFC10EvalTest":
		require.NoError(t, err)
		want := vectors.Read(t, "rdf-canon/"+e.Result, suiteName)
		require.Equal(t, string(want), got.NQuads)
		again, err := rdfc.Parse(got.NQuads)
		require.NoError(t, err)
		require.Equal(t, string(want), again.NQuads(), "the parser and the serializer are inverse")
	case "rdfc:RDFC10MapTest":
		require.NoError(t, err)
		want := map[string]string{}
		require.NoError(t, json.Unmarshal(vectors.Read(t, "rdf-canon/"+e.Result, suiteName), &want))
		require.Equal(t, want, trimmed(got.Issued, want))
	default:
		require.Fail(t, "unknown test type "+e.Type)
	}
}

// trimmed writes the map's labels as the vectors do, with or without "_:".
func trimmed(got, like map[string]string) map[string]string {
	for k := range like {
		if !strings.HasPrefix(k, "_:") {
			return got
		}
	}
	out := map[string]string{}
	for k, v := range got {
		out["_:"+k] = "_:" + v
	}
	return out
}
