package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
	"github.com/tandem-badges/tandem/services/kit/egress"
)

// logTimeout is for one file of a log.
const logTimeout = 30 * time.Second

// LogFlags say in which public log a badge has to stand.
type LogFlags struct {
	Checkpoint string `help:"Checkpoint of the public log that you saved on an earlier day: the badge has to be in the log, and the log must not have been rewritten since." placeholder:"FILE" env:"-"`
	Log        string `help:"Where the log is: an address such as https://HOST/log, or a folder with a copy. Default: where the checkpoint says." placeholder:"URL|DIR" env:"-"`
	LogKey     string `help:"Key of the log, NAME+HASH+KEY. Default: the one that the log tells, when it signed the checkpoint." placeholder:"KEY" env:"-"`
}

// openLog returns the log to ask, nil when nobody wants to ask one.
func (f LogFlags) openLog(context.Context) (verifier.LogSource, error) {
	if f.Checkpoint == "" {
		if f.Log != "" || f.LogKey != "" {
			return nil, errors.New("--log needs a checkpoint that you saved earlier: --checkpoint FILE")
		}
		return nil, nil //nolint:nilnil // no log is a valid wish
	}
	saved, err := readFile(f.Checkpoint)
	if err != nil {
		return nil, fmt.Errorf("--checkpoint: %w", err)
	}
	source := &translog.Source{Saved: saved}
	if f.LogKey != "" {
		if source.Key, err = translog.ParseKey(f.LogKey); err != nil {
			return nil, fmt.Errorf("--log-key: %w", err)
		}
	}
	where := f.Log
	if where == "" {
		origin, err := translog.SavedOrigin(saved)
		if err != nil {
			return nil, fmt.Errorf("--checkpoint: %w", err)
		}
		where = addressOf(origin)
	}
	source.Files = logFiles(where)
	return source, nil
}

// addressOf is where the log of a name is: on the web, or on this machine for one that was made there.
func addressOf(origin string) string {
	u, err := url.Parse("http://" + origin)
	if err == nil {
		if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
			return u.String()
		}
	}
	return "https://" + origin
}

// logFiles reads a log where the person at this machine says it is.
func logFiles(where string) translog.Files {
	if !isAddress(where) {
		return translog.FS{Root: os.DirFS(where)}
	}
	client := egress.New(egress.Options{AllowLoopback: strings.HasPrefix(where, "http://"), MaxBody: verifier.MaxFile, Timeout: logTimeout})
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return translog.HTTP{Base: where, Client: client}
}
