package api

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/comment"
)

const (
	commentPattern = campaignPattern + "/comments/{comment}"
	themePattern   = campaignPattern + "/themes/{theme}"
)

type comments struct {
	assessmentsv1.UnimplementedCommentsServiceServer
	domain *comment.Service
}

// ListComments lists what families of a school wrote.
func (s *comments) ListComments(ctx context.Context, req *assessmentsv1.ListCommentsRequest) (*assessmentsv1.ListCommentsResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	f := comment.Filter{Item: req.GetItem(), Theme: req.GetTheme()}
	if req.GetSchool() != "" {
		f.School = schoolIn(district, req.GetSchool())
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]comment.Comment, error) {
		return s.domain.List(ctx, district, id, viewer(ctx, district, "comments.list"), f, first(after), limit)
	}, func(c comment.Comment) []string { return []string{c.ID} }, encodeComment)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListCommentsResponse{Comments: list, NextPageToken: next}, nil
}

// UpdateComment gives a comment themes, or replaces its words.
func (s *comments) UpdateComment(ctx context.Context, req *assessmentsv1.UpdateCommentRequest) (*assessmentsv1.Comment, error) {
	var district, campaignID, id string
	if err := parse("comment.name", req.GetComment().GetName(), commentPattern, &district, &campaignID, &id); err != nil {
		return nil, err
	}
	c, err := s.domain.Update(ctx, district, campaignID, id, req.GetComment().GetEtag(), func(c *comment.Comment) error {
		merged := encodeComment(*c)
		if err := merge(merged, req.GetComment(), req.GetUpdateMask()); err != nil {
			return err
		}
		c.Text, c.Themes = merged.GetText(), merged.GetThemes()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encodeComment(c), nil
}

// CreateTheme adds a theme to a campaign.
func (s *comments) CreateTheme(ctx context.Context, req *assessmentsv1.CreateThemeRequest) (*assessmentsv1.Theme, error) {
	t := comment.Theme{ID: req.GetThemeId(), Title: req.GetTheme().GetTitle(), Standard: req.GetTheme().GetStandard()}
	if err := parse("parent", req.GetParent(), campaignPattern, &t.District, &t.Campaign); err != nil {
		return nil, err
	}
	t, err := s.domain.AddTheme(ctx, t)
	if err != nil {
		return nil, err
	}
	return encodeTheme(0)(t), nil
}

// ListThemes lists the themes of a campaign.
func (s *comments) ListThemes(ctx context.Context, req *assessmentsv1.ListThemesRequest) (*assessmentsv1.ListThemesResponse, error) {
	var district, id string
	if err := parse("parent", req.GetParent(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	var least int
	list, next, err := pageOf(req, func(after []string, limit int) (page []comment.Theme, err error) {
		page, least, err = s.domain.Themes(ctx, district, id, first(after), limit)
		return page, err
	}, func(t comment.Theme) []string { return []string{t.ID} }, func(t comment.Theme) *assessmentsv1.Theme { return encodeTheme(least)(t) })
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListThemesResponse{Themes: list, NextPageToken: next}, nil
}

// DeleteTheme takes a theme away.
func (s *comments) DeleteTheme(ctx context.Context, req *assessmentsv1.DeleteThemeRequest) (*emptypb.Empty, error) {
	var district, campaignID, id string
	if err := parse("name", req.GetName(), themePattern, &district, &campaignID, &id); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.domain.DeleteTheme(ctx, district, campaignID, id)
}

func encodeComment(c comment.Comment) *assessmentsv1.Comment {
	return &assessmentsv1.Comment{
		Name: c.Name(), School: campaign.SchoolName(c.District, c.School), Item: c.Item, Language: c.Language, Text: c.Text,
		Themes: c.Themes, Redacted: c.Redacted, Etag: etag.Of(c.Version),
	}
}

// encodeTheme shows a count from the least on.
func encodeTheme(least int) func(comment.Theme) *assessmentsv1.Theme {
	return func(t comment.Theme) *assessmentsv1.Theme {
		count := &assessmentsv1.Count{Shown: t.Comments >= least, Value: count32(t.Comments)}
		if !count.GetShown() {
			count = &assessmentsv1.Count{Reason: "Too few comments have this theme."}
		}
		return &assessmentsv1.Theme{Name: t.Name(), Title: t.Title, Standard: t.Standard, CreateTime: stamp(t.CreateTime), Comments: count}
	}
}
