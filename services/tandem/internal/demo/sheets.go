package demo

import (
	"fmt"
	"math"
	"math/rand/v2"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
)

// Shares and spreads of what families answer.
const (
	familySpread = 0.55 // how much families of one school differ
	itemSpread   = 0.8  // how much one family's answers differ
	rise         = 0.12 // per wave, of a school that has a team
	unsure       = 0.04 // answers "I don't know"
	skipped      = 0.06 // leaves out an item that may be left out
	writes       = 0.12 // writes something
)

const (
	languageEnglish = "en"
	languageSpanish = "es"
)

// respondents is how many families of a school answer a wave.
func respondents(seed uint64, s *School, year Year, wave int) int {
	r := random(seed, fmt.Sprintf("respondents %s %s %d", s.ID, year.ID, wave))
	return int(float64(s.Enrollment) * s.Answering * (0.9 + 0.2*r.Float64()))
}

// sheets are the answers of a school's families in a wave, in the order in which
// they came in.
func sheets(seed uint64, items []*assessmentsv1.Item, s *School, year Year, wave int) []*assessmentsv1.PaperResponse {
	what := fmt.Sprintf("%s-%s-w%d", s.ID, year.ID, wave)
	r := random(seed, "sheets "+what)
	climate := s.climate(year, wave)
	all := make([]*assessmentsv1.PaperResponse, respondents(seed, s, year, wave))
	for i := range all {
		language := languageEnglish
		if r.Float64() < s.Spanish {
			language = languageSpanish
		}
		all[i] = &assessmentsv1.PaperResponse{
			ResponseId: fmt.Sprintf("paper-%s-%04d", what, i+1), Language: language, Answers: answer(r, items, climate, language),
		}
	}
	return all
}

// climate is how families see each standard in a wave: a school with a team gets
// better, most of all where it needs it.
func (s *School) climate(year Year, wave int) map[string]float64 {
	level := map[string]float64{}
	for i, standard := range standards {
		level[standard.id] = s.Climate[i]
		if s.HasTeam {
			gain := rise * float64(2*year.Index+wave-1) // two waves a year
			if i != s.weakest() {
				gain /= 3
			}
			level[standard.id] += gain
		}
	}
	return level
}

// answer fills in one family's form.
func answer(r *rand.Rand, items []*assessmentsv1.Item, climate map[string]float64, language string) []*assessmentsv1.Answer {
	mood := familySpread * r.NormFloat64()
	var answers []*assessmentsv1.Answer
	for _, item := range items {
		switch {
		case item.GetType() == assessmentsv1.ItemType_ITEM_TYPE_TEXT:
			if r.Float64() < writes {
				answers = append(answers, &assessmentsv1.Answer{Item: item.GetId(), Text: remark(r, language)})
			}
		case !item.GetRequired() && r.Float64() < skipped:
		default:
			answers = append(answers, &assessmentsv1.Answer{
				Item: item.GetId(), Option: choose(r, item, climate[item.GetStandard()]+mood+itemSpread*r.NormFloat64()),
			})
		}
	}
	return answers
}

// choose is the option whose score is nearest, or sometimes the one without.
func choose(r *rand.Rand, item *assessmentsv1.Item, level float64) string {
	nearest, distance, none := "", math.MaxFloat64, ""
	for _, option := range item.GetOptions() {
		if option.GetNotApplicable() {
			none = option.GetId()
		} else if d := math.Abs(float64(option.GetScore()) - level); d < distance {
			nearest, distance = option.GetId(), d
		}
	}
	if none != "" && r.Float64() < unsure {
		return none
	}
	return nearest
}

func remark(r *rand.Rand, language string) string {
	if language == languageSpanish {
		return remarks.spanish[r.IntN(len(remarks.spanish))]
	}
	return remarks.english[r.IntN(len(remarks.english))]
}
