package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tandem-badges/tandem/services/tandem/internal/app"
	"github.com/tandem-badges/tandem/services/tandem/internal/backup"
)

// Backup are the commands for keeping an installation elsewhere.
type Backup struct {
	Create BackupCreate `cmd:"" default:"withargs" help:"Make a backup of databases, streams and files. The default."`
	List   BackupList   `cmd:"" help:"List the backups of a place."`
	Show   BackupShow   `cmd:"" help:"Print the parts of a backup with rows and digests, to compare."`
	Verify BackupVerify `cmd:"" help:"Read everything of a backup again and hold it to its digests."`
}

// wholeSettings are what reaches all of an installation.
type wholeSettings struct {
	app.StorageSettings
	app.BusSettings
	app.LogSettings
	Blobs string `help:"Store for evidence files: file:///DIR or s3://BUCKET?region=... Empty: a folder in the data folder." placeholder:"URL"`
}

// keySettings are about the file with keys.
type keySettings struct {
	Keys           string `help:"File for the keys of the data folder, sealed with a passphrase. Keep it apart from the backups." placeholder:"FILE"`
	PassphraseFile string `help:"File that holds the passphrase for the keys." placeholder:"FILE"`
}

// placeArgument is a place that was named to look at.
type placeArgument struct {
	Place string `arg:"" help:"Folder or URL with backups." placeholder:"URL|DIR"`
	ID    string `help:"Backup by its id. Empty: the newest complete one." placeholder:"ID"`
}

// BackupCreate makes a backup beside the running services.
type BackupCreate struct {
	wholeSettings
	keySettings
	Out            string `required:"" help:"Folder or URL that gets the backup: DIR, file:///DIR or s3://BUCKET?region=...&prefix=backups/" placeholder:"URL|DIR"`
	Keep           int    `help:"Complete backups that stay, with this one; older ones are removed. 0: all." default:"0" placeholder:"N"`
	DespiteMissing bool   `help:"Keep the backup although files are missing that rows name." env:"-"`
}

// Run makes the backup and says where it is.
func (b *BackupCreate) Run(ctx context.Context, version Version) error {
	if b.Keep < 0 {
		return fmt.Errorf("--keep %d: want a number of backups, or 0 for all", b.Keep)
	}
	passphrase, err := b.passphrase()
	if err != nil {
		return err
	}
	log, logFile, err := openLog(b.LogSettings)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	whole, done, err := b.whole(ctx, log.Logger)
	if err != nil {
		return err
	}
	defer done()
	to, err := backup.OpenFolder(ctx, b.Out)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer func() { _ = to.Close() }()
	report := newBackupReport(ctx, log.Logger, "backup")
	m, err := backup.Create(ctx, whole, to, backup.CreateOptions{
		Program: string(version), Now: time.Now, DespiteMissing: b.DespiteMissing, Report: report, Log: log.Logger,
	})
	report.done()
	if err != nil {
		return fmt.Errorf("there is no backup: %w", err)
	}
	fmt.Fprintf(os.Stdout, "backup %s: %s in %s\n", m.ID, summary(m), m.Finished.Sub(m.Begun).Round(time.Millisecond))
	if b.Keep > 0 {
		if err = to.Prune(ctx, m, b.Keep, time.Now(), log.Logger); err != nil {
			err = fmt.Errorf("backup %s is there, and what is older than --keep says cannot be removed: %w", m.ID, err)
		}
	}
	return errors.Join(err, b.sealKeys(ctx, passphrase))
}

// sealKeys keeps the keys where they were asked for.
func (b *BackupCreate) sealKeys(ctx context.Context, passphrase string) error {
	if b.Keys == "" {
		return nil
	}
	files, err := backup.SealKeys(ctx, keysIn(b.Data), b.Keys, passphrase)
	if err != nil {
		return fmt.Errorf("the keys are not sealed: %w", err)
	}
	fmt.Fprintf(os.Stdout, "%d files of keys are sealed in %s: keep it apart from the backup\n", files, b.Keys)
	return nil
}

func keysIn(data string) string { return filepath.Join(data, "keys") }

// passphrase reads the passphrase, before anything long begins.
func (k keySettings) passphrase() (string, error) {
	switch {
	case k.Keys == "" && k.PassphraseFile == "":
		return "", nil
	case k.Keys == "" || k.PassphraseFile == "":
		return "", errors.New("--keys and --passphrase-file: one needs the other")
	}
	text, err := os.ReadFile(k.PassphraseFile)
	if err != nil {
		return "", fmt.Errorf("--passphrase-file: %w", err)
	}
	const least = 16
	passphrase := strings.TrimSpace(string(text))
	if len(passphrase) < least {
		return "", fmt.Errorf("--passphrase-file: want %d characters or more, such as `openssl rand -base64 24` makes", least)
	}
	return passphrase, nil
}

