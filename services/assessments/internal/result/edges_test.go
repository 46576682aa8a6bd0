package result_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"

	"github.com/tandem-badges/tandem/services/assessments/internal/result"
)

const (
	fewFamilies  = "Fewer than 10 families answered."
	fewScored    = "Fewer than 10 families gave an answer that is scored."
	fewInOption  = "An option was chosen by fewer than 10 families, so all options are hidden."
	fewOnASide   = "Fewer than 10 answers are favorable, or fewer than 10 are not."
	fewAbstained = "Fewer than 10 answers are missing or not scored, and the number would tell how many."
	besideHidden = "A number of another item of the standard is hidden and could be found by subtraction."
)

func number(n int) result.Count { return result.Count{Shown: true, Value: n} }

func options(i result.ItemResult) (shown []int, reasons []string) {
	for _, o := range i.Options {
		if o.Count.Shown {
			shown = append(shown, o.Count.Value)
		} else {
			reasons = append(reasons, o.Count.Reason)
		}
	}
	return shown, reasons
}

func disclosed(n int, q1, q2 map[string]int) (table result.Table, standard result.StandardResult, first, second result.ItemResult) {
	table = tallyOf(n, map[string]map[string]int{"q1": q1, "q2": q2}).Disclose(false)
	return table, table.Standards[0], table.Items[0], table.Items[1]
}

func TestTheTenthFamilyOpensTheTable(t *testing.T) {
	for n := range 12 {
		table, _, _, _ := disclosed(n, map[string]int{"3": n}, map[string]int{"1": n})
		if n < 10 {
			require.Equal(t, result.Count{Reason: fewFamilies}, table.Responses, n)
			for _, s := range table.Standards {
				require.Equal(t, []result.Measure{{Reason: fewFamilies}, {Reason: fewFamilies}}, []result.Measure{s.FavorableShare, s.MeanScore})
				require.Equal(t, result.Count{Reason: fewFamilies}, s.Answers)
			}
			for _, i := range table.Items {
				shown, reasons := options(i)
				require.Empty(t, shown)
				require.Subset(t, []string{fewFamilies}, reasons)
				require.Equal(t, result.Count{Reason: fewFamilies}, i.Answers)
			}
			continue
		}
		require.Equal(t, number(n), table.Responses)
		require.Equal(t, number(n), table.Items[1].Answers, "nobody may skip q2, so its answers are the responses")
		require.Equal(t, result.Count{Reason: fewAbstained}, table.Items[0].Answers, "somebody may from q1, and nobody did")
	}
}

func TestTenInEachOptionAreShownAndNineHideThemAll(t *testing.T) {
	_, standard, first, second := disclosed(40, map[string]int{"1": 10, "2": 10, "3": 10, "na": 10}, map[string]int{"1": 10, "2": 10, "3": 20})
	shown, _ := options(first)
	require.Equal(t, []int{10, 10, 10, 10}, shown)
	shown, _ = options(second)
	require.Equal(t, []int{10, 10, 20}, shown)
	require.Equal(t, []result.Count{number(30), number(40), number(70)}, []result.Count{first.Answers, second.Answers, standard.Answers})
	require.InDelta(t, 0.33, first.FavorableShare.Value, 1e-9, "10 of 30")
	require.InDelta(t, 2, first.MeanScore.Value, 1e-9, "(10 + 20 + 30) / 30")
	require.InDelta(t, 0.43, standard.FavorableShare.Value, 1e-9, "30 of 70")
	require.InDelta(t, 2.14, standard.MeanScore.Value, 1e-9, "(60 + 90) / 70")

	_, standard, first, second = disclosed(39, map[string]int{"1": 10, "2": 10, "3": 10, "na": 9}, map[string]int{"1": 10, "2": 10, "3": 19})
	shown, reasons := options(first)
	require.Empty(t, shown)
	require.Equal(t, []string{fewInOption, fewInOption, fewInOption, fewInOption}, reasons)
	require.Equal(t, result.Count{Reason: fewAbstained}, first.Answers, "39 less the answers would be nine")
	require.True(t, first.FavorableShare.Shown, "a share alone tells no count")
	shown, _ = options(second)
	require.Equal(t, []int{10, 10, 19}, shown, "the options of the other item are enough")
	require.False(t, standard.Answers.Shown, "its answers less those of q2 would tell those of q1")
}

func TestTenOnEachSideShowAShareAndNineHideIt(t *testing.T) {
	_, standard, first, second := disclosed(20, map[string]int{"1": 10, "3": 10}, map[string]int{"1": 10, "3": 10})
	for _, share := range []result.Measure{standard.FavorableShare, first.FavorableShare, second.FavorableShare} {
		require.Equal(t, shown(0.5), share)
	}
	require.Equal(t, shown(2), first.MeanScore)

	_, standard, first, second = disclosed(20, map[string]int{"1": 10, "3": 10}, map[string]int{"1": 11, "3": 9})
	require.Equal(t, result.Measure{Reason: fewOnASide}, second.FavorableShare)
	require.Equal(t, result.Measure{Reason: besideHidden}, first.FavorableShare)
	require.Equal(t, result.Measure{Reason: besideHidden}, first.MeanScore)
	require.Equal(t, result.Measure{Reason: fewOnASide}, second.MeanScore)
	require.True(t, standard.FavorableShare.Shown, "19 of the standard's answers are favorable, 21 are not")
}

