package doctor

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/config"
)

// linked are variables that Kubernetes makes of services named tandem-...
var linked = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP)(_[A-Z]+)?)?)$`)

// lookAtSettings says whether a start would take the settings.
func (e *examination) lookAtSettings(_ context.Context, n *notes) {
	for _, complaint := range each(e.complaints) {
		name, _, named := strings.Cut(complaint.Error(), " ")
		if !named || !strings.HasPrefix(name, "--") {
			name = "settings"
		}
		n.fail(strings.Trim(name, ":,"), "Change the setting as it says; docs/configuration.md lists all of them.", "%v", complaint)
	}
	if e.complaints == nil {
		n.ok("settings", "fit together; here runs %s", strings.Join(e.targets, ", "))
	}
	for _, name := range e.Environment {
		if strings.HasPrefix(name, config.EnvPrefix) && !slices.Contains(e.Known, name) && !linked.MatchString(name) {
			n.warn(name, "Look for a typing error, or take the variable away.", "no setting is called so; it has no effect")
		}
	}
	if e.Settings.Dev {
		n.warn("--dev", "Leave TANDEM_DEV out wherever people work.", "development mode: everybody may be anybody, and move the clock")
	}
	if e.Settings.ReadOnly {
		n.warn("--read-only", "Leave TANDEM_READ_ONLY out when people may work again.", "every change is refused and background work rests")
	}
}

// each takes joined errors apart.
func each(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, each(one)...)
	}
	return all
}
