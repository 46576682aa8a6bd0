package api

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/issuing"
	"github.com/tandem-badges/tandem/services/badges/internal/rendering"
	"github.com/tandem-badges/tandem/services/badges/internal/work"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const operationPattern = "credentialOperations/{operation}"

// The media types of a signed credential: as a document, and as a token.
const (
	credentialType = "application/vc+ld+json"
	tokenType      = "text/plain; charset=utf-8" //nolint:gosec // a media type
)

type credentialsServer struct {
	badgesv1.UnimplementedCredentialsServiceServer
	issuer   *issuing.Issuer
	checker  *issuing.Checker
	office   *issuer.Office
	registry *award.Registry
	reissuer *work.Reissuer
	renderer *rendering.Renderer
}

// GetCredential reads a credential, byte for byte as it was signed last.
func (s *credentialsServer) GetCredential(ctx context.Context, req *badgesv1.GetCredentialRequest) (*httpbody.HttpBody, error) {
	if err := named(credentialPattern, req.GetName()); err != nil {
		return nil, err
	}
	c, err := s.issuer.Credential(ctx, req.GetName())
	return answer(c, err, documentProto)
}

func documentProto(c award.Credential) *httpbody.HttpBody {
	if !bytes.HasPrefix(c.Document, []byte("{")) {
		return &httpbody.HttpBody{ContentType: tokenType, Data: c.Document}
	}
	return &httpbody.HttpBody{ContentType: credentialType, Data: c.Document}
}

// GetIssuer reads who issues.
func (s *credentialsServer) GetIssuer(ctx context.Context, req *badgesv1.GetIssuerRequest) (*badgesv1.Issuer, error) {
	if err := named(issuerPattern, req.GetName()); err != nil {
		return nil, err
	}
	i, err := s.office.Issuer(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return describedIssuer(ctx, s.office, i)
}

// ListCredentials lists the credentials of schools.
func (s *credentialsServer) ListCredentials(ctx context.Context, req *badgesv1.ListCredentialsRequest) (*badgesv1.ListCredentialsResponse, error) {
	if err := parent(schoolPattern, req.GetParent()); err != nil {
		return nil, err
	}
	var since time.Time
	if req.GetSince() != nil {
		since = req.GetSince().AsTime()
	}
	rows, next, err := paged(req, func(c issuing.Listed) []string {
		return []string{strconv.FormatInt(sqldb.Micros(c.IssueTime), 10), c.Name}
	}, func(after []string, limit int) ([]issuing.Listed, error) {
		return s.issuer.List(ctx, scopeOf(ctx, req.GetParent(), "credentials.list"), since, before(after, limit))
	})
	if err != nil {
		return nil, err
	}
	return &badgesv1.ListCredentialsResponse{Credentials: each(rows, credentialProto), NextPageToken: next}, nil
}

// before is the page of a list that begins with the newest.
func before(after []string, limit int) award.CredentialSlice {
	p := award.CredentialSlice{Limit: limit}
	if len(after) == 2 {
		at, _ := strconv.ParseInt(after[0], 10, 64) // page tokens are sealed
		p.Before, p.Name = sqldb.Time(at), after[1]
	}
	return p
}

func credentialProto(c issuing.Listed) *badgesv1.Credential {
	return &badgesv1.Credential{
		Name: c.Name, Kind: badgesv1.Credential_Kind(badgesv1.Credential_Kind_value["KIND_"+string(c.Kind)]), School: c.School,
		Award: c.Award, Title: c.Title, Issuer: c.Issuer, Digest: c.Digest, Version: int32(c.Version), //nolint:gosec // counts the times it was signed
		IssueTime: stamp(c.IssueTime), ExpireTime: stamp(c.ExpireTime), Revoked: c.Revoked, Suspended: c.Suspended,
	}
}

// ImportCredential keeps a badge that a school earned elsewhere.
func (s *credentialsServer) ImportCredential(ctx context.Context, req *badgesv1.ImportCredentialRequest) (*badgesv1.Credential, error) {
	if err := named(schoolPattern, req.GetParent()); err != nil {
		return nil, err
	}
	c, err := s.issuer.Import(ctx, req.GetParent(), req.GetDocument())
	return answer(c, err, credentialProto)
}

// ReissueCredentials begins to sign credentials anew.
func (s *credentialsServer) ReissueCredentials(ctx context.Context, req *badgesv1.ReissueCredentialsRequest) (*longrunningpb.Operation, error) {
	return s.reissuer.Start(ctx, req.GetIssuer(), req.GetKey())
}

// GetCredentialOperation reads how far long work is.
func (s *credentialsServer) GetCredentialOperation(ctx context.Context, req *badgesv1.GetCredentialOperationRequest) (*longrunningpb.Operation, error) {
	if named(operationPattern, req.GetName()) != nil {
		return nil, problem.NotFound(req.GetName())
	}
	return s.reissuer.Get(ctx, req.GetName())
}

// RefreshCredential reads what took the place of a credential.
func (s *credentialsServer) RefreshCredential(ctx context.Context, req *badgesv1.RefreshCredentialRequest) (*httpbody.HttpBody, error) {
	if err := named(credentialPattern, req.GetName()); err != nil {
		return nil, err
	}
	c, err := s.registry.Refresh(ctx, req.GetName())
	return answer(c, err, documentProto)
}
