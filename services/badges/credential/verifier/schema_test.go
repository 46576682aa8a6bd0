package verifier_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
)

func TestASchemaThatIsNotKnownIsToldAndNotFetched(t *testing.T) {
	doc := built(t, sample(state(t)))
	doc["credentialSchema"] = []any{map[string]any{"id": "https://example.org/schema.json", "type": "JsonSchema"}}
	r := verify(t, sign(t, doc, state(t), dataintegrity.CreateOptions{}), asked(t))
	require.True(t, r.Valid, "%+v", r.Steps)
	require.Equal(t, verifier.Warning, r.Step(verifier.StepSchema).Outcome)
	require.Equal(t, "schema_unknown", r.Step(verifier.StepSchema).Code)
	require.Contains(t, r.Step(verifier.StepSchema).Reason, "credentialSchema[0]")
}
