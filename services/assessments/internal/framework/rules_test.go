package framework_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

func TestEveryPartOfAFrameworkHasAnIDAndATitle(t *testing.T) {
	b := framework.Body{Standards: []framework.Standard{{Goals: []framework.Goal{{Indicators: []framework.Indicator{{
		Levels: []framework.Level{{Level: 0}, {Level: 2}},
	}}}}}}}
	const s, g, i = "v.standards[0]", "v.standards[0].goals[0]", "v.standards[0].goals[0].indicators[0]"
	require.Equal(t, []string{
		s + ".id id_form", s + ".title required", g + ".id id_form", g + ".title required", i + ".id id_form", i + ".title required",
		i + ".levels[0].title required", i + ".levels[1].level levels_rise_from_zero", i + ".levels[1].title required",
	}, broken(b.Check("v")))
}

func TestPartsOfDifferentSortsMayShareAnID(t *testing.T) {
	b := valid()
	b.Standards[0].ID, b.Standards[0].Goals[0].ID, b.Standards[0].Goals[0].Indicators[0].ID = "same", "same", "same"
	require.Empty(t, b.Check("v"))
	b.Standards[0].Goals = append(b.Standards[0].Goals, framework.Goal{ID: "two", Title: "Two", Indicators: b.Standards[0].Goals[0].Indicators})
	bad := b.Check("v")
	require.Equal(t, []string{"v.standards[0].goals[1].indicators[0].id id_unique"}, broken(bad))
	require.Contains(t, bad[0].Fix, "v.standards[0].goals[0].indicators[0]", "where the id stands already")
}

// shelf has f/1 published and f/2 as a draft.
type shelf struct{}

func (shelf) Edition(_ context.Context, family, id string) (framework.Version, error) {
	switch family + "/" + id {
	case "f/1":
		return framework.Version{State: edition.Published}, nil
	case "f/2":
		return framework.Version{State: edition.Draft}, nil
	}
	return framework.Version{}, problem.NotFound(family)
}

func TestNothingIsBoundToADraft(t *testing.T) {
	_, err := framework.Published(t.Context(), shelf{}, "frameworks/f/versions/1")
	require.NoError(t, err)
	for _, name := range []string{"frameworks/f/versions/2", "frameworks/f/versions/3", "frameworks/f", "instruments/f/versions/1", ""} {
		_, err := framework.Published(t.Context(), shelf{}, name)
		require.True(t, problem.Is(err, problem.KindNotFound), name)
	}
}
