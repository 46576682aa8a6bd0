// Package export writes published results as files: for spreadsheets, for
// statistics programs, and as Ed-Fi resources.
//
//	pages of a release -> Rows -> a Writer of one format -> the blob store
//
// There is nothing else to export: pages hold what the release engine let through
// (package rollup), and answers leave in no other way, also not for evaluators. A
// number that is hidden is an empty field with the reason beside it.
//
// Files are made by a worker (package work) page by page, in memory that does not
// grow with the release, and are kept for a week. They are read in pieces, and the
// SHA-256 of the whole is told, so that a broken download goes on where it broke.
package export

import (
	"context"
	"io"
	"time"

	"github.com/tandem-badges/tandem/services/assessments/internal/instrument"
	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// Keep is how long a file is kept.
const Keep = 7 * 24 * time.Hour

// Format is a form of a file, as the API numbers them.
type Format int

// Formats.
const (
	CSV Format = iota + 1
	XLSX
	Parquet
	EdFi
	Codebook
)

// Kind is how a format is called.
type Kind struct {
	Extension string
	MediaType string
}

// Kinds of the formats.
var kinds = map[Format]Kind{
	CSV:      {"csv", "text/csv; charset=utf-8"},
	XLSX:     {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	Parquet:  {"parquet", "application/vnd.apache.parquet"},
	EdFi:     {"ed-fi.zip", "application/zip"},
	Codebook: {"codebook.csv", "text/csv; charset=utf-8"},
}

// Kind tells extension and media type; false for a format that is none.
func (f Format) Kind() (Kind, bool) {
	k, ok := kinds[f]
	return k, ok
}

// About is what a release is about.
type About struct {
	Release           string // resource name
	District          string // id; tenant.State for a statewide release
	Instrument        string // resource name
	InstrumentVersion string // resource name
	Cycle             string // resource name
	Wave              int
	Round             int
	Minimum           int
	CreateTime        time.Time
	Body              instrument.Body
	Title             string // of the questionnaire
	Pages             int
}

// Export is a file of a release.
type Export struct {
	District   string // tenant.State for a statewide release
	Release    string // id
	ID         string
	Format     Format
	Key        string // in the blob store
	Size       int64
	SHA256     string // hex
	Rows       int64
	CreateTime time.Time
	ExpireTime time.Time
}

// Source reads what is published.
type Source interface {
	// About tells what a release is about; "not found" without one.
	About(ctx context.Context, district, release string) (About, error)
	// Pages are those of a release in the order of their ids.
	Pages(ctx context.Context, district, release, after string, limit int) ([]rollup.Page, error)
}

// Writer writes one file.
type Writer interface {
	// Page adds what was said at one place.
	Page(p rollup.Page) error
	// Rows is how many lines were written.
	Rows() int64
	// Close ends the file.
	Close() error
}

// NewWriter begins a file of a format.
func NewWriter(f Format, about About, to io.Writer) (Writer, error) {
	switch f {
	case XLSX:
		return newXLSX(about, to)
	case Parquet:
		return newParquet(about, to), nil
	case EdFi:
		return newEdFi(about, to)
	case Codebook:
		return newCodebook(about, to)
	default:
		return newCSV(about, to)
	}
}
