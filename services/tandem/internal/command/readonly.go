package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/readonly"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// opsTimeout bounds a call of the operator's port.
const opsTimeout = 10 * time.Second

// ReadOnly turns read-only mode of the whole installation on and off.
type ReadOnly struct {
	On     ReadOnlyOn     `cmd:"" help:"Refuse every change from now on, also after restarts, and rest background work."`
	Off    ReadOnlyOff    `cmd:"" help:"Take changes again."`
	Status ReadOnlyStatus `cmd:"" help:"Print the mode. Exit code 3: it is on."`
}

// modeSettings say where the mode is kept: on the bus, or behind the operator's port of
// a process that has the bus inside.
type modeSettings struct {
	app.StorageSettings
	app.BusSettings
	app.LogSettings
	OpsURL   string `help:"Operator's address of a running process, asked where no NATS server is named." default:"http://127.0.0.1:8081" placeholder:"URL"`
	OpsToken string `help:"Its secret." placeholder:"SECRET"`
}

// ReadOnlyOn turns it on.
type ReadOnlyOn struct {
	modeSettings
	Reason string    `help:"What people are told, in one or two sentences." required:"" placeholder:"TEXT"`
	Until  time.Time `help:"When people are told that it ends, e.g. 2026-12-01T06:00:00Z. It does not end by itself." format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME"`
}

// Run turns it on and says what is in force.
func (r *ReadOnlyOn) Run(ctx context.Context) error {
	return r.change(ctx, readonly.State{On: true, Reason: r.Reason, Until: r.Until, Since: time.Now().UTC().Truncate(time.Second)})
}

// ReadOnlyOff turns it off.
type ReadOnlyOff struct{ modeSettings }

// Run turns it off.
func (r *ReadOnlyOff) Run(ctx context.Context) error { return r.change(ctx, readonly.State{}) }

// ReadOnlyStatus prints it.
type ReadOnlyStatus struct{ modeSettings }

// onExit is the exit code of the status of an installation in the mode.
const onExit = 3

// Run prints the mode.
func (r *ReadOnlyStatus) Run(ctx context.Context) error {
	var s readonly.State
	err := r.with(ctx, func(m keptMode) (err error) {
		s, err = m.Load(ctx)
		return err
	})
	if err != nil {
		return err
	}
	printMode(os.Stdout, s)
	if s.On {
		return ExitError{Code: onExit}
	}
	return nil
}

func (s *modeSettings) change(ctx context.Context, to readonly.State) error {
	if err := to.Check(time.Now()); err != nil {
		return fmt.Errorf("--reason, --until: %w", err)
	}
	if err := s.with(ctx, func(m keptMode) error { return m.Store(ctx, to) }); err != nil {
		return err
	}
	printMode(os.Stdout, to)
	return nil
}

func printMode(w io.Writer, s readonly.State) {
	if !s.On {
		fmt.Fprintln(w, "read-only mode is off")
		return
	}
	fmt.Fprintln(w, "read-only mode is on:", s.Reason)
	if !s.Since.IsZero() {
		fmt.Fprintln(w, "since", s.Since.UTC().Format(time.RFC3339))
	}
	if !s.Until.IsZero() {
		fmt.Fprintln(w, "people are told that it ends at", s.Until.UTC().Format(time.RFC3339)+"; it stays on until `tandem read-only off`")
	}
}

// keptMode is the mode where it is kept.
type keptMode interface {
	Load(ctx context.Context) (readonly.State, error)
	Store(ctx context.Context, s readonly.State) error
}

// with opens where the mode is kept.
func (s *modeSettings) with(ctx context.Context, fn func(keptMode) error) error {
	if s.NATS == "" {
		return fn(opsMode{url: strings.TrimRight(s.OpsURL, "/") + "/read-only", token: s.OpsToken})
	}
	log, logFile, err := openLog(s.LogSettings)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	b, closeBus, err := app.OpenBus(ctx, s.StorageSettings, s.BusSettings, 0, log.Logger)
	if err != nil {
		return err
	}
	defer closeBus()
	return fn(busMode{b})
}

// busMode is the mode on the bus.
type busMode struct{ settings readonly.Settings }

func (m busMode) Load(ctx context.Context) (readonly.State, error) {
	return readonly.Load(ctx, m.settings)
}

func (m busMode) Store(ctx context.Context, s readonly.State) error {
	return readonly.Store(ctx, m.settings, s)
}

// opsMode is the mode behind an operator's port.
type opsMode struct{ url, token string }

func (m opsMode) Load(ctx context.Context) (s readonly.State, err error) {
	return s, m.call(ctx, http.MethodGet, nil, &s)
}

func (m opsMode) Store(ctx context.Context, s readonly.State) error {
	return m.call(ctx, http.MethodPut, s, &s)
}

func (m opsMode) call(ctx context.Context, method string, send any, into *readonly.State) error {
	if m.token == "" {
		return errors.New("--ops-token: without a NATS server (--nats) the running process is asked, which wants the secret that it was started with as TANDEM_OPS_TOKEN")
	}
	body, err := json.Marshal(send)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, opsTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, m.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("--ops-url: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("--ops-url: no process answers; one that is stopped starts in the mode with TANDEM_READ_ONLY=true: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	return readMode(resp, into)
}

func readMode(resp *http.Response, into *readonly.State) error {
	switch resp.StatusCode {
	case http.StatusOK:
		return json.NewDecoder(resp.Body).Decode(into)
	case http.StatusNotFound:
		return errors.New("--ops-url: the process serves no operator's endpoints; start it with TANDEM_OPS_TOKEN")
	}
	var said struct{ Error string }
	_ = json.NewDecoder(io.LimitReader(resp.Body, 1<<12)).Decode(&said)
	return fmt.Errorf("--ops-url: %s: %s", resp.Status, said.Error)
}
