package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/run"
)

// maxReport is how much of an answer is read.
const maxReport = 64 << 10

// Healthcheck asks a process on this machine how it is: a probe for images that
// have no shell and no curl.
type Healthcheck struct {
	Ready   bool          `help:"Ask whether it can serve (/readyz), not only whether it lives (/healthz)." env:"-"`
	OpsAddr string        `help:"Operator's address of the process." default:"127.0.0.1:8081" placeholder:"HOST:PORT"`
	URL     string        `help:"The same as a URL, for a process elsewhere. Empty: the operator's address on this machine." placeholder:"URL" env:"-"`
	Within  time.Duration `help:"Time in which it must answer." default:"5s" env:"-"`
}

// Run asks once. It ends with 0 when all is well and with 1 otherwise, and says
// in one line why.
func (h *Healthcheck) Run(ctx context.Context) error {
	return h.ask(ctx, os.Stdout)
}

func (h *Healthcheck) ask(ctx context.Context, w io.Writer) error {
	base, err := h.base()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, h.Within)
	defer cancel()
	path := "/healthz"
	if h.Ready {
		path = "/readyz"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return fmt.Errorf("--url %q: want http://HOST:PORT", h.URL)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", base+path, errors.Unwrap(err))
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxReport)) // what came says enough
	said := verdict(h.Ready, resp.StatusCode, body)
	if resp.StatusCode != http.StatusOK {
		return errors.New(said)
	}
	_, err = fmt.Fprintln(w, said)
	return err
}

// base is where to ask. An address that listens everywhere is asked on the loopback.
func (h *Healthcheck) base() (string, error) {
	if h.URL != "" {
		u, err := url.Parse(h.URL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return "", fmt.Errorf("--url %q: want http://HOST:PORT", h.URL)
		}
		return strings.TrimRight(h.URL, "/"), nil
	}
	host, port, err := net.SplitHostPort(h.OpsAddr)
	if err != nil {
		return "", fmt.Errorf("--ops-addr %q: want HOST:PORT", h.OpsAddr)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// verdict is the one line: what is well, or what is not.
func verdict(ready bool, status int, body []byte) string {
	switch {
	case status == http.StatusOK && ready:
		return "ready"
	case status == http.StatusOK:
		return "alive"
	}
	var report run.Report
	if err := json.Unmarshal(body, &report); err != nil || !ready {
		return fmt.Sprintf("unhealthy: answered %d %s", status, http.StatusText(status))
	}
	if report.Draining {
		return "not ready: it is stopping"
	}
	var failed []string
	for _, check := range report.Checks {
		if check.Result != run.ResultOK {
			failed = append(failed, check.Name+" "+check.Result)
		}
	}
	if len(failed) == 0 {
		return "not ready: it is still starting"
	}
	return "not ready: " + strings.Join(failed, ", ")
}
