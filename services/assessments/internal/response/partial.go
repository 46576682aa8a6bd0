package response

import (
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// partial tells whether less than half of the scored questions were answered that
// the respondent was asked: AAPOR leaves the border between a partial and a complete
// interview to the survey, and one half of the questions is the usual place of it.
// "Does not apply" and "I don't know" are answers.
func partial(body instrument.Body, answers []Answer) bool {
	given := make(map[string]Answer, len(answers))
	for _, a := range answers {
		given[a.Item] = a
	}
	asked, answered := 0, 0
	for _, id := range body.Asked(answers) {
		item, _ := body.Item(id)
		if !item.Type.Scored() {
			continue
		}
		for _, q := range item.Questions() {
			asked++
			if a := given[id]; q.Row == "" && a.Option != "" || q.Row != "" && a.Rows[q.Row] != "" {
				answered++
			}
		}
	}
	return 2*answered < asked
}
