package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// faultWithin bounds how long a broken installation may seem to work.
const faultWithin = 100 * time.Second

// fault is a mistake in a template that reads well.
type fault struct {
	name       string
	file       string // of templates, found below the folder
	good, evil string
}

var planted = []fault{
	{"wrong port", "_env.tpl", `value: ":9000"`, `value: ":9009"`},
	{"missing variable", "_env.tpl", "- name: TANDEM_NATS\n", "- name: TANDEM_NAT\n"},
	{"too strict a policy", "_networkpolicy.tpl", `"port" 9000)`, `"port" 9001)`},
}

// faults plants each in a copy of the chart, which install, helm test or walkthrough must then find.
func (r *Suite) faults(ctx context.Context) (string, error) {
	_ = r.uninstallRelease(ctx)
	if _, err := r.kubectl(ctx, "get", "namespace", r.at); err != nil {
		if err := r.site(ctx); err != nil {
			return "", err
		}
	}
	// Without a fault all is well in this time, or the others would prove nothing.
	if by, err := r.plant(ctx, fault{name: "none"}); err == nil {
		return "", fmt.Errorf("the chart as it is does not pass %s within %s", by, faultWithin)
	}
	var lines []string
	for _, f := range planted {
		by, err := r.plant(ctx, f)
		if err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprintf("%s: found by %s", f.name, by))
	}
	return strings.Join(lines, "\n"), nil
}

// plant installs the broken chart and returns what has found the fault.
func (r *Suite) plant(ctx context.Context, f fault) (string, error) {
	broken := release{tag: r.present.tag, chart: filepath.Join(r.Work, "broken")}
	if err := errors.Join(os.RemoveAll(broken.chart), os.CopyFS(broken.chart, os.DirFS(r.present.chart))); err != nil {
		return "", err
	}
	if err := change(broken.chart, f); err != nil && f.good != "" {
		return "", err
	}
	defer func() { _ = r.uninstallRelease(ctx) }()
	if err := r.helm(ctx, broken, "--timeout", faultWithin.String()); err != nil {
		return "helm install", nil
	}
	if _, err := r.helmTest(ctx); err != nil {
		return "helm test", nil
	}
	bounded, stop := context.WithTimeout(ctx, faultWithin)
	defer stop()
	if _, err := r.walkthrough(bounded); err != nil {
		return "the walkthrough", nil
	}
	return "", fmt.Errorf("%s: nothing has found it", f.name)
}

// change makes the mistake, wherever in the templates the text is.
func change(chart string, f fault) error {
	var at string
	err := filepath.WalkDir(filepath.Join(chart, "templates"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), f.good) && (at == "" || filepath.Base(path) == f.file) { //nolint:gosec // our own copy
				at = path
			}
		}
		return err
	})
	if err != nil || at == "" || f.good == "" {
		return errors.Join(err, fmt.Errorf("%s: the chart has no %q any more", f.name, f.good))
	}
	text, err := os.ReadFile(at) //nolint:gosec // our own copy
	if err != nil {
		return err
	}
	return os.WriteFile(at, []byte(strings.ReplaceAll(string(text), f.good, f.evil)), 0o600) //nolint:gosec // our own copy
}
