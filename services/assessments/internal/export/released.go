package export

import (
	"context"

	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/edition"
	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/result"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Released reads releases of districts and of the state.
type Released struct {
	Districts interface {
		GetRelease(ctx context.Context, district, id string) (result.Release, error)
		Campaign(ctx context.Context, district, id string) (campaign.Campaign, error)
	}
	State interface {
		Release(ctx context.Context, id string) (rollup.Release, error)
	}
	Tables interface {
		// Table is a page with what is found when it is read, such as gaps to the other form.
		Table(ctx context.Context, district, id, table string, w rollup.Wave, version string) (rollup.Page, error)
		Lines(ctx context.Context, district, id string, s rollup.Select) ([]rollup.Line, error)
	}
	Instruments instrument.Source
}

// most is how many places a release may have.
const most = 100_000

// About tells what a release is about.
func (r Released) About(ctx context.Context, district, release string) (About, error) {
	about, err := r.of(ctx, district, release)
	if err != nil {
		return about, err
	}
	about.Release, about.District = ReleaseName(district, release), district
	v, err := instrument.Published(ctx, r.Instruments, about.InstrumentVersion)
	if err != nil {
		return about, err
	}
	about.Body, about.Title = v.Body, v.Title
	lines, err := r.Tables.Lines(ctx, district, release, rollup.Select{Limit: most})
	about.Pages = len(lines)
	return about, err
}

func (r Released) of(ctx context.Context, district, release string) (About, error) {
	if district == tenant.State {
		s, err := r.State.Release(ctx, release)
		return About{
			Instrument: s.Instrument, InstrumentVersion: s.InstrumentVersion, Cycle: s.Cycle, Wave: s.Wave, Round: s.Round, Minimum: s.Minimum, CreateTime: s.CreateTime,
		}, err
	}
	d, err := r.Districts.GetRelease(ctx, district, release)
	if err != nil {
		return About{}, err
	}
	c, err := r.Districts.Campaign(ctx, district, d.Campaign)
	return About{
		InstrumentVersion: c.InstrumentVersion, Cycle: c.Cycle, Wave: c.Wave, Round: max(d.Round, 1), Minimum: d.Minimum, CreateTime: d.CreateTime,
	}, err
}

// Pages are those of a release in the order of their ids.
func (r Released) Pages(ctx context.Context, district, release, after string, limit int) ([]rollup.Page, error) {
	lines, err := r.Tables.Lines(ctx, district, release, rollup.Select{After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	about, err := r.of(ctx, district, release)
	if err != nil {
		return nil, err
	}
	family, _, _ := edition.ParseName(instrument.Kind(), about.InstrumentVersion)
	wave := rollup.Wave{Instrument: family, Cycle: about.Cycle, Number: about.Wave}
	pages := make([]rollup.Page, len(lines))
	for i, l := range lines {
		if pages[i], err = r.Tables.Table(ctx, district, release, l.Table, wave, about.InstrumentVersion); err != nil {
			return nil, err
		}
	}
	return pages, nil
}
