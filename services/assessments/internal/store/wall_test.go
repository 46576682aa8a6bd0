package store_test

import (
	"testing"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/assessments/internal/store"
)

func TestTheWallBetweenDistrictsStands(t *testing.T) {
	kittest.Wall(t, "assessments", store.Migrations(), kittest.WallExceptions{Uniques: map[string]string{
		"links.code":            "random, made by the service",
		"invitations.code_hash": "the digest of a random code",
		"recipients.code_hash":  "the digest of a code made of a random secret",
	}})
}
