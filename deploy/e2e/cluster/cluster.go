// Package cluster brings up a real cluster of two nodes and a PostgreSQL server beside it, and
// takes them down again.
//
// There are two kinds: the kube kit, which needs root on a Linux machine and nothing else, and
// kind, which needs Docker. Package suite runs the same steps on both.
package cluster

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Settings are what both kinds need to know.
type Settings struct {
	Shared string // folder with the kube kit
	Work   string // folder for everything that is made; it is there for commands inside the cluster too
	Log    func(format string, args ...any)
}

// Cluster is a cluster of two nodes, and what lies beside it.
type Cluster interface {
	// Up installs what is missing and starts everything. An older cluster of the same kind ends.
	Up(ctx context.Context) error
	Down(ctx context.Context) error
	// LoadImage brings the tar of an image to all nodes.
	LoadImage(ctx context.Context, tar string) error
	// Outside runs kubectl or helm; Inside runs any program where service and pod addresses work.
	Outside(ctx context.Context, name string, args ...string) *exec.Cmd
	Inside(ctx context.Context, name string, args ...string) *exec.Cmd
	// PowerOff ends all of the second node at once; PowerOn brings it back.
	PowerOff(ctx context.Context) error
	PowerOn(ctx context.Context) error
	SecondNode() string
	// Host is how Inside reaches a service of a namespace.
	Host(ctx context.Context, namespace, service string) (string, error)
	Database() Database
	// Values are those of the chart that this kind of cluster needs, beside values-ci.yaml, as YAML.
	Values() string
	// Outsider is the network that callers from outside come from, to network policies.
	Outsider() string
	// KillOne ends one process with this program in some pod, without any chance to finish.
	KillOne(ctx context.Context, program string) error
}

// Database is a PostgreSQL server outside of the cluster that pods reach.
type Database interface {
	Start(ctx context.Context) error
	// Kill ends it as a power cut would.
	Kill(ctx context.Context) error
	// Address is its host and port, as pods see it; Superuser is the URL of who sees all rows of a database.
	Address() string
	Superuser(database string) string
	// Exec runs statements as the superuser; Query returns what the query prints.
	Exec(ctx context.Context, database, statements string) error
	Query(ctx context.Context, database, query string) (string, error)
}

// New returns the named kind of cluster.
func New(kind string, s Settings) (Cluster, error) {
	switch kind {
	case "", "kit":
		return newKit(s)
	case "kind":
		return &kindCluster{Settings: s}, nil
	}
	return nil, fmt.Errorf("KUBE=%s: want kit, the kube kit in TANDEM_SHARED, or kind, which needs Docker", kind)
}

// Run runs a command, and has what it printed in the error.
func Run(cmd *exec.Cmd) (string, error) {
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return text, fmt.Errorf("%s: %w: %s", strings.Join(short(cmd.Args), " "), err, tail(text, 1500))
	}
	return text, nil
}

// short leaves out how a program is brought into a namespace, and what may be secret.
func short(args []string) []string {
	var shown []string
	for _, arg := range args {
		if strings.Contains(arg, "://") && strings.Contains(arg, "@") {
			arg = "(url)"
		}
		if !strings.Contains(arg, "\n") {
			shown = append(shown, arg)
		}
	}
	return shown[:min(len(shown), 12)]
}

func tail(text string, most int) string { return text[max(0, len(text)-most):] }
