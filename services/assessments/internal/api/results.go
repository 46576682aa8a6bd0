package api

import (
	"context"
	"strconv"
	"time"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
)

type results struct {
	assessmentsv1.UnimplementedResultsServiceServer
	domain *result.Service
}

// GetRelease reads one release.
func (s *results) GetRelease(ctx context.Context, req *assessmentsv1.GetReleaseRequest) (*assessmentsv1.Release, error) {
	var district, id string
	if err := parse("name", req.GetName(), releasePattern, &district, &id); err != nil {
		return nil, err
	}
	r, err := s.domain.GetRelease(ctx, district, id, viewer(ctx, district, "releases.get"))
	if err != nil {
		return nil, err
	}
	return EncodeRelease(r), nil
}

// ListReleases lists the releases that the caller sees.
func (s *results) ListReleases(ctx context.Context, req *assessmentsv1.ListReleasesRequest) (*assessmentsv1.ListReleasesResponse, error) {
	var district string
	if err := parse("parent", req.GetParent(), districtPattern, &district); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]result.Release, error) {
		return s.domain.Releases(ctx, district, viewer(ctx, district, "releases.get"), first(after), limit)
	}, func(r result.Release) []string { return []string{r.ID} }, EncodeRelease)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListReleasesResponse{Releases: list, NextPageToken: next}, nil
}

// GetResult reads the table of one school.
func (s *results) GetResult(ctx context.Context, req *assessmentsv1.GetResultRequest) (*assessmentsv1.Result, error) {
	var district, school, id string
	if err := parse("name", req.GetName(), resultPattern, &district, &school, &id); err != nil {
		return nil, err
	}
	r, err := s.domain.Get(ctx, district, school, id)
	if err != nil {
		return nil, err
	}
	return encodeResult(r), nil
}

// ListResults lists the results of a school, the newest first.
func (s *results) ListResults(ctx context.Context, req *assessmentsv1.ListResultsRequest) (*assessmentsv1.ListResultsResponse, error) {
	var district, school string
	if err := parse("parent", req.GetParent(), schoolPattern, &district, &school); err != nil {
		return nil, err
	}
	list, next, err := pageOf(req, func(after []string, limit int) ([]result.Result, error) {
		return s.domain.List(ctx, district, school, decodePosition(after), limit)
	}, encodePosition, encodeResult)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.ListResultsResponse{Results: list, NextPageToken: next}, nil
}

func encodePosition(r result.Result) []string {
	return []string{strconv.FormatInt(r.CreateTime.UnixMicro(), 10), r.ID}
}

// decodePosition reads what encodePosition wrote: the token is checked before.
func decodePosition(after []string) result.Position {
	if len(after) != 2 {
		return result.Position{}
	}
	micros, _ := strconv.ParseInt(after[0], 10, 64)
	return result.Position{CreateTime: time.UnixMicro(micros).UTC(), ID: after[1]}
}

// RankNeeds orders the standards of a school by need.
func (s *results) RankNeeds(ctx context.Context, req *assessmentsv1.RankNeedsRequest) (*assessmentsv1.NeedRanking, error) {
	var district, school, team string
	if err := parse("name", req.GetName(), schoolPattern, &district, &school); err != nil {
		return nil, err
	}
	if req.GetTeam() != "" {
		if err := parse("team", req.GetTeam(), req.GetName()+"/teams/{team}", &team); err != nil {
			return nil, err
		}
	}
	r, err := s.domain.RankNeeds(ctx, district, school, team)
	if err != nil {
		return nil, err
	}
	return &assessmentsv1.NeedRanking{
		Name: req.GetName(), Needs: encodeAll(r.Needs, encodeNeed), SurveyResult: r.Survey, SelfAssessment: r.Assessment,
		Method: result.Method, AsOf: stamp(r.AsOf), Notes: count32(r.Notes),
	}, nil
}

func encodeNeed(n result.Need) *assessmentsv1.RankedNeed {
	return &assessmentsv1.RankedNeed{
		Rank: int32(n.Rank), Standard: n.Standard, Need: encodeMeasure(n.Need), SurveyPart: encodeMeasure(n.Survey), //nolint:gosec // at most 20
		SelfAssessmentPart: encodeMeasure(n.Assessed), NotesPart: encodeMeasure(n.Noted), Notes: count32(n.Notes), Explanation: n.Explanation,
	}
}

// EncodeRelease encodes a release, also as the response of its operation.
func EncodeRelease(r result.Release) *assessmentsv1.Release {
	return &assessmentsv1.Release{
		Name: r.Name(), Campaign: campaign.Name(r.District, r.Campaign), Schools: int32(r.Schools), MinimumCell: int32(r.Minimum), //nolint:gosec // some thousands
		Digest: r.Digest, CreateTime: stamp(r.CreateTime),
		Round: int32(r.Round), Kind: kindOf(r.Epsilon), Epsilon: r.Epsilon.Float(), //nolint:gosec // a few
	}
}

func kindOf(e release.Epsilon) assessmentsv1.ReleaseKind {
	if e > 0 {
		return assessmentsv1.ReleaseKind_RELEASE_KIND_NOISY
	}
	return assessmentsv1.ReleaseKind_RELEASE_KIND_SUPPRESSED
}

func encodeResult(r result.Result) *assessmentsv1.Result {
	return &assessmentsv1.Result{
		Name: r.Name(), Release: result.ReleaseName(r.District, r.Release), Campaign: campaign.Name(r.District, r.Campaign),
		Cycle: r.Cycle, Wave: int32(r.Wave), FrameworkVersion: r.FrameworkVersion, //nolint:gosec // at most 50
		Responses: encodeCount(r.Table.Responses), UnitProven: r.Table.UnitProven, MinimumCell: int32(r.Minimum), CreateTime: stamp(r.CreateTime),
		Standards: encodeAll(r.Table.Standards, func(s result.StandardResult) *assessmentsv1.StandardResult {
			return &assessmentsv1.StandardResult{
				Standard: s.Standard, FavorableShare: encodeMeasure(s.FavorableShare), MeanScore: encodeMeasure(s.MeanScore), Answers: encodeCount(s.Answers),
			}
		}),
		Items: encodeAll(r.Table.Items, encodeItemResult),
	}
}

func encodeItemResult(i result.ItemResult) *assessmentsv1.ItemResult {
	return &assessmentsv1.ItemResult{
		Item: i.Item, Standard: i.Standard, Answers: encodeCount(i.Answers), FavorableShare: encodeMeasure(i.FavorableShare), MeanScore: encodeMeasure(i.MeanScore),
		Options: encodeAll(i.Options, func(o result.OptionCount) *assessmentsv1.OptionCount {
			return &assessmentsv1.OptionCount{Option: o.Option, Count: encodeCount(o.Count)}
		}),
	}
}

func encodeCount(c result.Count) *assessmentsv1.Count {
	return &assessmentsv1.Count{Shown: c.Shown, Value: int32(c.Value), Reason: c.Reason} //nolint:gosec // answers of a school
}

func encodeMeasure(m result.Measure) *assessmentsv1.Measure {
	return &assessmentsv1.Measure{Shown: m.Shown, Value: m.Value, Reason: m.Reason}
}
