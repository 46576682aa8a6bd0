package names_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/internal/names"
)

func TestNamesComeApart(t *testing.T) {
	const review = "districts/0880/schools/east/applications/a1/reviews/r1"
	require.Equal(t, "0880", names.District(review))
	require.Equal(t, "districts/0880", names.DistrictNode(review))
	require.Equal(t, "districts/0880/schools/east", names.School(review))
	require.Equal(t, "r1", names.ID(review))
	require.Equal(t, "districts/0880/schools/east/applications/a1", names.Parent(review))
	require.Equal(t, review, names.Child(names.Parent(review), "reviews", "r1"))
}

func TestOnlyAWholeNameIsAJourneys(t *testing.T) {
	const journey = "districts/d/schools/s/teams/t/journeys/j"
	require.True(t, names.IsJourney(journey))
	for _, other := range []string{
		"", "districts/d/schools/s", journey + "/", journey + "/steps/s", "districts/d/schools/s/teams//journeys/j",
		"districts/d/schools/s/teams/t/goals/j", "districts/d/schools/s/teams/t/journeys/",
	} {
		require.False(t, names.IsJourney(other), other)
	}
}

func TestNamesOfTheStateHaveNoDistrict(t *testing.T) {
	require.Equal(t, names.State, names.District("people/p1"))
	require.Empty(t, names.DistrictNode("people/p1"))
	require.Empty(t, names.School("districts/d/people/p1"))
	require.Empty(t, names.Parent("people/p1"))
	require.Equal(t, "rubrics/r", names.Child("", "rubrics", "r"))
}

func TestANodeCoversWhatLiesBelowItAndNothingBeside(t *testing.T) {
	for node, covered := range map[string]bool{
		"": true, "districts/d": true, "districts/d/schools/s": true,
		"districts/d2": false, "districts/d/schools/s2": false, "districts/": false,
	} {
		require.Equal(t, covered, names.Covers(node, "districts/d/schools/s"), node)
	}
}
