package app

import (
	"fmt"
	"path/filepath"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Complete fills in what follows from other settings and refuses what does not fit
// together, as a start would.
func (s *ServeSettings) Complete(targets []string) error { return s.complete(targets) }

// Addr is where others reach a service by gRPC; the gateway has no such address.
func (s *ServeSettings) Addr(service string) string { return s.addr(service) }

// DatabaseURL is what a service connects with. Unlike a start it neither makes roles
// nor connects to anything.
func (s StorageSettings) DatabaseURL(service string) (string, error) {
	switch own := s.override(service); {
	case own != "":
		return own, nil
	case s.DB != "":
		roles, err := sqldb.RoleURLs(s.DB, []string{service})
		if err != nil {
			return "", fmt.Errorf("--db: %w", err)
		}
		return roles[service], nil
	default:
		return "sqlite:" + filepath.Join(s.Data, service+".db"), nil
	}
}

// BusFolder is where the embedded bus keeps its streams.
func (s StorageSettings) BusFolder() string { return filepath.Join(s.Data, "nats") }
