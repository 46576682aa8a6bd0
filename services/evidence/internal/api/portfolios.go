package api

import (
	"context"
	"strconv"

	"google.golang.org/protobuf/proto"

	evidencev1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/evidence/v1"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/page"

	"github.com/tandem-badges/tandem/services/evidence/internal/portfolio"
)

const (
	// maxManifests and maxManifestBytes bound a page: a manifest may be long.
	maxManifests     = 50
	maxManifestBytes = 2 << 20
)

type portfolios struct {
	evidencev1.UnimplementedPortfoliosServiceServer
	domain *portfolio.Service
}

func parsePortfolio(field, name string) (j portfolio.Journey, err error) {
	err = parse(field, name, portfolioPattern, &j.District, &j.School, &j.Team, &j.ID)
	return j, err
}

// GetPortfolio reads what has been collected for a journey.
func (s *portfolios) GetPortfolio(ctx context.Context, req *evidencev1.GetPortfolioRequest) (*evidencev1.Portfolio, error) {
	j, err := parsePortfolio("name", req.GetName())
	if err != nil {
		return nil, err
	}
	p, err := s.domain.Get(ctx, j)
	if err != nil {
		return nil, err
	}
	return encodePortfolio(p), nil
}

// FreezePortfolio writes a manifest.
func (s *portfolios) FreezePortfolio(ctx context.Context, req *evidencev1.FreezePortfolioRequest) (*evidencev1.Manifest, error) {
	j, err := parsePortfolio("name", req.GetName())
	if err != nil {
		return nil, err
	}
	m, err := s.domain.Freeze(ctx, j, req.GetEtag())
	if err != nil {
		return nil, err
	}
	return encodeManifest(m), nil
}

// GetManifest reads one manifest.
func (s *portfolios) GetManifest(ctx context.Context, req *evidencev1.GetManifestRequest) (*evidencev1.Manifest, error) {
	var j portfolio.Journey
	var id string
	if err := parse("name", req.GetName(), manifestPattern, &j.District, &j.School, &j.Team, &j.ID, &id); err != nil {
		return nil, err
	}
	m, err := s.domain.Manifest(ctx, j, id)
	if err != nil {
		return nil, err
	}
	return encodeManifest(m), nil
}

// ListManifests lists the manifests of a portfolio, the newest last.
func (s *portfolios) ListManifests(ctx context.Context, req *evidencev1.ListManifestsRequest) (*evidencev1.ListManifestsResponse, error) {
	j, err := parsePortfolio("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	p, err := page.Parse(req, defaultPage, maxManifests)
	if err != nil {
		return nil, err
	}
	after, _ := strconv.ParseInt(first(p.After), 10, 64) // the token is the server's own
	list, err := s.domain.Manifests(ctx, j, after, p.Size+1)
	if err != nil {
		return nil, err
	}
	resp := &evidencev1.ListManifestsResponse{}
	size := 0
	for i, m := range list {
		encoded := encodeManifest(m)
		if size += proto.Size(encoded); i == p.Size || i > 0 && size > maxManifestBytes {
			resp.NextPageToken = p.Next(strconv.FormatInt(list[i-1].Sequence, 10))
			break
		}
		resp.Manifests = append(resp.Manifests, encoded)
	}
	return resp, nil
}

func encodePortfolio(p portfolio.Portfolio) *evidencev1.Portfolio {
	return &evidencev1.Portfolio{
		Name: p.Journey.Portfolio(), Artifacts: int32(p.Artifacts), //nolint:gosec // a journey has few
		FirstDate: p.FirstDate, LastDate: p.LastDate, Steps: p.Steps, Indicators: p.Indicators,
		Groups: encodeAll(p.Groups, encodeGroup), Manifest: p.Manifest, Etag: etag.Of(p.Version),
	}
}

func encodeManifest(m portfolio.Manifest) *evidencev1.Manifest {
	return &evidencev1.Manifest{
		Name: m.Name(), Entries: encodeAll(m.Entries, encodeEntry), Digest: m.Digest, PreviousDigest: m.Previous, CreateTime: stamp(m.CreateTime),
	}
}

func encodeEntry(e portfolio.Entry) *evidencev1.ManifestEntry {
	out := &evidencev1.ManifestEntry{
		Artifact: e.Artifact, Sha256: e.SHA256, SizeBytes: e.Size, MediaType: e.MediaType,
		Caption: e.Caption, OccurDate: e.OccurDate, Step: e.Step, Indicator: e.Indicator,
	}
	if e.PublicSummary != "" {
		out.PublicSummary = &e.PublicSummary
	}
	return out
}
