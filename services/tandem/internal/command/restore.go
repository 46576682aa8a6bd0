package command

import (
	"context"
	"fmt"
	"os"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/backup"
)

// Restore brings a backup back into an empty installation. No service may run.
type Restore struct {
	wholeSettings
	keySettings
	From         string `required:"" help:"Folder or URL with backups." placeholder:"URL|DIR"`
	ID           string `help:"Backup by its id. Empty: the newest complete one." placeholder:"ID"`
	Wipe         string `help:"Delete what is there first. Takes the name of the PostgreSQL database, or of the data folder, so that nobody does it by mistake." env:"-" placeholder:"NAME"`
	KeepSessions bool   `help:"Leave people signed in who were at the time of the backup." env:"-"`
}

// Run restores and prints rows and digests of all parts, computed from what was written.
// Exit code 1 when one is not as it was kept.
func (r *Restore) Run(ctx context.Context) error {
	passphrase, err := r.passphrase()
	if err != nil {
		return err
	}
	log, logFile, err := openLog(r.LogSettings)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	place, err := backup.FindFolder(ctx, r.From)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer func() { _ = place.Close() }()
	m, err := place.Find(ctx, r.ID)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	whole, done, err := r.whole(ctx, log.Logger)
	if err != nil {
		return err
	}
	defer done()
	whole.Open = func(ctx context.Context, service string) (*sqldb.DB, error) {
		return app.NewStorage(r.StorageSettings, log.Logger).Open(ctx, service) // anew: its schema may just be gone
	}
	if r.Keys != "" {
		files, err := backup.OpenKeys(r.Keys, keysIn(r.Data), passphrase)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%d files of keys are back in %s\n", files, keysIn(r.Data))
	}
	report := newBackupReport(ctx, log.Logger, "restore")
	got, err := backup.Restore(ctx, place, m, whole, backup.RestoreOptions{Wipe: r.Wipe, KeepSessions: r.KeepSessions, Report: report})
	report.done()
	if err != nil {
		return fmt.Errorf("restore of %s: %w", m.ID, err)
	}
	printLines(got.Lines)
	if m.StreamsLeftOut {
		fmt.Fprintf(os.Stderr, "%d events were published again from the databases\n", got.Replayed)
	}
	for _, what := range got.Differs {
		fmt.Fprintln(os.Stderr, "DIFFERENT:", what)
	}
	if len(got.Differs) > 0 {
		return ExitError{Code: 1}
	}
	fmt.Fprintf(os.Stderr, "restored %s: everything is as it was kept\n", m.ID)
	return nil
}
