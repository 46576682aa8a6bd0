package rollup

import (
	"context"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
)

// Table reads the page of one place, with the gap to the other form of the same wave
// when that is published.
func (s *Service) Table(ctx context.Context, district, id, table string, w Wave, version string) (Page, error) {
	page, err := s.store.Page(ctx, district, id, table)
	if err != nil {
		return Page{}, err
	}
	v, err := instrument.Published(ctx, s.maker.instruments, version)
	if err != nil || v.Body.Parallel == "" {
		return page, err
	}
	other := Wave{Instrument: strings.TrimPrefix(v.Body.Parallel, "instruments/"), Cycle: w.Cycle, Number: w.Number}
	found, err := s.store.Latest(ctx, district, other)
	if err != nil || found == "" {
		return page, err
	}
	parallel, err := s.store.Page(ctx, district, found, table)
	if problem.Is(err, problem.KindNotFound) {
		return page, nil // the place was not asked by the other form
	}
	if err != nil {
		return Page{}, err
	}
	p, err := s.maker.Policy(ctx)
	if err != nil {
		return Page{}, err
	}
	if v.Body.Audience == instrument.Staff {
		page.Gaps = Gaps(parallel, page, p)
	} else {
		page.Gaps = Gaps(page, parallel, p)
	}
	return page, nil
}
