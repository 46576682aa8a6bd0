package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

func TestAListIsOneErrorWithAllViolations(t *testing.T) {
	var l check.List
	require.NoError(t, l.Err())
	l.Need(true, "a", "fine", "Nothing.")
	l.Need(false, "b", "needed", "Do it.")
	l.Add("c", "wrong", "Change it.")
	p, ok := problem.As(l.Err())
	require.True(t, ok)
	require.Equal(t, problem.KindInvalid, p.Kind)
	require.Equal(t, []problem.Violation{{Field: "b", Rule: "needed", Fix: "Do it."}, {Field: "c", Rule: "wrong", Fix: "Change it."}}, p.Violations)
}

func TestIDs(t *testing.T) {
	for id, fine := range map[string]bool{
		"a": true, "welcome-1": true, "1": true, strings.Repeat("a", 64): true,
		"": false, "-a": false, "a-": false, "A": false, "a_b": false, "ä": false, strings.Repeat("a", 65): false,
	} {
		var l check.List
		l.PartID("id", id)
		require.Equal(t, fine, len(l) == 0, "%q", id)
	}
	var l check.List
	require.True(t, ids.Valid(l.ResourceID("x_id", "")))
	require.Equal(t, "0880", l.ResourceID("x_id", "0880"))
	require.NoError(t, l.Err())
	l.ResourceID("x_id", "No")
	require.Len(t, l, 1)
}
