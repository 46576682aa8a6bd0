package export

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
)

const (
	maxFile  = 8 << 30 // bytes of one file
	maxPiece = 1 << 20 // bytes of one reading
	batch    = 100     // pages read at once
)

// Store remembers files.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	AddExport(ctx context.Context, e Export) error
	Export(ctx context.Context, district, release, id string) (Export, error)
	// Expired are files whose time is over, of all districts.
	Expired(ctx context.Context) ([]Export, error)
	DeleteExport(ctx context.Context, e Export) error
}

// Blobs keeps the bytes.
type Blobs interface {
	Write(ctx context.Context, key string, r io.Reader, max int64) (blob.Digest, error)
	ReadRange(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
}

// Service makes files of releases.
type Service struct {
	store  Store
	source Source
	blobs  Blobs
	clock  clock.Clock
}

// NewService returns the service that makes files of releases.
func NewService(store Store, source Source, blobs Blobs, c clock.Clock) *Service {
	return &Service{store: store, source: source, blobs: blobs, clock: c}
}

// ReleaseName is the resource name of a release of a district, or of the state.
func ReleaseName(district, release string) string {
	if district == tenant.State {
		return "releases/" + release
	}
	return fmt.Sprintf("districts/%s/releases/%s", district, release)
}

// Name is the resource name.
func (e Export) Name() string { return ReleaseName(e.District, e.Release) + "/exports/" + e.ID }

// Filename is what to save the file as.
func (e Export) Filename() string {
	kind, _ := e.Format.Kind()
	return fmt.Sprintf("tandem-%s.%s", e.Release, kind.Extension)
}

// Plan begins a file of a release, and tells how many pages there are to write.
func (s *Service) Plan(ctx context.Context, district, release string, f Format) (Export, int, error) {
	var bad check.List
	_, known := f.Kind()
	bad.Need(known, "export.format", "known_format", "Choose CSV, XLSX, PARQUET, ED_FI or CODEBOOK.")
	if err := bad.Err(); err != nil {
		return Export{}, 0, err
	}
	about, err := s.source.About(ctx, district, release)
	if err != nil {
		return Export{}, 0, err
	}
	return Export{District: district, Release: release, ID: ids.New(), Format: f}, about.Pages, nil
}

// Make writes the file of a plan. Cut off it begins anew, under the same name.
// progress is told of pages written; finish is called in the transaction that
// makes the file known.
func (s *Service) Make(ctx context.Context, e Export, progress func(pages int) error, finish func(ctx context.Context, e Export) error) (Export, error) {
	if made, err := s.store.Export(ctx, e.District, e.Release, e.ID); !problem.Is(err, problem.KindNotFound) {
		return made, err
	}
	about, err := s.source.About(ctx, e.District, e.Release)
	if err != nil {
		return e, err
	}
	e.Key = fmt.Sprintf("exports/%s/%s/%s", e.District, e.Release, e.ID)
	if err := s.write(ctx, &e, about, progress); err != nil {
		return e, err
	}
	return e, s.store.Tx(ctx, func(ctx context.Context) error {
		made := e
		made.CreateTime = s.clock.Now()
		made.ExpireTime = made.CreateTime.Add(Keep)
		if err := s.store.AddExport(ctx, made); err != nil {
			return err
		}
		return finish(ctx, made)
	})
}

// write streams the pages into the blob store.
func (s *Service) write(ctx context.Context, e *Export, about About, progress func(pages int) error) error {
	from, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		rows, err := s.pages(ctx, e, about, to, progress)
		e.Rows = rows
		_ = to.CloseWithError(err) // nil ends the file well
		done <- err
	}()
	digest, err := s.blobs.Write(ctx, e.Key, from, maxFile)
	_ = from.CloseWithError(errors.Join(io.ErrClosedPipe, err)) // ends the writer where the store refused
	if wrong := <-done; wrong != nil {
		return wrong
	}
	e.Size, e.SHA256 = digest.Size, digest.SHA256
	return err
}

func (s *Service) pages(ctx context.Context, e *Export, about About, to io.Writer, progress func(pages int) error) (int64, error) {
	w, err := NewWriter(e.Format, about, to)
	if err != nil {
		return 0, err
	}
	after, written := "", 0
	for {
		pages, err := s.source.Pages(ctx, e.District, e.Release, after, batch)
		if err != nil {
			return 0, err
		}
		for _, p := range pages {
			if err := w.Page(p); err != nil {
				return 0, err
			}
		}
		written += len(pages)
		if err := progress(written); err != nil {
			return 0, err
		}
		if len(pages) < batch {
			err := w.Close()
			return w.Rows(), err
		}
		after = pages[len(pages)-1].Table
	}
}

// Get reads what is known of a file.
func (s *Service) Get(ctx context.Context, district, release, id string) (Export, error) {
	return s.store.Export(ctx, district, release, id)
}

// Read reads a piece of a file: at most limit bytes from offset on, none past its
// end.
func (s *Service) Read(ctx context.Context, district, release, id string, offset int64, limit int) (Export, []byte, error) {
	e, err := s.store.Export(ctx, district, release, id)
	if err != nil || offset >= e.Size {
		return e, nil, err
	}
	if limit == 0 {
		limit = maxPiece
	}
	r, err := s.blobs.ReadRange(ctx, e.Key, offset, int64(min(limit, maxPiece)))
	if err != nil {
		return e, nil, err
	}
	defer func() { _ = r.Close() }()
	piece, err := io.ReadAll(r)
	return e, piece, err
}

// Clean deletes files whose time is over.
func (s *Service) Clean(ctx context.Context) error {
	over, err := s.store.Expired(ctx)
	if err != nil {
		return err
	}
	for _, e := range over {
		if err := s.blobs.Delete(ctx, e.Key); err != nil {
			return err
		}
		if err := s.store.DeleteExport(tenant.With(ctx, e.District), e); err != nil {
			return err
		}
	}
	return nil
}
