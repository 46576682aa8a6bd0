package app

import (
	"context"
	"net/http"

	"github.com/tandem-badges/tandem/services/kit/guarded"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/readonly"
	"github.com/tandem-badges/tandem/services/kit/run"
)

// operatorHandler is what the operator's port serves: metrics and health to whoever
// reaches it, and to who knows the secret the rest.
func (a *App) operatorHandler(metrics http.Handler) http.Handler {
	return guarded.Handler(guarded.Options{
		Token: a.settings.OpsToken, Log: a.log, Level: a.logLevel, Mode: sharedMode{a},
	}, run.OperatorHandler(metrics, a.group.Readiness()))
}

// followReadOnly has the process heed the mode of the installation.
func (a *App) followReadOnly() {
	a.readOnly.Measure()
	task, check := readonly.Follow(a.bus, a.readOnly, a.log)
	a.group.Task(task)
	a.group.Check(check)
}

// sharedMode is the mode as the bus has it. The port serves while the bus is not
// connected yet.
type sharedMode struct{ app *App }

// Load reads the mode.
func (m sharedMode) Load(ctx context.Context) (readonly.State, error) {
	if m.app.group.Readiness().Starting() {
		return readonly.State{}, problem.Unavailable("bus")
	}
	return readonly.Load(ctx, m.app.bus)
}

// Store tells all processes.
func (m sharedMode) Store(ctx context.Context, s readonly.State) error {
	if m.app.group.Readiness().Starting() {
		return problem.Unavailable("bus")
	}
	return readonly.Store(ctx, m.app.bus, s)
}
