package dataintegrity_test

import (
	"context"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
)

func TestAJCSProofCoversTheContextsThatItRepeats(t *testing.T) {
	signed, proof := signedSmall(t, dataintegrity.CreateOptions{Suite: dataintegrity.SuiteJCS})
	require.Equal(t, signed["@context"], proof["@context"])
	const v2, examples = "https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"
	opts := options(t)
	opts.Domain, opts.Challenge = "", ""
	for name, c := range map[string]struct {
		document, proof any
		detail          string
	}{
		"as signed":                  {[]any{v2}, []any{v2}, ""},
		"more contexts since":        {[]any{v2, examples}, []any{v2}, ""},
		"a context before":           {[]any{examples, v2}, []any{v2}, "another context"},
		"the proof names more":       {[]any{v2}, []any{v2, examples}, "another context"},
		"the document has none":      {nil, []any{v2}, "another context"},
		"the proof's was taken away": {[]any{v2}, nil, "does not match"},
		"a text for the list":        {v2, []any{v2}, ""},
		"both exchanged":             {[]any{examples}, []any{examples}, "does not match"},
	} {
		changed, changedProof := maps.Clone(signed), maps.Clone(proof)
		changed["@context"], changedProof["@context"] = c.document, c.proof
		if c.document == nil {
			delete(changed, "@context")
		}
		if c.proof == nil {
			delete(changedProof, "@context")
		}
		changed["proof"] = []any{changedProof}
		_, err := development(t).Verify(context.Background(), changed, opts)
		if c.detail == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.detail, name)
	}
}
