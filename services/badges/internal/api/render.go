package api

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
	"github.com/tandem-badges/tandem/services/badges/internal/rendering"
)

// RenderCredential reads a credential in a form for people or other programs.
func (s *credentialsServer) RenderCredential(ctx context.Context, req *badgesv1.RenderCredentialRequest) (*httpbody.HttpBody, error) {
	if err := named(credentialPattern, req.GetName()); err != nil {
		return nil, err
	}
	f, err := s.renderer.Render(ctx, req.GetName(), formOf(req.GetFormat()), req.GetLanguage())
	return answer(f, err, fileProto)
}

// RenderBadgeDefinition draws a badge without a credential.
func (s *definitionsServer) RenderBadgeDefinition(ctx context.Context, req *badgesv1.RenderBadgeDefinitionRequest) (*httpbody.HttpBody, error) {
	if err := named(definitionPattern, req.GetName()); err != nil {
		return nil, err
	}
	form := rendering.PNG
	if req.GetFormat() == badgesv1.RenderBadgeDefinitionRequest_FORMAT_SVG {
		form = rendering.SVG
	}
	f, err := s.renderer.Image(ctx, req.GetName(), form)
	return answer(f, err, fileProto)
}

func fileProto(f rendering.File) *httpbody.HttpBody {
	return &httpbody.HttpBody{ContentType: f.MediaType, Data: f.Data}
}

func formOf(f badgesv1.RenderCredentialRequest_Format) rendering.Form {
	switch f {
	case badgesv1.RenderCredentialRequest_FORMAT_JWT:
		return rendering.JWT
	case badgesv1.RenderCredentialRequest_FORMAT_PNG:
		return rendering.PNG
	case badgesv1.RenderCredentialRequest_FORMAT_SVG:
		return rendering.SVG
	case badgesv1.RenderCredentialRequest_FORMAT_PDF:
		return rendering.PDF
	case badgesv1.RenderCredentialRequest_FORMAT_SHARE:
		return rendering.Share
	default:
		return rendering.JSON
	}
}
