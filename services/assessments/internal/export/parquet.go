package export

import (
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/tandem-badges/tandem/services/assessments/internal/rollup"
)

// group is how many rows lie in memory before they are written.
const group = 50_000

type parquetWriter struct {
	to      *parquet.GenericWriter[Row]
	about   About
	rows    int64
	pending int
}

func newParquet(about About, to io.Writer) *parquetWriter {
	w := parquet.NewGenericWriter[Row](to, parquet.Compression(&parquet.Zstd), parquet.KeyValueMetadata("release", about.Release))
	return &parquetWriter{to: w, about: about}
}

// Page adds the rows of a page.
func (w *parquetWriter) Page(p rollup.Page) error {
	rows := rowsOf(w.about, p)
	n, err := w.to.Write(rows)
	w.rows += int64(n)
	if w.pending += n; err != nil || w.pending < group {
		return err
	}
	w.pending = 0
	return w.to.Flush()
}

// Rows is how many rows were written.
func (w *parquetWriter) Rows() int64 { return w.rows }

// Close ends the file.
func (w *parquetWriter) Close() error { return w.to.Close() }
