package response

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/measure"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// What came of an answer, as metrics call it.
const (
	accepted = "accepted"
	late     = "late" // the survey is not open any more, or not yet
	refused  = "refused"
)

func newResults() *measure.Counter {
	return measure.NewCounter("tandem.survey.answers", "Answers to surveys that were sent, by what came of them.",
		"result", []string{accepted, late, refused})
}

// refused counts n answers that were not taken. An answer that was taken before
// has its receipt and is counted once.
func (s *Service) refused(ctx context.Context, err error, n int64) {
	if err == nil {
		return
	}
	result := refused
	if e, known := problem.As(err); known && e.Reason == problem.ReasonWindowClosed {
		result = late
	}
	s.results.Add(ctx, result, n)
}
