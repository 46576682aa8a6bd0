package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/problem"
	keeping "github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/records"
)

// Dispositions holds the store of dispositions and exports to its contract; open
// returns an empty one.
func Dispositions(t *testing.T, open func(t *testing.T) records.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, context.Context, records.Store){
		"a disposition comes back as it was written":        dispositionRoundTrip,
		"a disposition somebody else changed is stale":      dispositionStale,
		"dispositions are listed by id, in their district":  dispositionLists,
		"running ones are found, the oldest first":          dispositionRunning,
		"what a transaction undid is not there":             dispositionUndone,
		"an export is found in its district, by its digest": exportRoundTrip,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, tenant.Everything(t.Context(), "the contract is about all districts"), open(t))
		})
	}
}

func dispositionOf(district, id string) records.Disposition {
	return records.Disposition{
		Name: "districts/" + district + "/dispositions/" + id, Kind: keeping.District, Rule: "journey", Reason: "Über'); DROP TABLE", Export: "abc",
		Person: "districts/aspen/people/ana", State: records.Planned, PlannedBy: "people/a", ApprovedBy: "people/b",
		Lines: []records.Line{{Service: "schools", Kind: "notes", Records: 1 << 40, Treatment: "deleted"}}, Done: []string{"schools"},
		Certificate: "x.y.z", Completed: at(9), Created: at(0), Updated: at(1), Version: 1,
	}
}

func dispositionRoundTrip(t *testing.T, ctx context.Context, s records.Store) {
	bare := records.Disposition{Name: "districts/aspen/dispositions/bare", Kind: keeping.Retention, State: records.Planned, Created: at(0), Updated: at(0), Version: 1}
	for _, d := range []records.Disposition{dispositionOf("aspen", "full"), bare} {
		_, err := s.Disposition(ctx, d.Name)
		require.True(t, problem.Is(err, problem.KindNotFound))
		require.NoError(t, s.InsertDisposition(ctx, d))
		got, err := s.Disposition(ctx, d.Name)
		require.NoError(t, err)
		require.Equal(t, d, got)
		require.True(t, problem.Is(s.InsertDisposition(ctx, d), problem.KindAlreadyExists))
	}
}

func dispositionStale(t *testing.T, ctx context.Context, s records.Store) {
	d := dispositionOf("aspen", "one")
	require.NoError(t, s.InsertDisposition(ctx, d))
	d.Version, d.State, d.Lines, d.Done, d.Certificate = 2, records.Completed, nil, nil, ""
	d.Updated, d.Completed = at(5), time.Time{}
	require.NoError(t, s.UpdateDisposition(ctx, d))
	got, err := s.Disposition(ctx, d.Name)
	require.NoError(t, err)
	require.Equal(t, d, got)
	refusal, ok := problem.As(s.UpdateDisposition(ctx, d))
	require.True(t, ok)
	require.Equal(t, problem.ReasonEtagStale, refusal.Reason)
}

func dispositionLists(t *testing.T, ctx context.Context, s records.Store) {
	for _, id := range []string{"b", "a", "c"} {
		require.NoError(t, s.InsertDisposition(ctx, dispositionOf("aspen", id)))
	}
	require.NoError(t, s.InsertDisposition(ctx, dispositionOf("birch", "d")))
	for after, want := range map[string]int{"": 2, "a": 2, "b": 1, "c": 0} {
		found, err := s.ListDispositions(ctx, "districts/aspen", after, 2)
		require.NoError(t, err)
		require.Len(t, found, want, after)
		if after == "" {
			require.Equal(t, "districts/aspen/dispositions/a", found[0].Name)
		}
	}
}

func dispositionRunning(t *testing.T, ctx context.Context, s records.Store) {
	for i, id := range []string{"newer", "older", "planned"} {
		d := dispositionOf([]string{"aspen", "birch", "aspen"}[i], id)
		d.Created = at(9 - i)
		if id != "planned" {
			d.State = records.Running
		}
		require.NoError(t, s.InsertDisposition(ctx, d))
	}
	found, err := s.RunningDispositions(ctx)
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, []string{"districts/birch/dispositions/older", "districts/aspen/dispositions/newer"}, []string{found[0].Name, found[1].Name})
}

func dispositionUndone(t *testing.T, ctx context.Context, s records.Store) {
	d, undo := dispositionOf("aspen", "one"), errors.New("undo")
	require.ErrorIs(t, s.Tx(ctx, func(ctx context.Context) error {
		require.NoError(t, s.InsertDisposition(ctx, d))
		return undo
	}), undo)
	_, err := s.Disposition(ctx, d.Name)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func exportRoundTrip(t *testing.T, ctx context.Context, s records.Store) {
	e := records.Export{District: "aspen", SHA256: "abc", Taken: at(0), By: "people/a"}
	require.NoError(t, s.InsertExport(ctx, e))
	e.Taken, e.By = at(5), "people/b"
	require.NoError(t, s.InsertExport(ctx, e), "the same file, taken again")
	got, err := s.Export(ctx, "aspen", "abc")
	require.NoError(t, err)
	require.Equal(t, e, got)
	for district, sha256 := range map[string]string{"birch": "abc", "aspen": "abd"} {
		_, err = s.Export(ctx, district, sha256)
		require.True(t, problem.Is(err, problem.KindNotFound))
	}
}
