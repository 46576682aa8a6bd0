package store_test

import (
	"testing"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/gateway/internal/store"
)

func TestTheWallBetweenDistrictsStands(t *testing.T) {
	kittest.Wall(t, "gateway", store.Migrations(), kittest.WallExceptions{})
}
