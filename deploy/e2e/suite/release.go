package suite

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/deploy/e2e/cluster"
)

const (
	home        = "tandem" // the installation that most steps are about
	releaseName = "tandem"
	ownerRole   = "tandem"
	// ownerPassword is of a database that ends with the run.
	ownerPassword = "owner-of-a-test-and-nothing-else"
	imageUser     = 65532

	installWithin = 4 * time.Minute
)

// components that run as Deployments.
var components = []string{"gateway", "schools", "assessments", "evidence", "badges"}

func (r *Suite) kubectl(ctx context.Context, args ...string) (string, error) {
	return cluster.Run(r.cluster.Outside(ctx, "kubectl", args...))
}

// inRelease runs kubectl in the namespace of the installation.
func (r *Suite) inRelease(ctx context.Context, args ...string) (string, error) {
	return r.kubectl(ctx, append([]string{"-n", r.at}, args...)...)
}

// apply gives objects to kubectl.
func (r *Suite) apply(ctx context.Context, ns, objects string) error {
	cmd := r.cluster.Outside(ctx, "kubectl", "-n", ns, "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(objects)
	_, err := cluster.Run(cmd)
	return err
}

// helm installs or upgrades to a version.
func (r *Suite) helm(ctx context.Context, v release, more ...string) error {
	overlay := filepath.Join(r.Work, "values.yaml")
	if err := os.WriteFile(overlay, []byte(r.cluster.Values()+"\n"), 0o600); err != nil {
		return err
	}
	args := append([]string{
		"upgrade", "--install", releaseName, v.chart, "--namespace", r.at, "--values", filepath.Join(v.chart, "values-ci.yaml"), "--values", overlay,
		"--set", "image.tag=" + v.tag, "--wait", "--wait-for-jobs", "--timeout", installWithin.String(), "--history-max", "20",
	}, more...)
	_, err := cluster.Run(r.cluster.Outside(ctx, "helm", args...))
	return err
}

// install does what the guide says: secrets from `tandem keys manifest`, volumes, the chart.
func (r *Suite) install(ctx context.Context) (string, error) {
	if err := r.site(ctx); err != nil {
		return "", err
	}
	if err := r.helm(ctx, r.previous); err != nil {
		return "", err
	}
	r.installed = r.previous
	pods, err := r.inRelease(ctx, "get", "pods", "-o", "name")
	return fmt.Sprintf("image %s, %d pods", r.previous.tag, len(strings.Fields(pods))), err
}

// uninstallRelease removes the release, and waits until it is gone.
func (r *Suite) uninstallRelease(ctx context.Context) error {
	_, err := cluster.Run(r.cluster.Outside(ctx, "helm", "uninstall", releaseName, "--namespace", r.at, "--wait", "--timeout", "2m"))
	return err
}

// elsewhere does something with an installation in another namespace, whose database has the same name.
func (r *Suite) elsewhere(namespace string, do func() error) error {
	here := r.at
	defer func() { r.at = here }()
	r.at = namespace
	return do()
}

// site makes what a release finds: a namespace, a database, secrets and volumes.
func (r *Suite) site(ctx context.Context) error {
	role := fmt.Sprintf("DO $$ BEGIN CREATE ROLE %s LOGIN CREATEROLE PASSWORD '%s'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;", ownerRole, ownerPassword)
	if err := r.cluster.Database().Exec(ctx, "postgres", role); err != nil {
		return err
	}
	if err := r.cluster.Database().Exec(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %s OWNER %s", r.at, ownerRole)); err != nil {
		return err
	}
	if err := r.apply(ctx, "default", fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata:
  name: %s
  labels: {pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted}
`, r.at)); err != nil {
		return err
	}
	return errors.Join(r.secrets(ctx), r.volumes(ctx), r.open(ctx, "nats", 4222))
}

// secrets are those that the program prints, with keys that are kept in a folder.
func (r *Suite) secrets(ctx context.Context) error {
	keys := filepath.Join(r.Work, "keys")
	if _, err := os.Stat(keys); err != nil {
		for _, owner := range components {
			if _, err := cluster.Run(exec.CommandContext(ctx, r.program, "keys", "rotate", owner, "--data", keys)); err != nil { //nolint:gosec // the program
				return err
			}
		}
	}
	//nolint:gosec // the program
	printed, err := exec.CommandContext(ctx, r.program, "keys", "manifest", "--data", keys, "--namespace", r.at, "--db", r.ownerURL()).Output()
	if err != nil {
		return fmt.Errorf("tandem keys manifest: %w", err)
	}
	return r.apply(ctx, r.at, string(printed))
}

func (r *Suite) ownerURL() string {
	return "postgres://" + ownerRole + ":" + ownerPassword + "@" + r.cluster.Database().Address() + "/" + r.at + "?sslmode=disable"
}

// volumes are folders of the machine, the same on both nodes, for the claims that the chart makes.
func (r *Suite) volumes(ctx context.Context) error {
	for claim, mode := range map[string]string{
		"data-tandem-nats-0": "ReadWriteOnce", "data-tandem-nats-1": "ReadWriteOnce", "data-tandem-nats-2": "ReadWriteOnce",
		"tandem-blobs": "ReadWriteMany", backupClaim: "ReadWriteMany",
	} {
		folder := filepath.Join(r.Work, "volumes", r.at, claim)
		if err := errors.Join(os.MkdirAll(folder, 0o750), os.Chown(folder, imageUser, imageUser)); err != nil {
			return err
		}
		if err := r.apply(ctx, r.at, fmt.Sprintf(`
apiVersion: v1
kind: PersistentVolume
metadata: {name: %[1]s-%[2]s}
spec:
  capacity: {storage: 1Gi}
  accessModes: [%[3]s]
  storageClassName: ""
  persistentVolumeReclaimPolicy: Retain
  claimRef: {namespace: %[1]s, name: %[2]s}
  hostPath: {path: %[4]s, type: Directory}
`, r.at, claim, mode, folder)); err != nil {
			return err
		}
	}
	return nil
}

// open lets this test reach a port that nobody else outside may.
func (r *Suite) open(ctx context.Context, component string, port int) error {
	return r.apply(ctx, r.at, fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: e2e-reaches-%[1]s}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/component: %[1]s}}
  policyTypes: [Ingress]
  ingress: [{from: [{ipBlock: {cidr: %[2]s}}], ports: [{port: %[3]d}]}]
`, component, r.cluster.Outsider(), port))
}

