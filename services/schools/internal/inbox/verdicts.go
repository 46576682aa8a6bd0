package inbox

import (
	"context"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/kit/bus"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
)

func (h handlers) applicationSubmitted(ctx context.Context, m *badgesv1.ApplicationSubmitted, ev bus.Event) error {
	return h.journeys.Heed(ctx, journey.Verdict{
		Method: journey.ApplicationSubmitted, Journey: m.GetJourney(), Application: m.GetName(), Time: ev.Time,
	})
}

func (h handlers) applicationWithdrawn(ctx context.Context, m *badgesv1.ApplicationWithdrawn, ev bus.Event) error {
	return h.journeys.Heed(ctx, journey.Verdict{
		Method: journey.ApplicationWithdrawn, Journey: m.GetJourney(), Application: m.GetName(), Time: ev.Time,
	})
}

func (h handlers) revisionRequested(ctx context.Context, m *badgesv1.RevisionRequested, ev bus.Event) error {
	return h.journeys.Heed(ctx, journey.Verdict{
		Method: journey.RevisionRequested, Journey: m.GetJourney(), Application: m.GetName(), Time: ev.Time,
	})
}

// decisionMade heeds a decline only: an award and a revision have events of
// their own.
func (h handlers) decisionMade(ctx context.Context, m *badgesv1.DecisionMade, ev bus.Event) error {
	if m.GetOutcome() != badgesv1.Outcome_OUTCOME_DECLINE {
		return nil
	}
	return h.journeys.Heed(ctx, journey.Verdict{
		Method: journey.ApplicationDeclined, Journey: m.GetJourney(), Application: m.GetApplication(), Time: ev.Time,
	})
}

func (h handlers) badgeAwarded(ctx context.Context, m *badgesv1.BadgeAwarded, ev bus.Event) error {
	err := h.keep.SaveAward(ctx, journey.Award{
		Source: m.GetName(), EventTime: ev.Time, Journey: m.GetJourney(), Application: m.GetApplication(), Standard: m.GetStandard(),
		BadgeDefinitionVersion: m.GetBadgeDefinitionVersion(), Credential: m.GetCredential(), State: "awarded",
	})
	if err != nil {
		return err
	}
	return h.journeys.Heed(ctx, journey.Verdict{
		Method: journey.BadgeAwarded, Journey: m.GetJourney(), Application: m.GetApplication(), Award: m.GetName(), Time: ev.Time,
	})
}

func (h handlers) badgeRevoked(ctx context.Context, m *badgesv1.BadgeRevoked, ev bus.Event) error {
	return h.awardEnded(ctx, journey.BadgeRevoked, "revoked", m.GetName(), m.GetJourney(), ev)
}

func (h handlers) badgeLapsed(ctx context.Context, m *badgesv1.BadgeLapsed, ev bus.Event) error {
	return h.awardEnded(ctx, journey.BadgeLapsed, "lapsed", m.GetName(), m.GetJourney(), ev)
}

// badgeSuspended leaves the journey where it is: the badge may come back as if nothing had been.
func (h handlers) badgeSuspended(ctx context.Context, m *badgesv1.BadgeSuspended, ev bus.Event) error {
	return h.awardIs(ctx, "suspended", m.GetName(), ev)
}

func (h handlers) badgeReinstated(ctx context.Context, m *badgesv1.BadgeReinstated, ev bus.Event) error {
	return h.awardIs(ctx, "awarded", m.GetName(), ev)
}

// badgeRenewed is about the older award; the journey that the event names has a new one, of which it heard already.
func (h handlers) badgeRenewed(ctx context.Context, m *badgesv1.BadgeRenewed, ev bus.Event) error {
	return h.awardIs(ctx, "renewed", m.GetName(), ev)
}

func (h handlers) awardIs(ctx context.Context, state, award string, ev bus.Event) error {
	return h.keep.SaveAward(ctx, journey.Award{Source: award, EventTime: ev.Time, State: state})
}

func (h handlers) awardEnded(ctx context.Context, m journey.Method, state, award, of string, ev bus.Event) error {
	if err := h.keep.SaveAward(ctx, journey.Award{Source: award, EventTime: ev.Time, Journey: of, State: state}); err != nil {
		return err
	}
	return h.journeys.Heed(ctx, journey.Verdict{Method: m, Journey: of, Award: award, Time: ev.Time})
}
