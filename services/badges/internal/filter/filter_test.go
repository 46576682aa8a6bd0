package filter_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/filter"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func states() protoreflect.EnumType { return badgesv1.Application_STATE_DRAFT.Type() }

func TestValuesOfTheEnumMayBeWrittenInFourWays(t *testing.T) {
	for _, value := range []string{`DRAFT`, `"DRAFT"`, `STATE_DRAFT`, `"STATE_DRAFT"`} {
		e, err := filter.Parse("state = "+value, states(), "state")
		require.NoError(t, err, value)
		require.Equal(t, &filter.Expr{Op: filter.Equal, Field: "state", Value: "DRAFT"}, e)
	}
}

func TestAFilterBecomesATree(t *testing.T) {
	e, err := filter.Parse(`state = "DRAFT" AND NOT (journey = "j1" OR journey != "j2")`, states(), "state", "journey")
	require.NoError(t, err)
	require.Equal(t, &filter.Expr{Op: filter.And, Args: []filter.Expr{
		{Op: filter.Equal, Field: "state", Value: "DRAFT"},
		{Op: filter.Not, Args: []filter.Expr{{Op: filter.Or, Args: []filter.Expr{
			{Op: filter.Equal, Field: "journey", Value: "j1"},
			{Op: filter.NotEqual, Field: "journey", Value: "j2"},
		}}}},
	}}, e)
}

func TestNoFilterIsNoTree(t *testing.T) {
	e, err := filter.Parse("  ", states(), "state")
	require.NoError(t, err)
	require.Nil(t, e)
}

func TestAWrongFilterNamesTheFieldAndTheRule(t *testing.T) {
	for _, text := range []string{`state = `, `nope = "a"`, `state > "a"`, `state`, `"a" = state`, `state = state`, `state = "NOPE"`} {
		_, err := filter.Parse(text, states(), "state")
		p, ok := problem.As(err)
		require.True(t, ok, "%s: %v", text, err)
		require.Equal(t, "filter", p.Violations[0].Field)
	}
}

func TestWordsBesideEachOtherMustAllHold(t *testing.T) {
	want := []filter.Expr{{Op: filter.Equal, Field: "state", Value: "DRAFT"}, {Op: filter.Equal, Field: "journey", Value: "j"}}
	for _, text := range []string{`state = DRAFT AND journey = "j"`, `state = DRAFT journey = "j"`, `(state = DRAFT) AND (journey = "j")`} {
		e, err := filter.Parse(text, states(), "state", "journey")
		require.NoError(t, err, text)
		require.Equal(t, &filter.Expr{Op: filter.And, Args: want}, e, text)
	}
}

func TestOrBindsMoreCloselyThanAnd(t *testing.T) {
	e, err := filter.Parse(`journey = "a" AND journey = "b" OR journey = "c"`, states(), "state", "journey")
	require.NoError(t, err)
	is := func(value string) filter.Expr { return filter.Expr{Op: filter.Equal, Field: "journey", Value: value} }
	require.Equal(t, &filter.Expr{Op: filter.And, Args: []filter.Expr{is("a"), {Op: filter.Or, Args: []filter.Expr{is("b"), is("c")}}}}, e, "as AIP-160 says")
}

func TestAValueIsATextWhateverItHolds(t *testing.T) {
	for _, value := range []string{"", "%", "_", "a'b", "DRAFT", "ü", "$1", "a/b/c"} {
		e, err := filter.Parse(`journey = "`+value+`"`, states(), "state", "journey")
		require.NoError(t, err, value)
		require.Equal(t, value, e.Value)
	}
	for _, text := range []string{`journey = DRAFT`, `journey = 3`, `journey = "a" AND`, `NOT`, `journey:"a"`, `journey >= "a"`, `journey = true`} {
		_, err := filter.Parse(text, states(), "state", "journey")
		p, ok := problem.As(err)
		require.True(t, ok, "%s: %v", text, err)
		require.Equal(t, "filter_syntax", p.Violations[0].Rule)
		require.Contains(t, p.Violations[0].Fix, "state, journey", "the fields that may be asked for are named")
	}
}
