package suite

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/deploy/e2e/cluster"
	"github.com/tandem-badges/tandem/deploy/e2e/ledger"
	"github.com/tandem-badges/tandem/deploy/e2e/load"
)

const (
	calm       = 5 * time.Second // of load before and after what is tried
	codesFor   = 6000            // answers of the longest step
	settleFor  = 90 * time.Second
	ledgerWait = 90 * time.Second
)

// loading is a load that runs inside the cluster.
type loading struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Scanner
}

// startLoad returns when the first request is about to leave. With settle, what is not
// acknowledged is sent again, since failures are part of the step.
func (r *Suite) startLoad(ctx context.Context, name string, settle bool) (*loading, error) {
	url, err := r.url(ctx)
	if err != nil {
		return nil, err
	}
	records := r.records()
	if err := os.MkdirAll(records, 0o750); err != nil {
		return nil, err
	}
	args := []string{
		"load", "--url", url, "--rate", fmt.Sprint(r.Rate), "--codes", fmt.Sprint(codesFor),
		"--out", filepath.Join(records, fmt.Sprintf("%s-%d.jsonl", name, time.Now().UnixNano())),
	}
	if settle {
		args = append(args, "--settle", settleFor.String())
	}
	l := &loading{cmd: r.cluster.Inside(ctx, r.self, args...)}
	l.cmd.Stderr = os.Stderr
	if l.stdin, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	l.lines = bufio.NewScanner(out)
	if !l.lines.Scan() || l.lines.Text() != "begun" {
		return nil, errors.Join(errors.New("the load did not begin"), l.cmd.Wait())
	}
	return l, nil
}

// records of what clients of the installation were told.
func (r *Suite) records() string { return filepath.Join(r.Work, "records", r.at) }

// stop ends the load and returns what it saw.
func (l *loading) stop() (*load.Tally, error) {
	_ = l.stdin.Close()
	var tally load.Tally
	var broken error
	if l.lines.Scan() {
		broken = json.Unmarshal(l.lines.Bytes(), &tally)
	} else {
		broken = errors.New("the load told nothing")
	}
	return &tally, errors.Join(l.cmd.Wait(), broken)
}

// underLoad does something while the installation is loaded, and compares afterwards. What is
// strict has no failed request.
func (r *Suite) underLoad(ctx context.Context, name string, strict bool, do func(context.Context) (string, error)) (string, error) {
	l, err := r.startLoad(ctx, name, !strict)
	if err != nil {
		return "", err
	}
	pause(ctx, calm)
	saw, err := do(ctx)
	if err == nil {
		pause(ctx, calm)
	}
	tally, stopped := l.stop()
	if err := errors.Join(err, stopped); err != nil {
		return "", fmt.Errorf("%w (%s)", err, tally)
	}
	lines := []string{saw, tally.String()}
	if strict && (tally.Unexpected > 0 || tally.Requests == 0) {
		return "", fmt.Errorf("%s: no request should fail:\n  %s", tally, strings.Join(tally.Reasons(12), "\n  "))
	}
	counts, err := r.compare(ctx)
	for _, count := range counts {
		lines = append(lines, count.String())
	}
	return strings.TrimPrefix(strings.Join(lines, "\n"), "\n"), err
}

// compare has the ledger compare what all loads were told with what is stored.
func (r *Suite) compare(ctx context.Context) ([]ledger.Count, error) {
	nats, err := r.natsURL(ctx)
	if err != nil {
		return nil, err
	}
	o := ledger.Options{Database: r.cluster.Database().Superuser(r.at), NATS: nats, Records: r.records(), Wait: ledgerWait}
	if r.authority != nil {
		o.Authority = r.authority.file
	}
	options, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	cmd := r.cluster.Inside(ctx, r.self, "ledger")
	cmd.Stdin = strings.NewReader(string(options)) // passwords do not go on command lines
	out, failed := cluster.Run(cmd)
	var counts []ledger.Count
	_, printed, _ := strings.Cut(out, "[")
	if err := json.NewDecoder(strings.NewReader("[" + printed)).Decode(&counts); err != nil && failed == nil {
		return nil, fmt.Errorf("ledger: %w: %s", err, out)
	}
	return counts, failed
}

// pause lets the load run on.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
