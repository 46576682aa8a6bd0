package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	kindName     = "tandem-e2e"
	kindDatabase = "tandem-e2e-postgres"
	kindImage    = "postgres:17"
)

// kindConfig is a cluster of a control plane and two nodes. The folder of the run is mounted at the
// same path, so that programs inside find what programs outside wrote.
const kindConfig = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: ` + kindName + `
nodes:
  - role: control-plane
    extraMounts: [{hostPath: %[1]s, containerPath: %[1]s}]
  - role: worker
    extraMounts: [{hostPath: %[1]s, containerPath: %[1]s}]
  - role: worker
    extraMounts: [{hostPath: %[1]s, containerPath: %[1]s}]
`

// kindCluster is a cluster whose nodes are Docker containers. PostgreSQL is a container beside them.
type kindCluster struct {
	Settings
	address string // of the database
}

func (k *kindCluster) Up(ctx context.Context) error {
	for _, program := range []string{"docker", "kind", "kubectl", "helm"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("KUBE=kind needs %s: %w", program, err)
		}
	}
	_ = k.Down(ctx)
	config := filepath.Join(k.Work, "kind.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, kindConfig, k.Work), 0o600); err != nil {
		return err
	}
	_, err := Run(exec.CommandContext(ctx, "kind", "create", "cluster", "--config", config, "--wait", "3m")) //nolint:gosec // our own file
	return err
}

func (k *kindCluster) Down(ctx context.Context) error {
	_, _ = Run(exec.CommandContext(ctx, "docker", "rm", "-f", "-v", kindDatabase))
	_, err := Run(exec.CommandContext(ctx, "kind", "delete", "cluster", "--name", kindName))
	return err
}

func (k *kindCluster) LoadImage(ctx context.Context, tar string) error {
	_, err := Run(exec.CommandContext(ctx, "kind", "load", "image-archive", tar, "--name", kindName)) //nolint:gosec // our own image
	return err
}

func (k *kindCluster) Outside(ctx context.Context, name string, args ...string) *exec.Cmd {
	if name == "helm" {
		args = append([]string{"--kube-context", "kind-" + kindName}, args...)
	} else {
		args = append([]string{"--context", "kind-" + kindName}, args...)
	}
	return exec.CommandContext(ctx, name, args...) //nolint:gosec // kubectl and helm
}

// Inside runs the program in the container of the control plane. Signals do not reach it there:
// `load` ends when its standard input does.
func (k *kindCluster) Inside(ctx context.Context, name string, args ...string) *exec.Cmd {
	all := append([]string{"exec", "-i", kindName + "-control-plane", name}, args...)
	return exec.CommandContext(ctx, "docker", all...) //nolint:gosec // our own programs
}

func (k *kindCluster) SecondNode() string { return kindName + "-worker2" }

func (k *kindCluster) PowerOff(ctx context.Context) error {
	_, err := Run(exec.CommandContext(ctx, "docker", "kill", k.SecondNode())) //nolint:gosec // a fixed name
	return err
}

func (k *kindCluster) PowerOn(ctx context.Context) error {
	if _, err := Run(exec.CommandContext(ctx, "docker", "start", k.SecondNode())); err != nil { //nolint:gosec // a fixed name
		return err
	}
	return waitFor(ctx, 2*time.Minute, "the node to be ready", func() bool {
		_, err := Run(k.Outside(ctx, "kubectl", "wait", "--for=condition=Ready", "node/"+k.SecondNode(), "--timeout=2s"))
		return err == nil
	})
}

// Host is the service's address: nodes do not ask the cluster's DNS.
func (k *kindCluster) Host(ctx context.Context, namespace, service string) (string, error) {
	return Run(k.Outside(ctx, "kubectl", "-n", namespace, "get", "service", service, "-o", "jsonpath={.spec.clusterIP}"))
}

func (k *kindCluster) Database() Database { return k }

// Values: names are looked up where the chart expects it; the database is in Docker's network.
func (k *kindCluster) Values() string {
	host, _, _ := net.SplitHostPort(k.address)
	return fmt.Sprintf(`networkPolicy:
  metricsFrom: [{ipBlock: {cidr: %[1]s}}]
  dns:
    to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]
  database:
    to: [{ipBlock: {cidr: %[2]s/32}}]
`, k.Outsider(), host)
}

// Outsider is everybody: nodes' addresses are those of Docker's network.
func (k *kindCluster) Outsider() string { return "0.0.0.0/0" }

// KillOne takes a node that has such a process, in no order of ours.
func (k *kindCluster) KillOne(ctx context.Context, program string) error {
	name := filepath.Base(program)
	for _, node := range []string{kindName + "-worker", k.SecondNode()} {
		//nolint:gosec // fixed names
		kill := exec.CommandContext(ctx, "docker", "exec", node, "sh", "-c", "pid=$(pgrep -x "+name+" | shuf -n 1) && kill -9 $pid")
		if _, err := Run(kill); err == nil {
			return nil
		}
	}
	return fmt.Errorf("no pod runs %s", program)
}

// Start runs or starts the database's container.
func (k *kindCluster) Start(ctx context.Context) error {
	if _, err := Run(exec.CommandContext(ctx, "docker", "start", kindDatabase)); err != nil {
		run := exec.CommandContext(ctx, "docker", "run", "-d", "--name", kindDatabase, "--network", "kind", "-e", "POSTGRES_PASSWORD="+postgresPassword,
			kindImage, "-c", "max_connections=400")
		if _, err := Run(run); err != nil {
			return err
		}
	}
	at, err := Run(exec.CommandContext(ctx, "docker", "inspect", "-f", `{{(index .NetworkSettings.Networks "kind").IPAddress}}`, kindDatabase))
	if err != nil {
		return err
	}
	k.address = at + ":" + postgresPort
	return waitFor(ctx, time.Minute, "PostgreSQL to answer", func() bool { return k.Exec(ctx, "postgres", "SELECT 1") == nil })
}

// Kill ends the database.
func (k *kindCluster) Kill(ctx context.Context) error {
	_, err := Run(exec.CommandContext(ctx, "docker", "kill", kindDatabase))
	return err
}

// Address is where pods reach it.
func (k *kindCluster) Address() string { return k.address }

// Superuser is the URL of who sees all.
func (k *kindCluster) Superuser(database string) string { return superuser(k.address, database) }

// Exec gives statements to psql in the container.
func (k *kindCluster) Exec(ctx context.Context, database, statements string) error {
	_, err := k.Query(ctx, database, statements)
	return err
}

// Query returns rows as lines.
func (k *kindCluster) Query(ctx context.Context, database, query string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", "exec", "-i", "-u", "postgres", kindDatabase, //nolint:gosec // fixed names
		"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database)
	cmd.Stdin = strings.NewReader(query)
	return Run(cmd)
}
