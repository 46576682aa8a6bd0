// Package suite is what the platform must do on a real cluster, step by step.
//
// A run builds the images of this tree and of the version before, brings a cluster up and installs
// the chart the way an administrator does: with helm, kubectl and the program's own commands. Each
// step asserts something and prints one line with its seconds. Steps that load the installation
// compare in the end what was acknowledged with what is stored (package ledger).
package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/deploy/e2e/cluster"
)

// Settings of a run.
type Settings struct {
	Root     string // of the source tree
	Work     string // folder for all that is made; its content goes
	Shared   string // folder with the kube kit
	Kube     string // kit or kind
	Steps    []string
	Faults   bool
	Present  string // commit to try; empty: the files as they are
	Previous string // commit to upgrade from; empty: found by its migrations
	Rate     int    // requests a second
	Keep     bool   // leave the cluster and the folder
	Reuse    bool   // take the cluster, images and installation that an earlier run kept
	Out      io.Writer
}

// step is one line of the log.
type step struct {
	name  string
	what  string
	do    func(*Suite, context.Context) (string, error)
	usual bool // part of a run where nobody chose steps
}

// steps in their order. All begin from an installation that runs.
var steps = []step{
	{"install", "helm install", (*Suite).install, true},
	{"test", "helm test", (*Suite).helmTest, true},
	{"walkthrough", "a school's year through the Service", (*Suite).walkthrough, true},
	{"upgrade", "helm upgrade under load", (*Suite).upgrade, true},
	{"rollback", "helm rollback under load, and upgrade again", (*Suite).rollback, true},
	{"scale", "each service 1 -> 3 -> 1 under load", (*Suite).scale, true},
	{"pods", "pods are killed under load", (*Suite).killPods, true},
	{"drain", "a node is drained under load", (*Suite).drain, true},
	{"power", "a node is powered off under load", (*Suite).powerOff, true},
	{"nats", "NATS is killed under load", (*Suite).killNATS, true},
	{"database", "PostgreSQL is killed under load", (*Suite).killDatabase, true},
	{"backup", "backup under load, restore into an empty release", (*Suite).backup, true},
	{"uninstall", "helm uninstall", (*Suite).uninstall, true},
	{"state", "as a state has it: NATS of three, two pods each, TLS", (*Suite).state, true},
	{"faults", "faults planted in the chart are found", (*Suite).faults, false},
}

// Suite is a run.
type Suite struct {
	Settings
	cluster cluster.Cluster
	self    string // this program
	program string // tandem, of this tree

	at        string     // namespace of the installation that steps are about
	authority *authority // who signed its certificates; nil: it has none
	previous  release    // what the first installation is
	present   release
	installed release // what runs now
	begun     time.Time
}

// release is a version of chart and image.
type release struct {
	tag   string
	chart string
}

// Run plays the steps and stops at the first that fails.
func Run(ctx context.Context, s Settings) error {
	chosen, err := choose(s.Steps, s.Faults)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := &Suite{Settings: s, self: self, begun: time.Now(), at: home}
	r.cluster, err = cluster.New(s.Kube, cluster.Settings{Shared: s.Shared, Work: s.Work})
	if err != nil {
		return err
	}
	if !s.Keep {
		defer r.end()
	}
	if err := r.prepare(ctx, chosen); err != nil {
		return err
	}
	for _, step := range chosen {
		if err := r.play(ctx, step.name, step.what, func(ctx context.Context) (string, error) { return step.do(r, ctx) }); err != nil {
			return err
		}
	}
	r.say("passed in %d s", int(time.Since(r.begun).Seconds()))
	return nil
}

// choose are the steps that are asked for; all usual ones without a choice.
func choose(names []string, faults bool) ([]step, error) {
	var chosen []step
	for _, name := range names {
		if !slices.ContainsFunc(steps, func(s step) bool { return s.name == name }) {
			return nil, fmt.Errorf("STEPS: there is no step %q; there are %s", name, stepNames())
		}
	}
	for _, s := range steps {
		if slices.Contains(names, s.name) || len(names) == 0 && s.usual || faults && s.name == "faults" {
			chosen = append(chosen, s)
		}
	}
	return chosen, nil
}

func stepNames() string {
	var names []string
	for _, s := range steps {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

// prepare builds, brings the cluster up and installs where the steps do not begin with that.
func (r *Suite) prepare(ctx context.Context, chosen []step) error {
	has := func(name string) bool {
		return slices.ContainsFunc(chosen, func(s step) bool { return s.name == name })
	}
	if r.Reuse {
		return r.remember()
	}
	if err := errors.Join(os.RemoveAll(r.Work), os.MkdirAll(r.Work, 0o755)); err != nil { //nolint:gosec // PostgreSQL's user looks in
		return err
	}
	before := []step{{name: "build", what: "images of this tree, the version before and NATS", do: (*Suite).build}, {name: "cluster", what: "two nodes and PostgreSQL", do: (*Suite).up}}
	if !has("install") && !has("faults") {
		before = append(before, steps[0])
	}
	r.installed = release{}
	for _, s := range before {
		if s.name == "build" && !has("upgrade") {
			r.previous = release{tag: "none"}
		}
		if err := r.play(ctx, s.name, s.what, func(ctx context.Context) (string, error) { return s.do(r, ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// play runs a step and prints its line.
func (r *Suite) play(ctx context.Context, name, what string, do func(context.Context) (string, error)) error {
	begun := time.Now()
	saw, err := do(ctx)
	if err != nil {
		r.say("%-12s %-48s %4d s  FAILED", name, what, int(time.Since(begun).Seconds()))
		r.collect(context.WithoutCancel(ctx))
		return fmt.Errorf("%s: %w", name, err)
	}
	r.say("%-12s %-48s %4d s  %s", name, what, int(time.Since(begun).Seconds()), strings.ReplaceAll(saw, "\n", "\n"+strings.Repeat(" ", 70)))
	return nil
}

func (r *Suite) say(format string, args ...any) { _, _ = fmt.Fprintf(r.Out, format+"\n", args...) }

// up starts the cluster and the database, and brings the images to the nodes.
func (r *Suite) up(ctx context.Context) (string, error) {
	if err := r.cluster.Up(ctx); err != nil {
		return "", err
	}
	if err := r.cluster.Database().Start(ctx); err != nil {
		return "", err
	}
	images, err := filepath.Glob(filepath.Join(r.Work, "images", "*.tar"))
	if err != nil {
		return "", err
	}
	for _, tar := range images {
		if err := r.cluster.LoadImage(ctx, tar); err != nil {
			return "", err
		}
	}
	version, err := r.kubectl(ctx, "get", "nodes", "-o", "jsonpath={.items[0].status.nodeInfo.kubeletVersion}")
	return "Kubernetes " + version, err
}

// end takes down what this run has started.
func (r *Suite) end() {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	if err := r.cluster.Down(ctx); err != nil {
		r.say("the cluster does not go: %v", err)
	}
}