// whole opens all of an installation. Where a running process has the streams in it, they
// are left out.
func (w *wholeSettings) whole(ctx context.Context, log *slog.Logger) (backup.Installation, func(), error) {
	storage := app.NewStorage(w.StorageSettings, log)
	out := backup.Installation{Publishers: app.ServiceNames()}
	for _, service := range app.DatabaseNames() {
		out.Databases = append(out.Databases, backup.Database{Service: service, URL: storage.Place(service), Migrations: app.Migrations(service)})
	}
	var err error
	if out.Blobs, err = app.OpenBlobs(ctx, w.Data, w.Blobs); err != nil {
		return out, nil, err
	}
	b, closeBus, err := app.ConnectBus(ctx, w.StorageSettings, w.BusSettings, log)
	switch {
	case errors.Is(err, app.ErrTaken):
		log.InfoContext(ctx, "the streams belong to the running process and are left out: a restore makes them anew from the databases")
		closeBus = func() {}
	case err != nil:
		return out, nil, errors.Join(err, out.Blobs.Close())
	default:
		out.Bus = b
	}
	return out, func() { closeBus(); _ = out.Blobs.Close() }, nil
}

// summary is what a backup holds, in a line.
func summary(m *backup.Manifest) string {
	rows, events := int64(0), int64(0)
	for _, t := range m.Tables {
		rows += t.Rows
	}
	for _, s := range m.Streams {
		events += s.Rows
	}
	text := fmt.Sprintf("%d tables with %d rows, %d events, %d files, %.1f MB", len(m.Tables), rows, events, m.Files.Rows, float64(m.Bytes())/1e6)
	if m.StreamsLeftOut {
		text += ", without streams"
	}
	if len(m.Missing) > 0 {
		text += fmt.Sprintf(", WITHOUT %d FILES OR MORE THAT ROWS NAME", len(m.Missing))
	}
	return text
}

// BackupList lists backups.
type BackupList struct {
	Place string `arg:"" help:"Folder or URL with backups." placeholder:"URL|DIR"`
}

// Run prints a line for each, the oldest first.
func (l *BackupList) Run(ctx context.Context) error {
	place, err := backup.FindFolder(ctx, l.Place)
	if err != nil {
		return err
	}
	defer func() { _ = place.Close() }()
	complete, begun, err := place.IDs(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, id := range complete {
		m, err := place.Manifest(ctx, id)
		if err != nil {
			fmt.Fprintf(table, "%s\t%v\n", id, err)
			continue
		}
		fmt.Fprintf(table, "%s\tby %s\t%s\n", id, m.Program, summary(m))
	}
	for _, id := range begun {
		fmt.Fprintf(table, "%s\tNOT COMPLETE: it was interrupted, or is being made\n", id)
	}
	return table.Flush()
}

// BackupShow prints digests.
type BackupShow struct{ placeArgument }

// Run prints a line for each part, sorted, as restore does.
func (s *BackupShow) Run(ctx context.Context) error {
	return s.with(ctx, func(_ *backup.Folder, m *backup.Manifest) error {
		printLines(m.Lines())
		return nil
	})
}

func printLines(lines []backup.Line) {
	for _, line := range lines {
		fmt.Fprintln(os.Stdout, line)
	}
}

// BackupVerify reads a backup again.
type BackupVerify struct {
	placeArgument
	app.LogSettings
}

// Run says that the backup is whole, or what of it is not. Exit code 1 then.
func (v *BackupVerify) Run(ctx context.Context) error {
	log, logFile, err := openLog(v.LogSettings)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	return v.with(ctx, func(place *backup.Folder, m *backup.Manifest) error {
		report := newBackupReport(ctx, log.Logger, "verify")
		err := backup.Verify(ctx, place, m, report)
		report.done()
		if err == nil {
			fmt.Fprintf(os.Stdout, "backup %s is whole: %s\n", m.ID, summary(m))
		}
		return err
	})
}

func (p placeArgument) with(ctx context.Context, fn func(*backup.Folder, *backup.Manifest) error) error {
	place, err := backup.FindFolder(ctx, p.Place)
	if err != nil {
		return err
	}
	defer func() { _ = place.Close() }()
	m, err := place.Find(ctx, p.ID)
	if err != nil {
		return err
	}
	return fn(place, m)
}
