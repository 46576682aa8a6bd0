package store_test

import (
	"testing"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/badges/internal/store/migrations"
)

func TestTheWallBetweenDistrictsStands(t *testing.T) {
	kittest.Wall(t, "badges", migrations.FS, kittest.WallExceptions{Uniques: map[string]string{
		"credentials.name": "random, made by the service, and public",
		"log_pending.seq":  "made by the database",
	}})
}
