package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

// Log are the commands for whoever keeps an eye on the public log. They need no account.
type Log struct {
	Checkpoint LogCheckpoint `cmd:"" help:"Print the newest signed checkpoint, after checking it: what to save for later."`
	Key        LogKey        `cmd:"" help:"Print the key that the log tells of itself."`
	Monitor    LogMonitor    `cmd:"" help:"Compare the log with every checkpoint seen before, look at its new entries, and keep its checkpoint."`
	Mirror     LogMirror     `cmd:"" help:"Copy the log into a folder, so that badges can be verified without a network."`
}

// Help tells what the exit codes mean.
func (Log) Help() string {
	return `Whoever saved a checkpoint of the log notices when anything that it covers was changed, left out or put in between.

  tandem log checkpoint --log https://badges.example.org/log > checkpoint
  tandem verify badge.json --checkpoint checkpoint
  tandem log monitor seen --log https://badges.example.org/log --every 10m

Exit code 0: all is well. 1: the log is not what it was, or not what its checkpoint says. 2: it could not be read.`
}

// LogPlace says which log, and by which key.
type LogPlace struct {
	Log    string `help:"Where the log is: an address such as https://HOST/log, or a folder with a copy." default:"http://127.0.0.1:8080/log" placeholder:"URL|DIR" env:"-"`
	LogKey string `help:"Key of the log, NAME+HASH+KEY. Default: the one that was kept, or that the log tells." placeholder:"KEY" env:"-"`
}

func (p LogPlace) key() (translog.Key, error) {
	if p.LogKey == "" {
		return translog.Key{}, nil
	}
	key, err := translog.ParseKey(p.LogKey)
	if err != nil {
		return key, fmt.Errorf("--log-key: %w", err)
	}
	return key, nil
}

// fault tells on standard error what is wrong and gives the exit code for it.
func fault(err error) error {
	if err == nil {
		return nil
	}
	f, known := translog.Fault(err)
	if !known {
		fmt.Fprintln(os.Stderr, "tandem log:", err)
		return ExitError{Code: exitUnreadable}
	}
	fmt.Fprintf(os.Stderr, "tandem log: %s\n%s (%v)\n", f.Code, f.Reason, err)
	return ExitError{Code: exitInvalid}
}

// LogKey prints the key.
type LogKey struct {
	Log string `help:"Where the log is: an address such as https://HOST/log, or a folder with a copy." default:"http://127.0.0.1:8080/log" placeholder:"URL|DIR" env:"-"`
}

// Run prints.
func (c *LogKey) Run(ctx context.Context) error {
	key, err := translog.ReadKey(ctx, logFiles(c.Log))
	if err != nil {
		return fault(err)
	}
	_, err = fmt.Fprintln(os.Stdout, key)
	return err
}

// LogCheckpoint prints the checkpoint.
type LogCheckpoint struct{ LogPlace }

// Run prints.
func (c *LogCheckpoint) Run(ctx context.Context) error {
	files := logFiles(c.Log)
	key, err := c.key()
	if err != nil {
		return err
	}
	if key.IsZero() {
		if key, err = translog.ReadKey(ctx, files); err != nil {
			return fault(err)
		}
	}
	log, err := translog.Open(ctx, files, key)
	if err != nil {
		return fault(err)
	}
	_, err = os.Stdout.Write(log.Signed())
	return err
}

// LogMirror copies a log.
type LogMirror struct {
	LogPlace
	Dir string `arg:"" help:"Folder for the copy. Run again it brings the copy up to date."`
}

// Run copies.
func (c *LogMirror) Run(ctx context.Context) error {
	return kept(ctx, c.LogPlace, c.Dir, func(k *translog.Keeper, log *translog.Log, key translog.Key) error {
		if err := k.Mirror(ctx, log, key); err != nil {
			return err
		}
		_, err := fmt.Fprintf(os.Stdout, "%s: %d entries copied\n", log.Head().Origin, log.Head().Size)
		return err
	})
}

// LogMonitor watches a log.
type LogMonitor struct {
	LogPlace
	Dir     string        `arg:"" help:"Folder for the key and all checkpoints that were seen."`
	Every   time.Duration `help:"Look again and again, with this pause. Default: once." placeholder:"PAUSE" env:"-"`
	Entries bool          `help:"Print new entries." env:"-"`
}

// Run looks, and ends at the first thing that is wrong. While it looks again and again, a log that
// cannot be read is told and waited for.
func (c *LogMonitor) Run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	for {
		err := c.look(ctx, os.Stdout)
		exit, told := errors.AsType[ExitError](err)
		if c.Every <= 0 || err != nil && (!told || exit.Code != exitUnreadable) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(c.Every):
		}
	}
}

func (c *LogMonitor) look(ctx context.Context, out io.Writer) error {
	return kept(ctx, c.LogPlace, c.Dir, func(k *translog.Keeper, log *translog.Log, key translog.Key) error {
		w, err := k.Watch(ctx, log, key, func(index int64, e translog.Entry) error {
			if !c.Entries {
				return nil
			}
			_, err := fmt.Fprintf(out, "%d\t%s\t%s\t%s\t%s\n", index, e.Time.Format(time.RFC3339), e.Kind, e.Subject, e.Issuer)
			return err
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s: %d entries, %d new; consistent with %d checkpoints seen before\n",
			w.Head.Origin, w.Head.Size, w.Head.Size-w.From, w.Kept)
		return err
	})
}

// kept does something with a log and the folder in which something of it is kept.
func kept(ctx context.Context, p LogPlace, dir string, fn func(*translog.Keeper, *translog.Log, translog.Key) error) error {
	given, err := p.key()
	if err != nil {
		return err
	}
	k, err := translog.NewKeeper(dir)
	if err != nil {
		return err
	}
	defer func() { _ = k.Close() }()
	log, key, err := k.Open(ctx, logFiles(p.Log), given)
	if err != nil {
		return fault(err)
	}
	return fault(fn(k, log, key))
}
