package api

import (
	"encoding/json"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/badges/internal/trail"
	"github.com/tandem-badges/tandem/services/kit/etag"
)

func applicationProto(a application.Application) *badgesv1.Application {
	return &badgesv1.Application{
		Name: a.Name, Journey: a.Journey, BadgeDefinition: a.BadgeDefinition, BadgeDefinitionVersion: a.Edition,
		RubricVersion: a.RubricVersion, State: badgesv1.Application_State(badgesv1.Application_State_value["STATE_"+string(a.State)]),
		Snapshot: a.Snapshot, SnapshotDigest: a.SnapshotDigest, Attestation: a.Attestation, SubmitTime: stamp(a.SubmitTime),
		Requirements: a.Requirements, Decision: a.Decision, Award: a.Award,
		CreateTime: stamp(a.CreateTime), UpdateTime: stamp(a.UpdateTime), Etag: etag.Of(a.Version),
	}
}

func snapshotProto(s application.Snapshot) (*badgesv1.Snapshot, error) {
	content := &structpb.Struct{}
	if err := protojson.Unmarshal(s.Content, content); err != nil {
		return nil, err
	}
	return &badgesv1.Snapshot{
		Name: s.Name, Content: content, Digest: s.Digest, Manifest: s.Manifest, ManifestDigest: s.ManDigest,
		Submitter: s.Submitter, CreateTime: stamp(s.CreateTime),
	}, nil
}

func reviewProto(r review.Review) *badgesv1.Review {
	return &badgesv1.Review{
		Name: r.Name, Reviewer: r.Reviewer, State: badgesv1.Review_State(badgesv1.Review_State_value["STATE_"+string(r.State)]),
		Scores: each(r.Scores, func(s review.Score) *badgesv1.Score {
			return &badgesv1.Score{Criterion: s.Criterion, Points: int32(s.Points), Rationale: s.Rationale} //nolint:gosec // bounded by the rules of the resource
		}),
		Summary: r.Summary, Round: int32(r.Round), FinalizeTime: stamp(r.FinalizeTime), //nolint:gosec // counts rounds of one application
		CreateTime: stamp(r.CreateTime), UpdateTime: stamp(r.UpdateTime), Etag: etag.Of(r.Version),
	}
}

func scoreOf(m *badgesv1.Score) review.Score {
	return review.Score{Criterion: m.GetCriterion(), Points: int(m.GetPoints()), Rationale: m.GetRationale()}
}

func decisionProto(d decision.Decision) *badgesv1.Decision {
	return &badgesv1.Decision{
		Name: d.Name, Outcome: badgesv1.Outcome(badgesv1.Outcome_value["OUTCOME_"+string(d.Outcome)]), Rationale: d.Rationale,
		Requirements: d.Requirements, RuleMet: d.RuleMet, RuleExplanation: d.RuleExplanation, Approved: d.Approved,
		Proposer: d.Proposer, Approver: d.Approver, ApproveTime: stamp(d.ApproveTime), Award: d.Award,
		CreateTime: stamp(d.CreateTime), UpdateTime: stamp(d.UpdateTime), Etag: etag.Of(d.Version),
	}
}

func outcomeOf(o badgesv1.Outcome) decision.Outcome {
	switch o {
	case badgesv1.Outcome_OUTCOME_AWARD:
		return decision.Award
	case badgesv1.Outcome_OUTCOME_REVISE:
		return decision.Revise
	case badgesv1.Outcome_OUTCOME_DECLINE:
		return decision.Decline
	default:
		return ""
	}
}

func awardProto(a award.Award) *badgesv1.Award {
	return &badgesv1.Award{
		Name: a.Name, BadgeDefinitionVersion: a.Edition, Standard: a.Standard, FrameworkVersion: a.FrameworkVersion,
		Application: a.Application, Decision: a.Decision, Journey: a.Journey, Credential: a.Credential,
		State:     badgesv1.Award_State(badgesv1.Award_State_value["STATE_"+string(a.State)]),
		AwardTime: stamp(a.AwardTime), ExpireTime: stamp(a.ExpireTime), RevokeReason: a.RevokeReason,
		LapseTime: stamp(a.LapseTime), RenewalOpenTime: stamp(a.RenewalOpenTime), SuspendReason: a.SuspendReason,
		Renews: a.Renews, RenewedBy: a.RenewedBy,
		CreateTime: stamp(a.CreateTime), UpdateTime: stamp(a.UpdateTime), Etag: etag.Of(a.Version),
	}
}

func trailProto(t trail.Trail) (*badgesv1.AwardTrail, error) {
	credential := &structpb.Struct{}
	if err := protojson.Unmarshal(t.Credential.Document, credential); err != nil {
		return nil, err
	}
	return &badgesv1.AwardTrail{
		Award: awardProto(t.Award), Credential: credential, Decision: decisionProto(t.Decision),
		Reviews: each(t.Reviews, reviewProto), RubricVersion: guideProto(t.Guide), BadgeDefinitionVersion: editionProto(t.Edition),
		Snapshot: t.Snapshot.Name, SnapshotDigest: t.Snapshot.Digest, Manifest: t.Snapshot.Manifest, ManifestDigest: t.Snapshot.ManDigest,
		Evidence: each(t.Snapshot.Evidence, func(e application.Evidence) *badgesv1.EvidenceDigest {
			return &badgesv1.EvidenceDigest{
				Artifact: e.Artifact, Sha256: e.SHA256, MediaType: e.MediaType, SizeBytes: e.SizeBytes, Caption: e.Caption,
			}
		}),
	}, nil
}

func structJSON(s *structpb.Struct) ([]byte, error) { return json.Marshal(s.AsMap()) }
