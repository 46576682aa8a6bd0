package api

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/internal/vcapi"
)

type vcAPIServer struct {
	badgesv1.UnimplementedVcApiServiceServer
	service *vcapi.Service
}

// IssueVc signs a test credential.
func (s *vcAPIServer) IssueVc(ctx context.Context, req *badgesv1.IssueVcRequest) (*httpbody.HttpBody, error) {
	r := vcapi.Request{Credential: req.GetCredential(), Status: req.GetStatus(), CreateOptions: dataintegrity.CreateOptions{
		Suite: req.GetCryptosuite(), Purpose: req.GetProofPurpose(), Challenge: req.GetChallenge(), Domain: req.GetDomain(),
	}}
	if req.GetCreated() != nil {
		r.Created = req.GetCreated().AsTime()
	}
	signed, err := s.service.Issue(ctx, r)
	return answer(signed, err, func(document []byte) *httpbody.HttpBody {
		return &httpbody.HttpBody{ContentType: credentialType, Data: document}
	})
}

// SetVcStatus changes the status of a test credential.
func (s *vcAPIServer) SetVcStatus(ctx context.Context, req *badgesv1.SetVcStatusRequest) (*badgesv1.SetVcStatusResponse, error) {
	return &badgesv1.SetVcStatusResponse{}, s.service.SetStatus(ctx, req.GetCredentialId(), req.GetPurpose(), req.GetValue())
}
