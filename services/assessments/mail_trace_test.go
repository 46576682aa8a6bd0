package assessments_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/kittest"
)

func TestAMailingIsInTheTraceOfTheCallThatBeganIt(t *testing.T) {
	recorder := kittest.Spans(t)
	o := newOffice(t)
	c := o.opened("fall", confidential)
	o.roster(c, "oak,1,Family One,one@example.org,es,K-5", "oak,2,Family Two,two@example.org,en,6-8")
	ctx, call := otel.Tracer("test").Start(o.coordinator(), "call")
	sent := o.done(o.recipients.InviteRecipients(ctx, &assessmentsv1.InviteRecipientsRequest{Name: c.GetName()}))
	call.End()
	require.EqualValues(t, 2, sent.GetSent())

	turns := 0
	for _, span := range recorder.Ended() {
		if span.Name() == "work tandem.assessments.v1.SendProgress" {
			turns++
			require.Equal(t, call.SpanContext().TraceID(), span.SpanContext().TraceID())
		}
		for _, a := range span.Attributes() {
			require.NotContains(t, a.Value.String(), "one@example.org")
		}
	}
	require.Positive(t, turns)
}
