// Package api answers RecordsService over the keepers of all services, and hands
// what was asked to them: who may ask is decided before, by the rule of each RPC.
package api

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	recordsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/records/v1"

	"github.com/tandem-badges/tandem/gateway/internal/records"
)

// Keepers asks each service for its records.
type Keepers struct {
	names   []string
	clients map[string]recordsv1.RecordKeeperServiceClient
}

// NewKeepers returns the keepers of the named services.
func NewKeepers(conns map[string]grpc.ClientConnInterface, names []string) *Keepers {
	k := &Keepers{names: names, clients: map[string]recordsv1.RecordKeeperServiceClient{}}
	for _, name := range names {
		k.clients[name] = recordsv1.NewRecordKeeperServiceClient(conns[name])
	}
	return k
}

// Services are the names of the services.
func (k *Keepers) Services() []string { return k.names }

// Due counts what a disposition would delete.
func (k *Keepers) Due(ctx context.Context, service string, d records.Disposition) ([]records.Line, error) {
	resp, err := k.clients[service].CountDue(ctx, &recordsv1.CountDueRequest{
		District: d.District(), Kind: recordsv1.Disposition_Kind(d.Kind), Rule: d.Rule, Person: d.Person, //nolint:gosec // one of three
	})
	if err != nil {
		return nil, fmt.Errorf("count what is due in %s: %w", service, err)
	}
	return linesIn(resp.GetLines()), nil
}

// Dispose deletes it.
func (k *Keepers) Dispose(ctx context.Context, service string, d records.Disposition) ([]records.Line, error) {
	resp, err := k.clients[service].Dispose(ctx, &recordsv1.DisposeRequest{
		District: d.District(), Kind: recordsv1.Disposition_Kind(d.Kind), Rule: d.Rule, Person: d.Person, Disposition: d.Name, //nolint:gosec // one of three
	})
	if err != nil {
		return nil, fmt.Errorf("dispose in %s: %w", service, err)
	}
	return linesIn(resp.GetLines()), nil
}

// Export receives what a service keeps of a district.
func (k *Keepers) Export(ctx context.Context, service, district string, fn func(records.Part) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends the stream when fn fails
	defer cancel()
	stream, err := k.clients[service].ExportDistrict(ctx, &recordsv1.ExportDistrictRequest{District: district})
	for err == nil {
		var part *recordsv1.ExportDistrictResponse
		if part, err = stream.Recv(); err == nil {
			err = fn(records.Part{Table: part.GetTable(), Data: part.GetData(), Withheld: part.GetWithheld()})
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("export from %s: %w", service, err)
}

func linesIn(lines []*recordsv1.DispositionLine) (out []records.Line) {
	for _, l := range lines {
		out = append(out, records.Line{Service: l.GetService(), Kind: l.GetKind(), Records: l.GetRecords(), Treatment: l.GetTreatment()})
	}
	return out
}