// natsURL has the user and password of the secret.
func (r *Suite) natsURL(ctx context.Context) (string, error) {
	raw, err := r.inRelease(ctx, "get", "secret", "tandem-nats", "-o", "json")
	if err != nil {
		return "", err
	}
	var secret struct{ Data map[string]string }
	if err := json.Unmarshal([]byte(raw), &secret); err != nil {
		return "", err
	}
	user, err := base64.StdEncoding.DecodeString(secret.Data["user"])
	if err != nil {
		return "", err
	}
	password, err := base64.StdEncoding.DecodeString(secret.Data["password"])
	if err != nil {
		return "", err
	}
	host, err := r.cluster.Host(ctx, r.at, "tandem-nats")
	return fmt.Sprintf("nats://%s:%s@%s:4222", user, password, host), err
}

// url is the gateway's Service.
func (r *Suite) url(ctx context.Context) (string, error) {
	host, err := r.cluster.Host(ctx, r.at, "tandem-gateway")
	return "http://" + host, err
}

// helmTest runs the chart's own test.
func (r *Suite) helmTest(ctx context.Context) (string, error) {
	_, err := cluster.Run(r.cluster.Outside(ctx, "helm", "test", releaseName, "--namespace", r.at, "--timeout", "2m"))
	return "", err
}

// walkthrough plays a year and returns its last line.
func (r *Suite) walkthrough(ctx context.Context) (string, error) {
	host, err := r.cluster.Host(ctx, r.at, "tandem-gateway")
	if err != nil {
		return "", err
	}
	out, err := cluster.Run(r.cluster.Inside(ctx, r.self, "through", host+":80",
		r.program, "walkthrough", "--url", "{url}", "--out", filepath.Join(r.Work, "walkthrough")))
	return lastLine(out), err
}

// settled waits until all Deployments have what they want.
func (r *Suite) settled(ctx context.Context) error {
	for _, name := range components {
		if _, err := r.inRelease(ctx, "rollout", "status", "deployment/tandem-"+name, "--timeout=120s"); err != nil {
			return err
		}
	}
	_, err := r.inRelease(ctx, "rollout", "status", "statefulset/tandem-nats", "--timeout=120s")
	return err
}

// collect keeps what explains a failure.
func (r *Suite) collect(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	folder := filepath.Join(r.Work, "failure")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return
	}
	keep := func(name string, args ...string) {
		text, _ := r.kubectl(ctx, args...)
		_ = os.WriteFile(filepath.Join(folder, name+".txt"), []byte(text), 0o600)
	}
	keep("objects", "get", "all,jobs,pvc,networkpolicy", "-A", "-o", "wide")
	keep("events", "get", "events", "-A", "--sort-by=.lastTimestamp")
	keep("pods", "describe", "pods", "-A")
	pods, _ := r.kubectl(ctx, "get", "pods", "-A", "-l", "app.kubernetes.io/instance="+releaseName, "-o", `jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}`)
	for _, pod := range strings.Fields(pods) {
		ns, name, _ := strings.Cut(pod, "/")
		keep(ns+"-"+name, "-n", ns, "logs", name, "--all-containers", "--tail=2000")
		keep(ns+"-"+name+"-before", "-n", ns, "logs", name, "--all-containers", "--previous", "--tail=500")
	}
	r.say("logs of the pods are in %s", folder)
}
