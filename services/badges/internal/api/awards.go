package api

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/trail"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// credentialType is the media type of a signed credential.
const credentialType = "application/vc+ld+json"

type awardsServer struct {
	badgesv1.UnimplementedAwardsServiceServer
	registry *award.Registry
	trails   *trail.Reader
}

// GetAward reads an award.
func (s *awardsServer) GetAward(ctx context.Context, req *badgesv1.GetAwardRequest) (*badgesv1.Award, error) {
	if err := named(awardPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.registry.Get(ctx, req.GetName())
	return answer(a, err, awardProto)
}

// ListAwards lists awards.
func (s *awardsServer) ListAwards(ctx context.Context, req *badgesv1.ListAwardsRequest) (*badgesv1.ListAwardsResponse, error) {
	if err := parent(schoolPattern, req.GetParent()); err != nil {
		return nil, err
	}
	rows, next, err := paged(req, func(a award.Award) []string { return []string{names.ID(a.Name), a.Name} },
		func(after []string, limit int) ([]award.Award, error) {
			return s.registry.List(ctx, scopeOf(ctx, req.GetParent(), "awards.get"), award.Slice{After: after, Limit: limit})
		})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListAwardsResponse{Awards: each(rows, awardProto), NextPageToken: next}, nil
}

// GetAwardTrail reads everything behind an award.
func (s *awardsServer) GetAwardTrail(ctx context.Context, req *badgesv1.GetAwardTrailRequest) (*badgesv1.AwardTrail, error) {
	if err := named(awardPattern, req.GetName()); err != nil {
		return nil, err
	}
	t, err := s.trails.Read(ctx, callerOf(ctx, req.GetName()), req.GetName())
	if err != nil {
		return nil, err
	}
	return trailProto(t)
}

// RevokeAward takes a badge away.
func (s *awardsServer) RevokeAward(ctx context.Context, req *badgesv1.RevokeAwardRequest) (*badgesv1.Award, error) {
	if err := named(awardPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.registry.Revoke(ctx, req.GetName(), req.GetEtag(), req.GetReason())
	return answer(a, err, awardProto)
}

// GetPartnershipStatus tells how far a school is.
func (s *awardsServer) GetPartnershipStatus(ctx context.Context, req *badgesv1.GetPartnershipStatusRequest) (*badgesv1.PartnershipStatus, error) {
	if err := named(statusPattern, req.GetName()); err != nil {
		return nil, err
	}
	status, err := s.registry.Status(ctx, names.School(req.GetName()), req.GetName())
	return answer(status, err, func(st award.Status) *badgesv1.PartnershipStatus {
		return &badgesv1.PartnershipStatus{
			Name: req.GetName(), PartnershipSchool: st.Recognized, Held: st.Held, Missing: st.Missing, FrameworkVersion: st.FrameworkVersion,
		}
	})
}

type credentialsServer struct {
	badgesv1.UnimplementedCredentialsServiceServer
	issuer *issuing.Issuer
}

// GetCredential reads a credential, byte for byte as it was signed.
func (s *credentialsServer) GetCredential(ctx context.Context, req *badgesv1.GetCredentialRequest) (*httpbody.HttpBody, error) {
	if err := named(credentialPattern, req.GetName()); err != nil {
		return nil, err
	}
	c, err := s.issuer.Credential(ctx, req.GetName())
	return answer(c, err, func(c award.Credential) *httpbody.HttpBody {
		return &httpbody.HttpBody{ContentType: credentialType, Data: c.Document}
	})
}

// VerifyCredential verifies any credential.
func (s *credentialsServer) VerifyCredential(ctx context.Context, req *badgesv1.VerifyCredentialRequest) (*badgesv1.Verification, error) {
	raw, err := structJSON(req.GetCredential())
	if err != nil {
		return nil, err
	}
	v, err := s.issuer.Verify(ctx, raw)
	return answer(v, err, verificationProto)
}

// CheckCredential verifies a credential of this platform.
func (s *credentialsServer) CheckCredential(ctx context.Context, req *badgesv1.CheckCredentialRequest) (*badgesv1.Verification, error) {
	if err := named(credentialPattern, req.GetName()); err != nil {
		return nil, err
	}
	v, err := s.issuer.Check(ctx, req.GetName())
	return answer(v, err, verificationProto)
}

// GetIssuer reads who issues.
func (s *credentialsServer) GetIssuer(_ context.Context, req *badgesv1.GetIssuerRequest) (*badgesv1.Issuer, error) {
	if req.GetName() != issuing.IssuerName {
		return nil, problem.NotFound(req.GetName())
	}
	p := s.issuer.Profile()
	return &badgesv1.Issuer{
		Name: p.Name, Title: p.Title, Did: p.DID, Url: p.URL, VerificationMethods: p.VerificationMethods,
	}, nil
}