func TestAllWhoDoNotKnowLeaveNothingToShow(t *testing.T) {
	table, standard, first, _ := disclosed(40, map[string]int{"na": 40}, nil)
	require.Equal(t, number(40), table.Responses)
	require.Equal(t, result.Count{Reason: fewScored}, first.Answers)
	require.Equal(t, result.Measure{Reason: fewScored}, first.FavorableShare)
	require.Equal(t, result.Measure{Reason: fewScored}, first.MeanScore)
	shown, _ := options(first)
	require.Empty(t, shown, "that 40 do not know would tell that nobody else does")
	require.Equal(t, result.StandardResult{
		Standard: "a", Low: 1, High: 3, Answers: result.Count{Reason: fewScored},
		FavorableShare: result.Measure{Reason: fewScored}, MeanScore: result.Measure{Reason: fewScored},
	}, standard)
}

func TestTheTenthFamilyThatKnowsOpensTheStandard(t *testing.T) {
	knowing := func(n int) result.StandardResult {
		_, standard, _, _ := disclosed(60, map[string]int{"1": n / 2, "2": n - n/2, "na": 60 - n}, map[string]int{"1": n / 2, "2": n - n/2})
		return standard
	}
	require.Equal(t, result.Measure{Reason: fewScored}, knowing(9).MeanScore)
	require.Equal(t, shown(1.5), knowing(10).MeanScore)
	require.Equal(t, number(20), knowing(10).Answers)
	require.Equal(t, result.Measure{Reason: fewOnASide}, knowing(10).FavorableShare, "nobody is favorable")
}

// TestNeedsByHand computes each need with pencil and paper. The highest level of every standard is 4.
func TestNeedsByHand(t *testing.T) {
	hidden := result.Measure{Reason: "Few."}
	at := func(standard string, share result.Measure) result.StandardResult {
		return result.StandardResult{Standard: standard, FavorableShare: share}
	}
	levels := func(of map[string]int) *result.Assessment {
		return &result.Assessment{Name: "sa", FrameworkVersion: "frameworks/f/versions/1", SettleTime: monday.AddDate(0, 0, -7), Levels: of}
	}
	for name, tt := range map[string]struct {
		survey   *result.Result
		assessed *result.Assessment
		order    string
		needs    map[string]float64 // those shown
	}{
		"both halves": {
			surveyed(at("a", shown(0.25)), at("b", shown(0.33)), at("c", shown(0.81))), levels(map[string]int{"a": 1, "b": 3, "c": 0}),
			"acb",
			map[string]float64{"a": 0.75, "b": 0.46, "c": 0.595},
		},
		"sums that only binary fractions tell apart are equal": {
			surveyed(at("a", shown(0.45)), at("b", shown(0.7)), at("c", shown(0.2))), levels(map[string]int{"a": 2, "b": 1, "c": 3}),
			"abc",
			map[string]float64{"a": 0.525, "b": 0.525, "c": 0.525},
		},
		"each standard by the part it has": {
			surveyed(at("a", shown(0.6))), levels(map[string]int{"b": 2}), "bac", map[string]float64{"a": 0.4, "b": 0.5},
		},
		"a level of zero is a level": {
			nil, levels(map[string]int{"a": 4, "b": 0}), "bac", map[string]float64{"a": 0, "b": 1},
		},
		"a mean of another scale, for want of a share": {
			surveyed(result.StandardResult{Standard: "a", FavorableShare: hidden, MeanScore: shown(1.5), Low: 1, High: 3}, at("b", shown(0.3))),
			nil, "abc",
			map[string]float64{"a": 0.75, "b": 0.7},
		},
		"a mean and a level": {
			surveyed(result.StandardResult{Standard: "a", FavorableShare: hidden, MeanScore: shown(3), Low: 1, High: 5}), levels(map[string]int{"a": 3}),
			"abc",
			map[string]float64{"a": 0.375},
		},
		"a scale without width tells nothing": {
			surveyed(result.StandardResult{Standard: "a", FavorableShare: hidden, MeanScore: shown(1), Low: 1, High: 1}), nil, "abc", nil,
		},
		"nothing shown ranks in the order of the framework": {
			surveyed(at("c", hidden), at("a", hidden)), levels(nil), "abc", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts{survey: tt.survey, assessed: tt.assessed}
			r, err := result.NewService(&f, nil, &f, &f, &f, clock.NewFake(tuesday)).RankNeeds(t.Context(), "d1", "oak", "")
			require.NoError(t, err)
			order, got := "", map[string]float64{}
			for _, n := range r.Needs {
				order += n.Standard
				require.NotEmpty(t, n.Explanation)
				if n.Need.Shown {
					got[n.Standard] = n.Need.Value
				} else {
					require.NotEmpty(t, n.Need.Reason)
					require.Contains(t, n.Explanation, "Need: not shown.")
				}
			}
			if tt.needs == nil {
				tt.needs = map[string]float64{}
			}
			require.Equal(t, tt.needs, got)
			require.Equal(t, tt.order, order)
			if tt.survey != nil {
				require.Equal(t, monday, r.AsOf, "the newer of survey and self-assessment")
			}
		})
	}
}

// astray cannot read results.
type astray struct{ facts }

func (astray) NewestSufficient(context.Context, string, string) (result.Result, error) {
	return result.Result{}, errors.New("disk gone")
}

func TestAFaultIsNoMissingSurvey(t *testing.T) {
	f := &astray{}
	_, err := result.NewService(f, nil, f, f, f, clock.NewFake(tuesday)).RankNeeds(t.Context(), "d1", "oak", "")
	require.EqualError(t, err, "disk gone", "a ranking without the survey would be a wrong one")
}
