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
	namespace   = "tandem"
	releaseName = "tandem"
	database    = "tandem"
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
	return r.kubectl(ctx, append([]string{"-n", namespace}, args...)...)
}

// apply gives objects to kubectl.
func (r *Suite) apply(ctx context.Context, ns, objects string) error {
	cmd := r.cluster.Outside(ctx, "kubectl", "-n", ns, "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(objects)
	_, err := cluster.Run(cmd)
	return err
}

// helm installs or upgrades to a version.
func (r *Suite) helm(ctx context.Context, ns string, v release, more ...string) error {
	overlay := filepath.Join(r.Work, "values.yaml")
	if err := os.WriteFile(overlay, []byte(r.cluster.Values()+"\n"), 0o600); err != nil {
		return err
	}
	args := append([]string{
		"upgrade", "--install", releaseName, v.chart, "--namespace", ns, "--values", filepath.Join(v.chart, "values-ci.yaml"), "--values", overlay,
		"--set", "image.tag=" + v.tag, "--wait", "--wait-for-jobs", "--timeout", installWithin.String(), "--history-max", "20",
	}, more...)
	_, err := cluster.Run(r.cluster.Outside(ctx, "helm", args...))
	return err
}

// install does what the guide says: secrets from `tandem keys manifest`, volumes, the chart.
func (r *Suite) install(ctx context.Context) (string, error) {
	if err := r.site(ctx, namespace, database); err != nil {
		return "", err
	}
	if err := r.helm(ctx, namespace, r.previous); err != nil {
		return "", err
	}
	r.installed = r.previous
	pods, err := r.inRelease(ctx, "get", "pods", "-o", "name")
	return fmt.Sprintf("image %s, %d pods", r.previous.tag, len(strings.Fields(pods))), err
}

// site makes what a release finds: a namespace, a database, secrets and volumes.
func (r *Suite) site(ctx context.Context, ns, db string) error {
	role := fmt.Sprintf("DO $$ BEGIN CREATE ROLE %s LOGIN CREATEROLE PASSWORD '%s'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;", ownerRole, ownerPassword)
	if err := r.cluster.Database().Exec(ctx, "postgres", role); err != nil {
		return err
	}
	if err := r.cluster.Database().Exec(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %s OWNER %s", db, ownerRole)); err != nil {
		return err
	}
	if err := r.apply(ctx, "default", fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata:
  name: %s
  labels: {pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted}
`, ns)); err != nil {
		return err
	}
	return errors.Join(r.secrets(ctx, ns, db), r.volumes(ctx, ns), r.readersOfStreams(ctx, ns))
}

// secrets are those that the program prints, with keys that are kept in a folder.
func (r *Suite) secrets(ctx context.Context, ns, db string) error {
	keys := filepath.Join(r.Work, "keys")
	if _, err := os.Stat(keys); err != nil {
		for _, owner := range components {
			if _, err := cluster.Run(exec.CommandContext(ctx, r.program, "keys", "rotate", owner, "--data", keys)); err != nil { //nolint:gosec // the program
				return err
			}
		}
	}
	//nolint:gosec // the program
	printed, err := exec.CommandContext(ctx, r.program, "keys", "manifest", "--data", keys, "--namespace", ns, "--db", r.ownerURL(db)).Output()
	if err != nil {
		return fmt.Errorf("tandem keys manifest: %w", err)
	}
	return r.apply(ctx, ns, string(printed))
}

func (r *Suite) ownerURL(db string) string {
	return "postgres://" + ownerRole + ":" + ownerPassword + "@" + r.cluster.Database().Address() + "/" + db + "?sslmode=disable"
}

// volumes are folders of the machine, the same on both nodes, for the claims that the chart makes.
func (r *Suite) volumes(ctx context.Context, ns string) error {
	for claim, mode := range map[string]string{"data-tandem-nats-0": "ReadWriteOnce", "tandem-blobs": "ReadWriteMany", backupClaim: "ReadWriteMany"} {
		folder := filepath.Join(r.Work, "volumes", ns, claim)
		if err := errors.Join(os.MkdirAll(folder, 0o750), os.Chown(folder, imageUser, imageUser)); err != nil {
			return err
		}
		if err := r.apply(ctx, ns, fmt.Sprintf(`
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
`, ns, claim, mode, folder)); err != nil {
			return err
		}
	}
	return nil
}

// readersOfStreams lets this test read the streams, which nobody else outside may.
func (r *Suite) readersOfStreams(ctx context.Context, ns string) error {
	return r.apply(ctx, ns, fmt.Sprintf(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: e2e-reads-streams}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/component: nats}}
  policyTypes: [Ingress]
  ingress: [{from: [{ipBlock: {cidr: %s}}], ports: [{port: 4222}]}]
`, r.cluster.Outsider()))
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
	host, err := r.cluster.Host(ctx, namespace, "tandem-nats")
	return fmt.Sprintf("nats://%s:%s@%s:4222", user, password, host), err
}

// url is the gateway's Service.
func (r *Suite) url(ctx context.Context) (string, error) {
	host, err := r.cluster.Host(ctx, namespace, "tandem-gateway")
	return "http://" + host, err
}

// helmTest runs the chart's own test.
func (r *Suite) helmTest(ctx context.Context) (string, error) {
	_, err := cluster.Run(r.cluster.Outside(ctx, "helm", "test", releaseName, "--namespace", namespace, "--timeout", "2m"))
	return "", err
}

// walkthrough plays a year and returns its last line.
func (r *Suite) walkthrough(ctx context.Context) (string, error) { return r.playYear(ctx, namespace) }

func (r *Suite) playYear(ctx context.Context, ns string) (string, error) {
	host, err := r.cluster.Host(ctx, ns, "tandem-gateway")
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
	keep("pods", "describe", "pods", "-n", namespace)
	names, _ := r.inRelease(ctx, "get", "pods", "-o", "jsonpath={.items[*].metadata.name}")
	for _, pod := range strings.Fields(names) {
		keep(pod, "-n", namespace, "logs", pod, "--all-containers", "--tail=2000")
		keep(pod+"-before", "-n", namespace, "logs", pod, "--all-containers", "--previous", "--tail=500")
	}
	r.say("logs of the pods are in %s", folder)
}
