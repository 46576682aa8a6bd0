package command

import (
	"context"
	"fmt"
	"os"

	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// Migrate brings databases to the version of this program.
type Migrate struct {
	app.StorageSettings
	app.LogSettings
	Services []string `arg:"" optional:"" help:"Services to migrate; all when none is named." enum:"schools,assessments,evidence,badges,gateway"`
}

// Run migrates one service after the other and says which it did.
func (m *Migrate) Run(ctx context.Context) error {
	log, logFile, err := openLog(m.LogSettings)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	services := m.Services
	if len(services) == 0 {
		services = app.DatabaseNames()
	}
	storage := app.NewStorage(m.StorageSettings, log.Logger)
	for _, service := range services {
		db, err := storage.Migrated(ctx, service)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stdout, "%-12s migrated (%s)\n", service, db.Dialect())
		if err := db.Close(); err != nil {
			return err
		}
	}
	return nil
}
