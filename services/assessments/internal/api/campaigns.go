package api

import (
	"context"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
)

type campaigns struct {
	assessmentsv1.UnimplementedCampaignsServiceServer
	domain    *campaign.Service
	publisher Publisher
}

// CreateCampaign plans a survey wave.
func (s *campaigns) CreateCampaign(ctx context.Context, req *assessmentsv1.CreateCampaignRequest) (*assessmentsv1.Campaign, error) {
	c := campaign.Campaign{ID: req.GetCampaignId()}
	if err := parse("parent", req.GetParent(), districtPattern, &c.District); err != nil {
		return nil, err
	}
	decodeCampaign(req.GetCampaign(), &c)
	c, err := s.domain.Create(ctx, c)
	if err != nil {
		return nil, err
	}
	return encodeCampaign(c), nil
}

// GetCampaign reads one campaign.
func (s *campaigns) GetCampaign(ctx context.Context, req *assessmentsv1.GetCampaignRequest) (*assessmentsv1.Campaign, error) {
	var district, id string
	if err := parse("name", req.GetName(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	c, err := s.domain.Get(ctx, district, id, viewer(ctx, district, "campaigns.get"))
	if err != nil {
		return nil, err
	}
	return encodeCampaign(c), nil
}

// ListCampaigns lists the campaigns that the caller sees.
func (s *campaigns) ListCampaigns(ctx context.Context, req *assessmentsv1.ListCampaignsRequest) (*assessmentsv1.ListCampaignsResponse, error) {
	var district string
	if err := parse("parent", req.GetParent(), districtPattern, &district); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]campaign.Campaign, error) {
		return s.domain.List(ctx, district, viewer(ctx, district, "campaigns.get"), first(after), limit)
	}, func(c campaign.Campaign) []string { return []string{c.ID} }, encodeCampaign)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListCampaignsResponse{Campaigns: list, NextPageToken: next}, nil
}

// UpdateCampaign changes a draft, or a title.
func (s *campaigns) UpdateCampaign(ctx context.Context, req *assessmentsv1.UpdateCampaignRequest) (*assessmentsv1.Campaign, error) {
	var district, id string
	patch := req.GetCampaign()
	if err := parse("campaign.name", patch.GetName(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	c, err := s.domain.Update(ctx, district, id, patch.GetEtag(), func(c *campaign.Campaign) error {
		current := encodeCampaign(*c)
		if err := merge(current, patch, req.GetUpdateMask()); err != nil {
			return err
		}
		decodeCampaign(current, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encodeCampaign(c), nil
}

// OpenCampaign lets answers in.
func (s *campaigns) OpenCampaign(ctx context.Context, req *assessmentsv1.OpenCampaignRequest) (*assessmentsv1.Campaign, error) {
	return change(ctx, req.GetName(), req.GetEtag(), s.domain.Open)
}

// CloseCampaign ends the collection.
func (s *campaigns) CloseCampaign(ctx context.Context, req *assessmentsv1.CloseCampaignRequest) (*assessmentsv1.Campaign, error) {
	return change(ctx, req.GetName(), req.GetEtag(), s.domain.Close)
}

// change calls a method that changes the state of a campaign.
func change(ctx context.Context, name, tag string, method func(ctx context.Context, district, id, tag string) (campaign.Campaign, error)) (*assessmentsv1.Campaign, error) {
	var district, id string
	if err := parse("name", name, campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	c, err := method(ctx, district, id, tag)
	if err != nil {
		return nil, err
	}
	return encodeCampaign(c), nil
}

// PublishCampaign begins to compute and release results.
func (s *campaigns) PublishCampaign(ctx context.Context, req *assessmentsv1.PublishCampaignRequest) (*longrunningpb.Operation, error) {
	var district, id string
	if err := parse("name", req.GetName(), campaignPattern, &district, &id); err != nil {
		return nil, err
	}
	return s.publisher.Start(ctx, district, id, req.GetEtag())
}

// GetOperation reads the progress or outcome of publishing.
func (s *campaigns) GetOperation(ctx context.Context, req *assessmentsv1.GetOperationRequest) (*longrunningpb.Operation, error) {
	var district, id, operation string
	if err := parse("name", req.GetName(), operationPattern, &district, &id, &operation); err != nil {
		return nil, err
	}
	return s.publisher.Get(ctx, req.GetName())
}

func encodeCampaign(c campaign.Campaign) *assessmentsv1.Campaign {
	out := &assessmentsv1.Campaign{
		Name: c.Name(), Title: c.Title, InstrumentVersion: c.InstrumentVersion, Cycle: c.Cycle, Wave: int32(c.Wave), //nolint:gosec // at most 50
		Mode: assessmentsv1.CampaignMode(c.Mode), State: assessmentsv1.Campaign_State(c.State), //nolint:gosec // both at most 4
		Schools:  encodeAll(c.Schools, func(s campaign.School) string { return campaign.SchoolName(c.District, s.ID) }),
		OpenTime: stamp(c.OpenTime), CloseTime: stamp(c.CloseTime), CreateTime: stamp(c.CreateTime), UpdateTime: stamp(c.UpdateTime),
		Etag: etag.Of(c.Version), StartLocal: c.StartLocal, EndLocal: c.EndLocal, TimeZone: c.TimeZone, Unit: assessmentsv1.CampaignUnit(c.Unit), //nolint:gosec // at most 3
		GroupVariables: c.GroupVariables, Messages: encodeAll(c.Messages, encodeMessage), ReplyTo: c.ReplyTo,
		InvitationsSent: int32(c.InvitationsSent), RemindersSent: int32(c.RemindersSent), ReleaseRounds: int32(c.Rounds), //nolint:gosec // at most some millions
	}
	if c.Release != "" {
		out.Release = result.ReleaseName(c.District, c.Release)
	}
	return out
}

// decodeCampaign reads what a caller may set.
func decodeCampaign(m *assessmentsv1.Campaign, c *campaign.Campaign) {
	c.Title, c.InstrumentVersion, c.Cycle, c.Wave, c.Mode = m.GetTitle(), m.GetInstrumentVersion(), m.GetCycle(), int(m.GetWave()), campaign.Mode(m.GetMode())
	c.StartLocal, c.EndLocal, c.TimeZone, c.Unit = m.GetStartLocal(), m.GetEndLocal(), m.GetTimeZone(), campaign.Unit(m.GetUnit())
	c.GroupVariables, c.Messages, c.ReplyTo = m.GetGroupVariables(), encodeAll(m.GetMessages(), decodeMessage), m.GetReplyTo()
	c.Schools = encodeAll(m.GetSchools(), func(name string) campaign.School { return campaign.School{ID: schoolIn(c.District, name)} })
}

func encodeMessage(m campaign.Message) *assessmentsv1.MessageTemplate {
	return &assessmentsv1.MessageTemplate{Kind: assessmentsv1.MessageKind(m.Kind), Language: m.Language, Subject: m.Subject, Body: m.Body} //nolint:gosec // at most 2
}

func decodeMessage(m *assessmentsv1.MessageTemplate) campaign.Message {
	return campaign.Message{Kind: campaign.MessageKind(m.GetKind()), Language: m.GetLanguage(), Subject: m.GetSubject(), Body: m.GetBody()}
}
