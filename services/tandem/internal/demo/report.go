package demo

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// report shows progress: a bar on a terminal, a line per stage elsewhere.
type report struct {
	out      io.Writer
	terminal bool
}

func newReport(out io.Writer) *report {
	file, ok := out.(*os.File)
	return &report{out: out, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

func (r *report) line(format string, args ...any) {
	_, _ = fmt.Fprintf(r.out, format+"\n", args...)
}

// meter counts what a stage has done. It may be used by several goroutines.
type meter struct {
	report *report
	title  string
	total  int
	begun  time.Time
	bar    *progressbar.ProgressBar
}

func (r *report) stage(title string, total int) *meter {
	m := &meter{report: r, title: title, total: total, begun: time.Now()}
	if r.terminal {
		m.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(r.out), progressbar.OptionSetDescription(fmt.Sprintf("%-44s", title)),
			progressbar.OptionSetWidth(24), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(),
			progressbar.OptionThrottle(50*time.Millisecond))
	}
	return m
}

func (m *meter) add(n int) {
	if m.bar != nil {
		_ = m.bar.Add(n)
	}
}

func (m *meter) done() {
	if m.bar != nil {
		_ = m.bar.Finish()
	}
	m.report.line("  %-44s %6d  %5.1f s", m.title, m.total, time.Since(m.begun).Seconds())
}
