package api

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
)

// SuspendAward takes a badge out of force for a while.
func (s *awardsServer) SuspendAward(ctx context.Context, req *badgesv1.SuspendAwardRequest) (*badgesv1.Award, error) {
	if err := named(awardPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.registry.Suspend(ctx, req.GetName(), req.GetEtag(), req.GetReason())
	return answer(a, err, awardProto)
}

// ReinstateAward ends a suspension.
func (s *awardsServer) ReinstateAward(ctx context.Context, req *badgesv1.ReinstateAwardRequest) (*badgesv1.Award, error) {
	if err := named(awardPattern, req.GetName()); err != nil {
		return nil, err
	}
	a, err := s.registry.Reinstate(ctx, req.GetName(), req.GetEtag())
	return answer(a, err, awardProto)
}

const (
	statusListPattern     = "statusLists/{status_list}"
	revocationListPattern = "issuers/{issuer}/revocationList"
	jsonType              = "application/json"
)

type statusServer struct {
	badgesv1.UnimplementedStatusListsServiceServer
	book *status.Book
}

// GetStatusList reads a signed list of bits.
func (s *statusServer) GetStatusList(ctx context.Context, req *badgesv1.GetStatusListRequest) (*httpbody.HttpBody, error) {
	if err := named(statusListPattern, req.GetName()); err != nil {
		return nil, err
	}
	p, err := s.book.List(ctx, req.GetName())
	return answer(p, err, func(p status.Published) *httpbody.HttpBody {
		return &httpbody.HttpBody{ContentType: credentialType, Data: p.Document}
	})
}

// GetRevocationList reads the revoked credentials of an issuer.
func (s *statusServer) GetRevocationList(ctx context.Context, req *badgesv1.GetRevocationListRequest) (*httpbody.HttpBody, error) {
	if err := named(revocationListPattern, req.GetName()); err != nil {
		return nil, err
	}
	p, err := s.book.RevocationList(ctx, issuerOf(req.GetName()))
	return answer(p, err, func(p status.Published) *httpbody.HttpBody {
		return &httpbody.HttpBody{ContentType: jsonType, Data: p.Document}
	})
}

func issuerOf(name string) string { return name[:len(name)-len("/revocationList")] }
