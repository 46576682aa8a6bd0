package store_test

import (
	"testing"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/store"
)

func TestTheWallBetweenDistrictsStands(t *testing.T) {
	kittest.Wall(t, "schools", store.Migrations(), kittest.WallExceptions{})
}
