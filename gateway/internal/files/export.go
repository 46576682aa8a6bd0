package files

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"

	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"

	"github.com/tandem-badges/tandem/gateway/internal/edge"
	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

// ExportTemplate is the path of the export of a district.
const ExportTemplate = "/v1/{name=districts/*}:exportRecords"

// Exports serves the exports of districts.
type Exports struct {
	records recordsv1.RecordsServiceClient
}

// NewExports returns a handler that speaks to the gateway's own records service.
func NewExports(conn grpc.ClientConnInterface) *Exports {
	return &Exports{records: recordsv1.NewRecordsServiceClient(conn)}
}

// ServeHTTP sends the zip file as it is made. One that breaks off ends without
// the end of the answer, and without the end of the zip file.
func (e *Exports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	district := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v1/"), ":exportRecords")
	stream, err := e.records.ExportRecords(ctx, &recordsv1.ExportRecordsRequest{Name: district})
	var part *recordsv1.ExportRecordsResponse
	if err == nil {
		part, err = stream.Recv()
	}
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", disposition("tandem-"+strings.TrimPrefix(district, "districts/")+".zip"))
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a long export is not cut off for how long ago it was asked for
	for ; err == nil; part, err = stream.Recv() {
		_ = control.SetWriteDeadline(time.Now().Add(pause)) // real time: a limit on the connection
		if _, err := w.Write(part.GetChunk()); err != nil {
			return
		}
	}
	_ = control.SetWriteDeadline(time.Time{})
	if !errors.Is(err, io.EOF) {
		edge.Abort(w)
	}
}
