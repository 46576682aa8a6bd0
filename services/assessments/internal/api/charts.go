package api

import (
	"context"

	"google.golang.org/genproto/googleapis/api/httpbody"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"

	"github.com/tandem-badges/tandem/services/assessments/internal/chart"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// labels finds the texts of a chart.
type labels struct {
	instruments instrument.Source
	frameworks  framework.Source
}

// RenderChart draws a table of a district's release.
func (s *rollUps) RenderChart(ctx context.Context, req *assessmentsv1.RenderChartRequest) (*httpbody.HttpBody, error) {
	var district, id, table string
	if err := parse("name", req.GetName(), tablePattern, &district, &id, &table); err != nil {
		return nil, err
	}
	c, err := s.results.CampaignOf(ctx, district, id, viewer(ctx, district, "resultTables.chart"))
	if err != nil {
		return nil, err
	}
	page, err := s.domain.Table(ctx, district, id, table, rollup.WaveOf(c), c.InstrumentVersion)
	if err != nil {
		return nil, err
	}
	return s.labels.draw(ctx, page, c.InstrumentVersion, req)
}

// RenderStateChart draws a table of a statewide release.
func (s *rollUps) RenderStateChart(ctx context.Context, req *assessmentsv1.RenderStateChartRequest) (*httpbody.HttpBody, error) {
	var id, table string
	if err := parse("name", req.GetName(), stateTablePattern, &id, &table); err != nil {
		return nil, err
	}
	page, err := s.statePage(ctx, id, table)
	if err != nil {
		return nil, err
	}
	r, err := s.domain.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.labels.draw(ctx, page, r.InstrumentVersion, req)
}

// wanted is what both requests ask for.
type wanted interface {
	GetKind() assessmentsv1.ChartKind
	GetItem() string
	GetLanguage() string
}

func (l labels) draw(ctx context.Context, page rollup.Page, version string, what wanted) (*httpbody.HttpBody, error) {
	v, err := instrument.Published(ctx, l.instruments, version)
	if err != nil {
		return nil, err
	}
	f, err := framework.Published(ctx, l.frameworks, v.Body.FrameworkVersion)
	if err != nil {
		return nil, err
	}
	about := chart.About{Framework: f.Body, Body: v.Body, Language: what.GetLanguage()}
	drawn, err := chart.Of(page, about, chart.Kind(what.GetKind()), what.GetItem())
	if err != nil {
		return nil, err
	}
	svg, err := drawn.SVG()
	return &httpbody.HttpBody{ContentType: "image/svg+xml", Data: svg}, err
}
