package verifier_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
)

// word is a credential without a signature of its own.
func word(issuer string) map[string]any {
	return map[string]any{
		"@context": []any{contexts.CredentialsV2}, "type": []any{"VerifiableCredential"}, "issuer": issuer,
		"credentialSubject": map[string]any{"id": "https://example.org/schools/1"},
	}
}

func TestAHolderMaySayThingsOfThemselves(t *testing.T) {
	holder := key(t, 7)
	made := dataintegrity.CreateOptions{Purpose: dataintegrity.Authentication}
	r := verify(t, sign(t, shown(holder.DID(), word(holder.DID())), holder, made), asked(t))
	require.True(t, r.Valid, "%+v", r.Steps)
	require.Len(t, r.Parts, 1)
	require.Contains(t, r.Parts[0].Step(verifier.StepProof).Reason, "no signature of its own")
	require.False(t, r.Parts[0].IssuerKnown)

	nobody := shown(holder.DID(), word(holder.DID()))
	delete(nobody, "holder")
	emptied := word(holder.DID())
	emptied["proof"] = []any{}
	for name, doc := range map[string]map[string]any{
		"of somebody else":    shown(holder.DID(), word(state(t).DID())),
		"without a holder":    nobody,
		"with an empty proof": shown(holder.DID(), emptied),
	} {
		t.Run(name, func(t *testing.T) {
			r := verify(t, sign(t, doc, holder, made), asked(t))
			require.False(t, r.Valid)
			require.Equal(t, "proof_missing", r.Parts[0].Step(verifier.StepProof).Code)
		})
	}
	t.Run("as who did not sign", func(t *testing.T) {
		r := verify(t, sign(t, shown(state(t).DID(), word(state(t).DID())), holder, made), asked(t))
		require.False(t, r.Valid)
		require.Equal(t, "method_foreign", r.Step(verifier.StepProof).Code)
		require.Empty(t, r.Parts)
	})
	t.Run("outside a presentation", func(t *testing.T) {
		alone := verify(t, rendered(t, word(holder.DID())), asked(t))
		require.Equal(t, "proof_missing", alone.Step(verifier.StepProof).Code)
	})
}

func TestACredentialAnswersWhoAskedForIt(t *testing.T) {
	k := state(t)
	doc := word(k.DID())
	made := dataintegrity.CreateOptions{Challenge: "c1", Domain: "verifier.example.org"}
	opts := asked(t)
	opts.Challenge, opts.Domain = "c1", "verifier.example.org"
	require.True(t, verify(t, sign(t, doc, k, made), opts).Valid)
	require.True(t, verify(t, sign(t, doc, k, made), asked(t)).Valid, "who did not ask need not care")
	for code, other := range map[string]dataintegrity.CreateOptions{
		"challenge_wrong": {Challenge: "c2", Domain: "verifier.example.org"}, "domain_wrong": {Challenge: "c1", Domain: "other.example.org"},
	} {
		require.Equal(t, code, verify(t, sign(t, doc, k, other), opts).Step(verifier.StepProof).Code)
	}
}
