package app

import (
	"fmt"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Schemas tells which version of its schema each service of this program needs,
// and under "platform" that of the tables which all have.
func Schemas() (map[string]int64, error) {
	versions := map[string]int64{}
	for _, service := range DatabaseNames() {
		// Both databases have the same.
		wanted, err := sqldb.Wanted(service, sqldb.Postgres, migrations(service))
		if err != nil {
			return nil, fmt.Errorf("migrations of %s: %w", service, err)
		}
		versions["platform"], versions[service] = wanted[0].Want, wanted[1].Want
	}
	return versions, nil
}
