package response

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func TestAnswersThatAreNotTakenAreCountedByWhy(t *testing.T) {
	metrics := kittest.Metrics(t)
	s := &Service{results: newResults()}
	s.refused(t.Context(), nil, 1)
	s.refused(t.Context(), notOpen("d", "c"), 1)
	s.refused(t.Context(), usedUp(), 2)
	s.refused(t.Context(), errors.New("the database is away"), 1)
	require.Equal(t, map[string]float64{
		`tandem_survey_answers_total{result="accepted"}`: 0,
		`tandem_survey_answers_total{result="late"}`:     1,
		`tandem_survey_answers_total{result="refused"}`:  3,
	}, metrics())
}

func TestARunGoesOnInTheTraceOfTheFirstAndTheOthersLeadThere(t *testing.T) {
	recorder := kittest.Spans(t)
	var ran trace.SpanContext
	g := newGather("numbers", 1, func(ctx context.Context, in []int) ([]int, error) {
		ran = trace.SpanContextFromContext(ctx)
		return in, nil
	})
	asked := func(name string) (*ask[int, int], trace.Span) {
		ctx, span := otel.Tracer("test").Start(context.Background(), name)
		return &ask[int, int]{ctx: ctx, done: make(chan struct{})}, span
	}
	untraced := &ask[int, int]{ctx: t.Context(), done: make(chan struct{})}
	first, leads := asked("first")
	second, follows := asked("second")
	g.finish([]*ask[int, int]{untraced, first, second})
	leads.End()
	follows.End()

	require.Equal(t, leads.SpanContext(), ran)
	require.Len(t, recorder.Ended(), 2)
	require.Empty(t, recorder.Ended()[0].Links())
	require.Equal(t, leads.SpanContext(), recorder.Ended()[1].Links()[0].SpanContext)
}
