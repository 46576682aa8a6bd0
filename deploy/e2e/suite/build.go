package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tandem-badges/tandem/deploy/e2e/cluster"
)

// Repositories of the images, as values-ci.yaml has them.
const (
	imageName = "localhost/tandem"
	natsImage = "localhost/nats:dev"

	reloaderImage = "localhost/reloader:dev" // of the step state
)

// build makes the images. Each version is built from a copy of its files, by its own script.
func (r *Suite) build(ctx context.Context) (string, error) {
	skipsPrevious := r.previous.tag != ""
	if err := os.MkdirAll(filepath.Join(r.Work, "images"), 0o750); err != nil {
		return "", err
	}
	var err error
	if err = r.copySource(ctx, "present", r.Present); err != nil {
		return "", err
	}
	if r.present, err = r.buildSource(ctx, "present"); err != nil {
		return "", err
	}
	r.program = filepath.Join(r.source("present"), "bin", "linux-amd64", "tandem")
	if err := errors.Join(r.buildNATS(ctx), r.buildReloader(ctx)); err != nil {
		return "", err
	}
	saw := ""
	if skipsPrevious {
		r.previous = r.present
	} else if saw, err = r.buildPrevious(ctx); err != nil {
		return "", err
	}
	return saw, r.keepVersions()
}

func (r *Suite) source(name string) string { return filepath.Join(r.Work, "source", name) }

// Shell scripts that copy the files of a tree, those too that are not committed yet, or of a commit.
const (
	copyTree = `mkdir -p "$1" && git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d "" f; do
		[ ! -e "$f" ] || printf '%s\0' "$f"; done | tar -c --null -T - | tar -x -C "$1"`
	copyCommit = `mkdir -p "$1" && git archive "$2" | tar -x -C "$1"`
)

// copySource copies this tree, or a commit where one is given.
func (r *Suite) copySource(ctx context.Context, name, commit string) error {
	script := copyTree
	if commit != "" {
		script = copyCommit
	}
	cmd := exec.CommandContext(ctx, "bash", "-o", "pipefail", "-c", script, "copy", r.source(name), commit) //nolint:gosec // our own folders
	cmd.Dir = r.Root
	_, err := cluster.Run(cmd)
	return err
}

// buildSource builds the image of a copy of the files for this machine, and names it after the copy.
func (r *Suite) buildSource(ctx context.Context, name string) (release, error) {
	folder := r.source(name)
	cmd := exec.CommandContext(ctx, filepath.Join(folder, "deploy", "image", "build.sh"), name) //nolint:gosec // our own copy
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "ARCHITECTURES=amd64", "SOURCE_DATE_EPOCH=0", "REVISION="+name)
	if _, err := cluster.Run(cmd); err != nil {
		return release{}, err
	}
	tar := filepath.Join(r.Work, "images", name+".tar")
	if err := retag(filepath.Join(folder, "bin", "tandem-image-amd64.tar"), tar, imageName+":"+name); err != nil {
		return release{}, err
	}
	return release{tag: name, chart: filepath.Join(folder, "charts", "tandem")}, nil
}

// buildNATS puts a server from its Go module into an image from scratch.
func (r *Suite) buildNATS(ctx context.Context) error {
	program := filepath.Join(r.Work, "nats-server")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "github.com/nats-io/nats-server/v2") //nolint:gosec // our own folder
	cmd.Dir = filepath.Join(r.source("present"), "services", "tandem")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if _, err := cluster.Run(cmd); err != nil {
		return err
	}
	return scratchImage(filepath.Join(r.Work, "images", "nats.tar"), natsImage, program, "/nats-server")
}

// buildReloader builds what stands in for the image that tells NATS of changed files.
func (r *Suite) buildReloader(ctx context.Context) error {
	program := filepath.Join(r.Work, "reloader")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./reloader") //nolint:gosec // our own folder
	cmd.Dir = filepath.Join(r.Root, "deploy", "e2e")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if _, err := cluster.Run(cmd); err != nil {
		return err
	}
	return scratchImage(filepath.Join(r.Work, "images", "reloader.tar"), reloaderImage, program, "/reloader")
}

// buildPrevious builds the version to upgrade from: the parent of the last commit that touched a
// migration, so that at least one lies between. Where no such version runs in this chart, the
// present one is the version before, and what it is upgraded to has one more migration.
func (r *Suite) buildPrevious(ctx context.Context) (string, error) {
	commit := r.Previous
	if commit == "" {
		commit = r.lastBeforeMigration(ctx)
	}
	if commit == "" {
		return r.buildNext(ctx)
	}
	if err := r.copySource(ctx, "previous", commit); err != nil {
		return "", err
	}
	var err error
	r.previous, err = r.buildSource(ctx, "previous")
	return "previous: " + commit[:min(12, len(commit))], err
}

// lastBeforeMigration is empty where that version does not run in a cluster.
func (r *Suite) lastBeforeMigration(ctx context.Context) string {
	git := func(args ...string) string {
		cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // our own commands
		cmd.Dir = r.Root
		text, err := cluster.Run(cmd)
		if err != nil {
			return ""
		}
		return text
	}
	last := git("log", "-1", "--format=%H", "--", "*/migrations/*.sql")
	parent := git("rev-parse", "--verify", "--quiet", last+"^")
	if last == "" || parent == "" || git("ls-tree", "--name-only", parent, "charts/tandem/templates/gateway/deployment.yaml", "charts/tandem/values-ci.yaml") == "" {
		return ""
	}
	return parent
}

// A column that nobody reads, as the first half of a change in two releases is.
const nextMigration = "-- +goose Up\nALTER TABLE schools ADD COLUMN next_release TEXT;\n\n-- +goose Down\nALTER TABLE schools DROP COLUMN next_release;\n"

// buildNext makes the present version the previous, and the next one the present.
func (r *Suite) buildNext(ctx context.Context) (string, error) {
	r.previous = r.present
	copyAll := exec.CommandContext(ctx, "cp", "-a", r.source("present"), r.source("next")) //nolint:gosec // our own folders
	if _, err := cluster.Run(copyAll); err != nil {
		return "", err
	}
	for _, dialect := range []string{"postgres", "sqlite"} {
		folder := filepath.Join(r.source("next"), "services", "schools", "internal", "store", "migrations", dialect)
		there, err := filepath.Glob(filepath.Join(folder, "*.sql"))
		if err != nil || len(there) == 0 {
			return "", errors.Join(err, fmt.Errorf("no migrations in %s", folder))
		}
		name := fmt.Sprintf("%05d_next_release.sql", len(there)+1)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(nextMigration), 0o600); err != nil {
			return "", err
		}
	}
	var err error
	r.present, err = r.buildSource(ctx, "next")
	return "no version before this one runs in the chart: upgrading to this one with one more migration", err
}

// keepVersions notes what was built, for a run that goes on with it.
func (r *Suite) keepVersions() error {
	text := strings.Join([]string{r.previous.tag, r.previous.chart, r.present.tag, r.present.chart, r.program}, "\n")
	return os.WriteFile(filepath.Join(r.Work, "versions"), []byte(text), 0o600)
}

// remember takes up what an earlier run has left.
func (r *Suite) remember() error {
	raw, err := os.ReadFile(filepath.Join(r.Work, "versions"))
	if err != nil {
		return fmt.Errorf("REUSE: there is no earlier run: %w", err)
	}
	lines := strings.Split(string(raw), "\n")
	r.previous, r.present, r.program = release{lines[0], lines[1]}, release{lines[2], lines[3]}, lines[4]
	r.installed = r.present
	return r.cluster.Database().Start(context.Background())
}
