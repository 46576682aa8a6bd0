package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/deploy/e2e/cluster"
)

const (
	restored    = "restored" // the second installation
	backupClaim = "e2e-backup"
	jobWithin   = 5 * time.Minute
)

// backupValues switch the chart's CronJob on, which never comes to its time.
var backupValues = []string{"--set", "backup.enabled=true,backup.volume.existingClaim=" + backupClaim, "--set-string", "backup.schedule=0 0 30 2 *"}

// noReplicas leaves databases and bus alone until they are restored.
const noReplicas = "gateway.replicas=0,schools.replicas=0,assessments.replicas=0,evidence.replicas=0,badges.replicas=0"

// backup is taken by the chart's own job while the installation is loaded, and restored into an empty
// release in a namespace of its own. What the restored tables hold is what the backup says.
func (r *Suite) backup(ctx context.Context) (string, error) {
	if err := r.claim(ctx); err != nil {
		return "", err
	}
	saw, err := r.underLoad(ctx, "backup", true, func(ctx context.Context) (string, error) {
		if err := r.helm(ctx, r.installed, backupValues...); err != nil {
			return "", err
		}
		out, err := r.job(ctx, "e2e-backup", nil)
		return lastLine(out), err
	})
	if err != nil {
		return "", err
	}
	kept, err := cluster.Run(exec.CommandContext(ctx, r.program, "backup", "show", r.backups(home))) //nolint:gosec // the program
	if err != nil {
		return "", err
	}
	var back string
	err = r.elsewhere(restored, func() (err error) {
		back, err = r.restore(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	lines, err := equalDigests(kept, back)
	return fmt.Sprintf("%s\n%d parts restored with equal digests, such as\n%s", saw, len(lines), strings.Join(lines[:min(3, len(lines))], "\n")), err
}

func (r *Suite) backups(of string) string { return filepath.Join(r.Work, "volumes", of, backupClaim) }

// claim is where backups go.
func (r *Suite) claim(ctx context.Context) error {
	return r.apply(ctx, r.at, fmt.Sprintf(`
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: %s}
spec:
  accessModes: [ReadWriteMany]
  storageClassName: ""
  volumeName: %s-%[1]s
  resources: {requests: {storage: 1Gi}}
`, backupClaim, r.at))
}

// restore makes an empty release, fills it, starts it and plays a school's year on it. It returns what
// the restoring job printed.
func (r *Suite) restore(ctx context.Context) (string, error) {
	if err := r.site(ctx); err != nil {
		return "", err
	}
	// The second site finds the backups as it would in a bucket.
	_ = os.RemoveAll(r.backups(restored))
	if _, err := cluster.Run(exec.CommandContext(ctx, "cp", "-a", r.backups(home), r.backups(restored))); err != nil { //nolint:gosec // our own folders
		return "", err
	}
	if err := r.claim(ctx); err != nil {
		return "", err
	}
	if err := r.helm(ctx, r.installed, append(backupValues, "--set", noReplicas)...); err != nil {
		return "", err
	}
	out, err := r.job(ctx, "e2e-restore", []string{"restore", "--from", "/backup"})
	if err != nil {
		return "", err
	}
	if err := r.helm(ctx, r.installed); err != nil {
		return "", fmt.Errorf("start what was restored: %w", err)
	}
	if _, err := r.walkthrough(ctx); err != nil {
		return "", fmt.Errorf("a school's year on what was restored: %w", err)
	}
	return out, r.uninstallRelease(ctx)
}

// job runs the pod of the chart's CronJob once, with other arguments where some are given, and
// returns what it printed.
func (r *Suite) job(ctx context.Context, name string, args []string) (string, error) {
	printed, err := r.inRelease(ctx, "create", "job", name, "--from=cronjob/tandem-backup", "--dry-run=client", "-o", "json")
	if err != nil {
		return "", err
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(printed), &object); err != nil {
		return "", err
	}
	if args != nil {
		containers := object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)["containers"].([]any)
		containers[0].(map[string]any)["args"] = args
	}
	object["spec"].(map[string]any)["backoffLimit"] = 0
	if err := r.apply(ctx, r.at, string(must(json.Marshal(object)))); err != nil {
		return "", err
	}
	return r.awaitJob(ctx, name)
}

func must(raw []byte, _ error) []byte { return raw } // of what was JSON a moment ago

func (r *Suite) awaitJob(ctx context.Context, name string) (string, error) {
	deadline := time.Now().Add(jobWithin)
	for {
		state, err := r.inRelease(ctx, "get", "job", name, "-o", "jsonpath={.status.succeeded} {.status.failed}")
		if err != nil {
			return "", err
		}
		if state != "" || time.Now().After(deadline) {
			out, logs := r.inRelease(ctx, "logs", "job/"+name, "--tail=-1")
			if state != "1" && state != "1 " {
				return "", errors.Join(logs, fmt.Errorf("job %s did not succeed: %s", name, out))
			}
			return out, logs
		}
		pause(ctx, time.Second)
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// equalDigests wants each line of `backup show` in what restore has printed.
func equalDigests(kept, back string) ([]string, error) {
	got := strings.Split(back, "\n")
	var lines, missing []string
	for line := range strings.SplitSeq(strings.TrimSpace(kept), "\n") {
		if line == "" {
			continue
		}
		if slices.Contains(got, line) {
			lines = append(lines, line)
		} else {
			missing = append(missing, line)
		}
	}
	if len(missing) > 0 || len(lines) == 0 {
		return lines, fmt.Errorf("%d parts are not as they were kept, such as: %s", len(missing), strings.Join(missing[:min(3, len(missing))], "; "))
	}
	return lines, nil
}
