package records

import (
	"context"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"
	kept "github.com/tandem-badges/tandem/services/kit/records"
)

// exportHolds is how long after an export its district may be deleted on the
// strength of it: what came later would be lost.
const exportHolds = 30 * 24 * time.Hour

// Export is an export of a district that was taken whole.
type Export struct {
	District string // id
	SHA256   string // of the zip file
	Taken    time.Time
	By       string
}

// Part is a piece of what a service sends of a district: lines of a table, a
// piece of the file "blobs/" and digest, or why a table is withheld.
type Part struct {
	Table    string
	Data     []byte
	Withheld string
}

// Export sends all that the services keep of a district as one zip file, piece by
// piece. The last piece, without which it is no zip file, leaves after the digest
// of the whole is remembered.
func (s *Service) Export(ctx context.Context, district, by string, send func([]byte) error) error {
	e := Export{District: district, Taken: s.Clock.Now(), By: by}
	out := newArchive(e, send)
	for _, service := range s.Keepers.Services() {
		err := s.Keepers.Export(ctx, service, district, func(p Part) error { return out.add(service, p) })
		if err != nil {
			return err
		}
	}
	if len(out.manifest.Parts) == 0 {
		return problem.NotFound("districts/" + district)
	}
	if err := out.close(); err != nil {
		return err
	}
	e.SHA256 = out.file.digest()
	if err := s.Store.InsertExport(ctx, e); err != nil {
		return err
	}
	return out.file.last()
}

// exported checks that the district took the export which a disposition names,
// not long ago.
func (s *Service) exported(ctx context.Context, district string, d Disposition) error {
	if d.Kind != kept.District {
		return nil
	}
	e, err := s.Store.Export(ctx, district, d.Export)
	switch {
	case err != nil && !problem.Is(err, problem.KindNotFound):
		return err
	case err != nil || e.Taken.Before(s.Clock.Now().Add(-exportHolds)):
		return problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: "disposition.export_sha256", Rule: "taken",
			Fix: "Give the SHA-256 of a zip file of GET /v1/districts/" + district + ":exportRecords that was taken whole within the last 30 days.",
		})
	}
	return nil
}
