package e2e

import "testing"

// Nobody gets further than their rights, whatever they call and whatever they
// know. The parts share an installation, which none of them changes for another.
func TestNobodyGetsFurtherThanTheirRights(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			w := newWorld(t, database)
			t.Run("by the names of others", func(t *testing.T) { replay(t, w) })
			t.Run("whoever they are", func(t *testing.T) { matrix(t, w) })
			t.Run("whatever they show", func(t *testing.T) { credentials(t, w) })
		})
	}
}
