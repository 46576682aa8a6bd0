package store_test

import (
	"testing"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/sqldb"

	"github.com/tandem-badges/tandem/services/assessments/internal/store"
	"github.com/tandem-badges/tandem/services/assessments/internal/store/storetest"
)

func TestFieldWorkOnSQLite(t *testing.T) {
	storetest.RunFieldWork(t, func(t *testing.T) *sqldb.DB { return kittest.SQLite(t, schema, store.Migrations()) })
}

func TestFieldWorkOnPostgres(t *testing.T) {
	storetest.RunFieldWork(t, func(t *testing.T) *sqldb.DB {
		return kittest.OpenPostgres(t, kittest.Postgres(t), schema, store.Migrations())
	})
}
