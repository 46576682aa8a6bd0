package demo

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// questions are three scale items per standard, the third of which may be left
// out, and one for text.
func questions() []*assessmentsv1.Item {
	var items []*assessmentsv1.Item
	for _, standard := range standards {
		for n := range 3 {
			item := &assessmentsv1.Item{
				Id: fmt.Sprintf("%s-q%d", standard.id, n+1), Type: assessmentsv1.ItemType_ITEM_TYPE_SCALE,
				Standard: standard.id, Required: n < 2,
			}
			for score := int32(1); score <= 5; score++ {
				item.Options = append(item.Options, &assessmentsv1.Option{Id: fmt.Sprint(score), Score: score, Favorable: score > 3})
			}
			item.Options = append(item.Options, &assessmentsv1.Option{Id: "dont-know", NotApplicable: true})
			items = append(items, item)
		}
	}
	return append(items, &assessmentsv1.Item{Id: "comment", Type: assessmentsv1.ItemType_ITEM_TYPE_TEXT, MaxLength: 500})
}

func TestTheSameSeedInventsTheSameAnswers(t *testing.T) {
	s := Build(DefaultSeed, today)
	school := s.teams()[0]
	first := sheets(s.Seed, questions(), school, s.Years[0], 1)[:5]
	require.Empty(t, cmp.Diff(first, sheets(s.Seed, questions(), school, s.Years[0], 1)[:5], protocmp.Transform()))
	require.NotEmpty(t, cmp.Diff(first, sheets(s.Seed+1, questions(), school, s.Years[0], 1)[:5], protocmp.Transform()))
	require.NotEqual(t, first[0].GetResponseId(), sheets(s.Seed, questions(), school, s.Years[0], 2)[0].GetResponseId())
}

// tally is what the answers of some schools say.
type tally struct {
	sheets, spanish, answers, unsure, texts, left int
	mean                                          map[string]float64 // by standard
}

func count(t *testing.T, schools []*School, s State, year Year, wave int) tally {
	t.Helper()
	got := tally{mean: map[string]float64{}}
	scored := map[string]int{}
	items := map[string]*assessmentsv1.Item{}
	for _, item := range questions() {
		items[item.GetId()] = item
	}
	for _, school := range schools {
		for _, sheet := range sheets(s.Seed, questions(), school, year, wave) {
			got.sheets++
			if sheet.GetLanguage() == languageSpanish {
				got.spanish++
			}
			given := map[string]bool{}
			for _, answer := range sheet.GetAnswers() {
				item := items[answer.GetItem()]
				require.NotNil(t, item)
				require.False(t, given[answer.GetItem()])
				given[answer.GetItem()] = true
				switch at := slices.IndexFunc(item.GetOptions(), func(o *assessmentsv1.Option) bool { return o.GetId() == answer.GetOption() }); {
				case item.GetType() == assessmentsv1.ItemType_ITEM_TYPE_TEXT:
					got.texts++
				case at < 0:
					t.Fatalf("%q is no option of %s", answer.GetOption(), item.GetId())
				case item.GetOptions()[at].GetNotApplicable():
					got.unsure++
				default:
					got.answers++
					scored[item.GetStandard()]++
					got.mean[item.GetStandard()] += float64(item.GetOptions()[at].GetScore())
				}
			}
			for id, item := range items {
				if !given[id] {
					require.False(t, item.GetRequired(), "%s is required", id)
					if item.GetType() == assessmentsv1.ItemType_ITEM_TYPE_SCALE {
						got.left++
					}
				}
			}
		}
	}
	for standard := range got.mean {
		got.mean[standard] /= float64(scored[standard])
	}
	return got
}

func TestAnswersLookLikeThoseOfFamilies(t *testing.T) {
	s := Build(DefaultSeed, today)
	all := count(t, s.schools(), s, s.Years[0], 1)
	require.InDelta(t, 0.28, float64(all.spanish)/float64(all.sheets), 0.08, "share in Spanish")
	require.InDelta(t, unsure, float64(all.unsure)/float64(all.answers+all.unsure), 0.01, "share of I don't know")
	require.InDelta(t, writes, float64(all.texts)/float64(all.sheets), 0.02, "share with a text")
	require.Positive(t, all.left, "some leave out what may be left out")
	for standard, mean := range all.mean {
		require.Greater(t, mean, 2.5, standard)
		require.Less(t, mean, 4.3, standard)
	}
}

func TestSchoolsDifferAndThoseWithATeamGetBetter(t *testing.T) {
	s := Build(DefaultSeed, today)
	lowest, highest := 5.0, 1.0
	for _, school := range s.schools() {
		mean := count(t, []*School{school}, s, s.Years[0], 1).mean[standards[0].id]
		lowest, highest = min(lowest, mean), max(highest, mean)
	}
	require.Greater(t, highest-lowest, 0.8)

	better := 0
	for _, school := range s.teams() {
		weakest := standards[school.weakest()].id
		first := count(t, []*School{school}, s, s.Years[0], 1).mean[weakest]
		if count(t, []*School{school}, s, s.Years[2], 1).mean[weakest] > first {
			better++
		}
	}
	require.Greater(t, better, teamCount*3/4)
}

func TestOneSchoolIsTooSmallForNumbers(t *testing.T) {
	s := Build(DefaultSeed, today)
	for _, school := range s.schools() {
		n := respondents(s.Seed, school, s.Years[0], 1)
		if school.Charter {
			require.Less(t, n, 10, school.Title)
			require.Positive(t, n, school.Title)
		} else {
			require.GreaterOrEqual(t, n, 20, school.Title)
		}
	}
}

func TestLevelsAreThoseOfTheFramework(t *testing.T) {
	s := Build(DefaultSeed, today)
	for _, school := range s.teams() {
		levels := school.levels(s.Seed, s.Years[1], "consensus")
		require.Len(t, levels, len(standards))
		for _, level := range levels {
			require.GreaterOrEqual(t, level.GetLevel(), int32(0))
			require.LessOrEqual(t, level.GetLevel(), int32(3))
		}
	}
}
