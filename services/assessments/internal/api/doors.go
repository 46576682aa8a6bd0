package api

import (
	"context"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
)

// CreateLink makes an open link for one school.
func (s *campaigns) CreateLink(ctx context.Context, req *assessmentsv1.CreateLinkRequest) (*assessmentsv1.Link, error) {
	l := campaign.Link{ID: req.GetLinkId()}
	if err := parse("parent", req.GetParent(), campaignPattern, &l.District, &l.Campaign); err != nil {
		return nil, err
	}
	l.School, l.Kind, l.Title = schoolIn(l.District, req.GetLink().GetSchool()), campaign.LinkKind(req.GetLink().GetKind()), req.GetLink().GetTitle()
	l, err := s.domain.CreateLink(ctx, l)
	if err != nil {
		return nil, err
	}
	return encodeLink(l), nil
}

// GetLink reads one link.
func (s *campaigns) GetLink(ctx context.Context, req *assessmentsv1.GetLinkRequest) (*assessmentsv1.Link, error) {
	var district, id, link string
	if err := parse("name", req.GetName(), linkPattern, &district, &id, &link); err != nil {
		return nil, err
	}
	l, err := s.domain.Link(ctx, district, id, link)
	if err != nil {
		return nil, err
	}
	return encodeLink(l), nil
}

// ListLinks lists the links of a campaign.
func (s *campaigns) ListLinks(ctx context.Context, req *assessmentsv1.ListLinksRequest) (*assessmentsv1.ListLinksResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]campaign.Link, error) {
		return s.domain.Links(ctx, district, id, first(after), limit)
	}, func(l campaign.Link) []string { return []string{l.ID} }, encodeLink)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListLinksResponse{Links: list, NextPageToken: next}, nil
}

// BatchCreateInvitations makes single-use codes for one school.
func (s *campaigns) BatchCreateInvitations(ctx context.Context, req *assessmentsv1.BatchCreateInvitationsRequest) (*assessmentsv1.BatchCreateInvitationsResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	codes, err := s.domain.Invite(ctx, district, id, schoolIn(district, req.GetSchool()), int(req.GetCount()))
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.BatchCreateInvitationsResponse{Codes: codes}, nil
}

func encodeLink(l campaign.Link) *assessmentsv1.Link {
	return &assessmentsv1.Link{
		Name: l.Name(), School: campaign.SchoolName(l.District, l.School), Code: l.Code, CreateTime: stamp(l.CreateTime),
		Kind: assessmentsv1.LinkKind(l.Kind), Title: l.Title, //nolint:gosec // at most 2
	}
}
