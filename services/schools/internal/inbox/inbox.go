// Package inbox applies what other services tell to the projections of this one,
// and moves journeys after what the badges service decides.
//
// Every handler runs in the transaction that records its event as applied. Rows
// carry the name of the resource they tell about and the time of the event, so
// they can be computed again from their owner and an older event never undoes a
// newer one.
//
// Neighbours: kit/inbox delivers; store keeps projections; journey heeds verdicts.
package inbox

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"google.golang.org/protobuf/proto"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
	"github.com/tandem-badges/tandem/services/schools/internal/record"
	"github.com/tandem-badges/tandem/services/schools/internal/wire"
)

// Projections is where what others tell is kept.
type Projections interface {
	SaveSurveyResult(ctx context.Context, r journey.SurveyResult) error
	SaveSelfAssessment(ctx context.Context, a journey.SelfAssessment) error
	SaveEvidence(ctx context.Context, e journey.Evidence) error
	SaveBadgeRules(ctx context.Context, b journey.BadgeRules) error
	SaveAward(ctx context.Context, a journey.Award) error
}

// Journeys heed what the badges service decides.
type Journeys interface {
	Heed(ctx context.Context, v journey.Verdict) error
}

// Registry takes handlers; *inbox.Inbox of the kit is one.
type Registry interface {
	On(msg proto.Message, h func(ctx context.Context, ev bus.Event) error)
}

// Register sets the handlers of all events that this service listens to.
func Register(to Registry, p Projections, j Journeys) {
	h := handlers{keep: p, journeys: j}
	on(to, h.resultsReleased)
	on(to, h.selfAssessmentSettled)
	on(to, h.artifactAccepted)
	on(to, h.artifactChanged)
	on(to, h.artifactWithdrawn)
	on(to, h.badgeDefined)
	on(to, h.applicationSubmitted)
	on(to, h.applicationWithdrawn)
	on(to, h.revisionRequested)
	on(to, h.decisionMade)
	on(to, h.badgeAwarded)
	on(to, h.badgeRevoked)
	on(to, h.badgeLapsed)
	on(to, h.badgeSuspended)
	on(to, h.badgeReinstated)
	on(to, h.badgeRenewed)
}

type handlers struct {
	keep     Projections
	journeys Journeys
}

// on reads the event's message before the handler gets it.
func on[M any, P interface {
	*M
	proto.Message
}](to Registry, handle func(ctx context.Context, m P, ev bus.Event) error) {
	to.On(P(new(M)), func(ctx context.Context, ev bus.Event) error {
		m := P(new(M))
		if err := ev.Unmarshal(m); err != nil {
			return err
		}
		return handle(ctx, m, ev)
	})
}

func (h handlers) resultsReleased(ctx context.Context, m *assessmentsv1.ResultsReleased, ev bus.Event) error {
	return h.keep.SaveSurveyResult(ctx, journey.SurveyResult{
		Source: m.GetName(), EventTime: ev.Time, School: record.School(m.GetName()), Release: m.GetRelease(),
		Campaign: m.GetCampaign(), Cycle: m.GetCycle(), Wave: int64(m.GetWave()),
		FrameworkVersion: m.GetFrameworkVersion(), Sufficient: m.GetSufficient(),
	})
}

func (h handlers) selfAssessmentSettled(ctx context.Context, m *assessmentsv1.SelfAssessmentSettled, ev bus.Event) error {
	return h.keep.SaveSelfAssessment(ctx, journey.SelfAssessment{
		Source: m.GetName(), EventTime: ev.Time, Team: m.GetTeam(), Cycle: m.GetCycle(), FrameworkVersion: m.GetFrameworkVersion(),
	})
}

// artifact is what the events about a stored artifact have in common.
type artifact interface {
	GetName() string
	GetJourney() string
	GetStep() string
	GetIndicator() string
	GetOccurDate() string
	GetSha256() string
}

func (h handlers) artifactAccepted(ctx context.Context, m *evidencev1.ArtifactAccepted, ev bus.Event) error {
	e := evidenceOf(m, ev)
	e.Groups = wire.ToGroups(m.GetGroups())
	return h.keep.SaveEvidence(ctx, e)
}

func (h handlers) artifactChanged(ctx context.Context, m *evidencev1.ArtifactChanged, ev bus.Event) error {
	e := evidenceOf(m, ev)
	e.Groups = wire.ToGroups(m.GetGroups())
	return h.keep.SaveEvidence(ctx, e)
}

func (h handlers) artifactWithdrawn(ctx context.Context, m *evidencev1.ArtifactWithdrawn, ev bus.Event) error {
	return h.keep.SaveEvidence(ctx, journey.Evidence{
		Source: m.GetName(), EventTime: ev.Time, Journey: m.GetJourney(), Withdrawn: true,
	})
}

func evidenceOf(m artifact, ev bus.Event) journey.Evidence {
	return journey.Evidence{
		Source: m.GetName(), EventTime: ev.Time, Journey: m.GetJourney(), Step: m.GetStep(),
		Indicator: m.GetIndicator(), OccurDate: m.GetOccurDate(), SHA256: m.GetSha256(),
	}
}

func (h handlers) badgeDefined(ctx context.Context, m *badgesv1.BadgeDefined, ev bus.Event) error {
	return h.keep.SaveBadgeRules(ctx, journey.BadgeRules{
		Source: m.GetName(), EventTime: ev.Time, BadgeDefinition: m.GetBadgeDefinition(), Standard: m.GetStandard(),
		FrameworkVersion: m.GetFrameworkVersion(), Rules: wire.ToRules(m.GetEligibilityRules()),
	})
}
