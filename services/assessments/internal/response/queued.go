package response

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

// queuedAtOnce is how many answers of one device are under way together.
const queuedAtOnce = 16

// Outcome is what became of one answer of a queue.
type Outcome struct {
	ResponseID string
	Receipt    string // empty where it was refused
	Problem    string // in plain words
	Retry      bool   // whether the same answer may be taken later
}

// SubmitQueued stores answers that a device kept while it was offline, each by
// itself. Of answers with one single-use token the first of the queue is taken.
func (s *Service) SubmitQueued(ctx context.Context, codeGiven, client string, queue []Submission) ([]Outcome, error) {
	ctx, d, err := s.enter(ctx, codeGiven, client)
	if err != nil {
		s.refused(ctx, err, int64(len(queue)))
		return nil, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	if err != nil {
		return nil, err
	}
	atOnce := queuedAtOnce
	if d.Single() {
		atOnce = 1
	}
	out, free := make([]Outcome, len(queue)), make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, a := range queue {
		a.Code, a.Client = codeGiven, client
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			receipt, err := s.submit(ctx, d, body, a)
			s.refused(ctx, err, 1)
			out[i] = outcome(a.ResponseID, receipt, err)
		})
	}
	all.Wait()
	return out, ctx.Err()
}

func outcome(id string, r Receipt, err error) Outcome {
	if err == nil {
		return Outcome{ResponseID: id, Receipt: r.Code}
	}
	e, ok := problem.As(err)
	if !ok {
		return Outcome{ResponseID: id, Problem: "Something went wrong on our side. Send this answer again.", Retry: true}
	}
	o := Outcome{ResponseID: id}
	switch e.Kind {
	case problem.KindInvalid, problem.KindPrecondition:
		fixes := make([]string, len(e.Violations))
		for i, v := range e.Violations {
			fixes[i] = v.Fix
		}
		o.Problem = strings.Join(fixes, " ")
	case problem.KindExhausted:
		o.Problem, o.Retry = "Too many answers came at once. Send this one again in a minute.", true
	default:
		o.Problem, o.Retry = "The answer could not be stored now. Send it again.", !errors.Is(err, context.Canceled)
	}
	return o
}
