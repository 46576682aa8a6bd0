package store

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/outbox"
)

// Record keeps a domain event in the outbox, with the transaction in ctx.
func (s *Store) Record(ctx context.Context, at time.Time, event any) error {
	msg, err := message(event)
	if err != nil {
		return err
	}
	return outbox.Add(ctx, s.db, at, msg)
}

func message(event any) (proto.Message, error) {
	switch e := event.(type) {
	case definition.Defined:
		return defined(e), nil
	case application.Submitted:
		return &badgesv1.ApplicationSubmitted{
			Name: e.Application.Name, Journey: e.Application.Journey, BadgeDefinitionVersion: e.Application.Edition,
			SnapshotDigest: e.Application.SnapshotDigest, Round: int32(e.Application.Round), //nolint:gosec // counts rounds of one application
		}, nil
	case application.Withdrawn:
		return &badgesv1.ApplicationWithdrawn{Name: e.Application.Name, Journey: e.Application.Journey}, nil
	case review.ReviewersAssigned:
		return &badgesv1.ReviewersAssigned{Name: e.Application.Name, Reviewers: int32(e.Reviewers)}, nil //nolint:gosec // counts the reviewers of one application
	case review.Finalized:
		return &badgesv1.ReviewFinalized{Name: e.Review.Name}, nil
	case decision.Made:
		return &badgesv1.DecisionMade{
			Name: e.Decision.Name, Application: e.Decision.Application, Journey: e.Journey,
			Outcome: badgesv1.Outcome(badgesv1.Outcome_value["OUTCOME_"+string(e.Decision.Outcome)]),
		}, nil
	case decision.RevisionRequested:
		return &badgesv1.RevisionRequested{Name: e.Decision.Application, Journey: e.Journey, Decision: e.Decision.Name}, nil
	default:
		return awardMessage(event)
	}
}

func awardMessage(event any) (proto.Message, error) {
	switch e := event.(type) {
	case award.Awarded:
		a := e.Award
		return &badgesv1.BadgeAwarded{
			Name: a.Name, Journey: a.Journey, Application: a.Application, BadgeDefinitionVersion: a.Edition,
			Standard: a.Standard, Credential: a.Credential,
			AwardTime: timestamppb.New(a.AwardTime), ExpireTime: timestamppb.New(a.ExpireTime),
		}, nil
	case award.CredentialIssued:
		c := e.Credential
		return &badgesv1.CredentialIssued{Name: subject(c), Credential: c.Name, Digest: c.Digest}, nil
	case award.CredentialReissued:
		c := e.Credential
		return &badgesv1.CredentialReissued{Name: subject(c), Credential: c.Name, Digest: c.Digest}, nil
	case award.BadgeRevoked:
		return &badgesv1.BadgeRevoked{Name: e.Award.Name, Journey: e.Award.Journey}, nil
	case award.BadgeExpired:
		return &badgesv1.BadgeExpired{
			Name: e.Award.Name, Journey: e.Award.Journey, LapseTime: timestamppb.New(e.Award.LapseTime),
		}, nil
	case award.BadgeLapsed:
		return &badgesv1.BadgeLapsed{Name: e.Award.Name, Journey: e.Award.Journey}, nil
	case award.BadgeSuspended:
		return &badgesv1.BadgeSuspended{Name: e.Award.Name, Journey: e.Award.Journey}, nil
	case award.BadgeReinstated:
		return &badgesv1.BadgeReinstated{Name: e.Award.Name, Journey: e.Award.Journey}, nil
	case award.BadgeRenewed:
		return &badgesv1.BadgeRenewed{Name: e.Award.Name, Journey: e.Successor.Journey, Successor: e.Successor.Name}, nil
	case award.RenewalDue:
		return &badgesv1.RenewalDue{Name: e.Award.Name, ExpireTime: timestamppb.New(e.Award.ExpireTime)}, nil
	case award.PartnershipChanged:
		p := e.Partnership
		if p.Recognized {
			return &badgesv1.PartnershipSchoolRecognized{Name: p.School, FrameworkVersion: p.FrameworkVersion}, nil
		}
		return &badgesv1.PartnershipSchoolLapsed{Name: p.School, FrameworkVersion: p.FrameworkVersion}, nil
	}
	return keyMessage(event)
}

func keyMessage(event any) (proto.Message, error) {
	switch e := event.(type) {
	case issuer.KeyRotated:
		return &badgesv1.KeyRotated{Name: e.Key.Name, VerificationMethod: e.Key.Method}, nil
	case issuer.KeyCompromised:
		return &badgesv1.KeyCompromised{Name: e.Key.Name, CompromiseTime: timestamppb.New(e.Key.CompromiseTime)}, nil
	}
	return nil, fmt.Errorf("no message for event %T", event)
}

func defined(e definition.Defined) *badgesv1.BadgeDefined {
	out := &badgesv1.BadgeDefined{
		Name: e.Edition.Name, BadgeDefinition: e.Definition.Name, Standard: e.Definition.Standard,
		FrameworkVersion: e.Edition.Asks.FrameworkVersion,
	}
	for _, r := range e.Edition.Asks.EligibilityRules {
		out.EligibilityRules = append(out.EligibilityRules, &typev1.EligibilityRule{
			Id: r.ID, Title: r.Title, Expression: r.Expression, Reason: r.Reason, Fix: r.Fix,
		})
	}
	return out
}
