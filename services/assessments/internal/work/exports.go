package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/kit/operations"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/export"
)

// cleanEvery is how often files whose time is over are looked for.
const cleanEvery = time.Hour

// Exports makes files of releases as operations.
type Exports struct {
	db     *sqldb.DB
	files  *export.Service
	clock  clock.Clock
	encode func(export.Export) proto.Message
}

// NewExports returns who makes files.
func NewExports(db *sqldb.DB, files *export.Service, c clock.Clock, encode func(export.Export) proto.Message) *Exports {
	return &Exports{db: db, files: files, clock: c, encode: encode}
}

// Start begins to write a file of a release.
func (x *Exports) Start(ctx context.Context, district, release string, f export.Format) (*longrunningpb.Operation, error) {
	e, pages, err := x.files.Plan(ctx, district, release, f)
	if err != nil {
		return nil, err
	}
	name := export.ReleaseName(district, release)
	return operations.Start(ctx, x.db, name+"/operations/"+ids.New(), &assessmentsv1.ExportProgress{
		Release: name, Format: assessmentsv1.ExportFormat(f), PagesTotal: int64(pages), Export: e.Name(), StartTime: timestamppb.New(x.clock.Now()), //nolint:gosec // at most 5
	})
}

// Get reads an operation.
func (x *Exports) Get(ctx context.Context, name string) (*longrunningpb.Operation, error) {
	return operations.Get(ctx, x.db, name)
}

// Run works until ctx ends.
func (x *Exports) Run(ctx context.Context, log *slog.Logger) error {
	w := operations.NewWorker(x.db, log).Beside("exports")
	w.On(&assessmentsv1.ExportProgress{}, x.make)
	return w.Run(ctx)
}

func (x *Exports) make(ctx context.Context, op operations.Operation) (proto.Message, error) {
	var state assessmentsv1.ExportProgress
	if err := op.Metadata(&state); err != nil {
		return nil, err
	}
	e, err := parseExport(state.GetExport())
	if err != nil {
		return nil, err
	}
	e.Format = export.Format(state.GetFormat())
	ctx = audit.Work(ctx, "exports.make", op.Name)
	made, err := x.files.Make(ctx, e, func(pages int) error {
		state.PagesDone = int64(pages)
		return operations.Progress(ctx, x.db, op.Name, &state)
	}, func(ctx context.Context, made export.Export) error {
		return operations.Succeed(ctx, x.db, op.Name, x.encode(made))
	})
	return x.encode(made), err
}

// parseExport reads the name of an export, of a district or of the state.
func parseExport(name string) (export.Export, error) {
	e := export.Export{District: tenant.State}
	rest := name
	if below, ok := strings.CutPrefix(name, "districts/"); ok {
		e.District, rest, _ = strings.Cut(below, "/")
	}
	parts := strings.Split(rest, "/")
	if len(parts) != 4 || parts[0] != "releases" || parts[2] != "exports" {
		return e, fmt.Errorf("no name of an export: %q", name)
	}
	e.Release, e.ID = parts[1], parts[3]
	return e, nil
}

// Clean deletes files whose time is over, until ctx ends. Replicas may do it at
// once: what is gone already is no error.
func (x *Exports) Clean(ctx context.Context, log *slog.Logger) error {
	for {
		if err := x.files.Clean(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.WarnContext(ctx, "old exports are still there, trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(cleanEvery):
		}
	}
}
