package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/export"
	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

func exports(t *testing.T, db *sqldb.DB) {
	ctx, c := kittest.All(t), clock.NewFake(now)
	s := store.NewExports(db, c)
	e := export.Export{
		District: "d1", Release: "r", ID: "x", Format: export.Parquet, Key: "exports/d1/r/x", Size: 1 << 40, SHA256: "ab", Rows: 7, CreateTime: now, ExpireTime: now.Add(time.Hour),
	}
	require.NoError(t, s.AddExport(ctx, e))
	kind(t, problem.KindAlreadyExists, s.AddExport(ctx, e))
	ofState := e
	ofState.District, ofState.ExpireTime = tenant.State, now.Add(2*time.Hour)
	require.NoError(t, s.AddExport(ctx, ofState))
	got, err := s.Export(ctx, "d1", "r", "x")
	require.NoError(t, err)
	require.Equal(t, e, got)
	_, err = s.Export(ctx, "d2", "r", "x")
	kind(t, problem.KindNotFound, err)

	over, err := s.Expired(ctx)
	require.NoError(t, err)
	require.Empty(t, over)
	c.Advance(time.Hour)
	over, err = s.Expired(ctx)
	require.NoError(t, err)
	require.Equal(t, []export.Export{e}, over)
	require.NoError(t, s.DeleteExport(ctx, e))
	_, err = s.Export(ctx, "d1", "r", "x")
	kind(t, problem.KindNotFound, err)
	_, err = s.Export(ctx, tenant.State, "r", "x")
	require.NoError(t, err)
}
