package command

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/tandem-badges/tandem/services/tandem/internal/backup"
)

// backupReport shows how far a backup or restore is: bytes on a terminal, a line of the log for
// each part elsewhere.
type backupReport struct {
	log   *slog.Logger
	ctx   context.Context //nolint:containedctx // a report lives as long as one command
	what  string
	bar   *progressbar.ProgressBar
	mu    sync.Mutex
	begun time.Time // of the part
}

func newBackupReport(ctx context.Context, log *slog.Logger, what string) *backupReport {
	r := &backupReport{log: log, ctx: ctx, what: what, begun: time.Now()}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		r.bar = progressbar.NewOptions64(-1,
			progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(true),
			progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return r
}

// Moved counts bytes.
func (r *backupReport) Moved(bytes int) {
	if r.bar != nil {
		_ = r.bar.Add(bytes)
	}
}

// Part tells of a part that is done.
func (r *backupReport) Part(line backup.Line) {
	r.mu.Lock()
	took := time.Since(r.begun)
	r.begun = time.Now()
	r.mu.Unlock()
	if r.bar != nil {
		r.bar.Describe(r.what + " " + line.Name)
		return
	}
	r.log.InfoContext(r.ctx, r.what, "part", line.Name, "rows", line.Rows, "sha256", line.SHA256, "seconds", took.Seconds())
}

func (r *backupReport) done() {
	if r.bar != nil {
		_ = r.bar.Finish()
	}
}
