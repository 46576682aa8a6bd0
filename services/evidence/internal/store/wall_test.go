package store_test

import (
	"testing"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/evidence/internal/store"
)

func TestTheWallBetweenDistrictsStands(t *testing.T) {
	kittest.Wall(t, "evidence", store.Migrations(), kittest.WallExceptions{})
}
