package api

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	typev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/type/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/page"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
)

// maxArtifacts bounds a page so that it fits into one message.
const maxArtifacts = 1000

type artifacts struct {
	evidencev1.UnimplementedArtifactsServiceServer
	domain *artifact.Service
}

func parseArtifact(field, name string) (r artifact.Ref, err error) {
	err = parse(field, name, artifactPattern, &r.District, &r.School, &r.ID)
	return r, err
}

// CreateArtifact describes a piece of evidence.
func (s *artifacts) CreateArtifact(ctx context.Context, req *evidencev1.CreateArtifactRequest) (*evidencev1.Artifact, error) {
	r := artifact.Ref{ID: req.GetArtifactId()}
	if err := parse("parent", req.GetParent(), schoolPattern, &r.District, &r.School); err != nil {
		return nil, err
	}
	a, err := s.domain.Create(ctx, r, decodeArtifact(req.GetArtifact()), subject(ctx))
	if err != nil {
		return nil, err
	}
	return encodeArtifact(a), nil
}

// GetArtifact reads one artifact.
func (s *artifacts) GetArtifact(ctx context.Context, req *evidencev1.GetArtifactRequest) (*evidencev1.Artifact, error) {
	r, err := parseArtifact("name", req.GetName())
	if err != nil {
		return nil, err
	}
	a, err := s.domain.Get(ctx, r)
	if err != nil {
		return nil, err
	}
	return encodeArtifact(a), nil
}

// ListArtifacts lists the artifacts of a school.
func (s *artifacts) ListArtifacts(ctx context.Context, req *evidencev1.ListArtifactsRequest) (*evidencev1.ListArtifactsResponse, error) {
	var school artifact.Ref
	if err := parse("parent", req.GetParent(), schoolPattern, &school.District, &school.School); err != nil {
		return nil, err
	}
	condition, err := parseFilter(req.GetFilter())
	if err != nil {
		return nil, err
	}
	p, err := page.Parse(req, defaultPage, maxArtifacts)
	if err != nil {
		return nil, err
	}
	list, err := s.domain.List(ctx, school, condition, first(p.After), p.Size+1)
	if err != nil {
		return nil, err
	}
	resp := &evidencev1.ListArtifactsResponse{}
	if len(list) > p.Size {
		list = list[:p.Size]
		resp.NextPageToken = p.Next(list[p.Size-1].ID)
	}
	resp.Artifacts = encodeAll(list, encodeArtifact)
	return resp, nil
}

// first is the only key of a position, or empty on the first page.
func first(after []string) string {
	if len(after) == 0 {
		return ""
	}
	return after[0]
}

// UpdateArtifact changes the fields of the update mask.
func (s *artifacts) UpdateArtifact(ctx context.Context, req *evidencev1.UpdateArtifactRequest) (*evidencev1.Artifact, error) {
	patch := req.GetArtifact()
	r, err := parseArtifact("artifact.name", patch.GetName())
	if err != nil {
		return nil, err
	}
	a, err := s.domain.Update(ctx, r, patch.GetEtag(), func(d *artifact.Description) error {
		current := encodeArtifact(artifact.Artifact{Ref: r, Description: *d})
		if err := merge(current, patch, req.GetUpdateMask()); err != nil {
			return err
		}
		*d = decodeArtifact(current)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return encodeArtifact(a), nil
}

// DeleteArtifact withdraws a piece of evidence.
func (s *artifacts) DeleteArtifact(ctx context.Context, req *evidencev1.DeleteArtifactRequest) (*emptypb.Empty, error) {
	r, err := parseArtifact("name", req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.domain.Withdraw(ctx, r, req.GetEtag()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

func encodeArtifact(a artifact.Artifact) *evidencev1.Artifact {
	return &evidencev1.Artifact{
		Name: a.Name(), Journey: a.Journey, Step: a.Step, Indicator: a.Indicator, OccurDate: a.OccurDate,
		Groups: encodeAll(a.Groups, encodeGroup), Caption: a.Caption, FileName: a.FileName, PublicSummary: a.PublicSummary,
		State:     evidencev1.Artifact_State(a.State), //nolint:gosec // at most 3
		MediaType: a.MediaType, SizeBytes: a.Size, Sha256: a.SHA256, Uploader: a.Uploader,
		AcceptTime: stamp(a.AcceptTime), CreateTime: stamp(a.CreateTime), UpdateTime: stamp(a.UpdateTime), Etag: etag.Of(a.Version),
	}
}

// decodeArtifact reads what a caller may set.
func decodeArtifact(m *evidencev1.Artifact) artifact.Description {
	return artifact.Description{
		Journey: m.GetJourney(), Step: m.GetStep(), Indicator: m.GetIndicator(), OccurDate: m.GetOccurDate(),
		Groups:  encodeAll(m.GetGroups(), func(g typev1.StakeholderGroup) int { return int(g) }),
		Caption: m.GetCaption(), FileName: m.GetFileName(), PublicSummary: m.GetPublicSummary(),
	}
}

func encodeGroup(g int) typev1.StakeholderGroup { return typev1.StakeholderGroup(g) } //nolint:gosec // at most 5
