package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Addresses of the kube kit: the control plane, where PostgreSQL runs too, is not a node.
const (
	kitHost    = "10.99.0.1"
	kitControl = "/run/netns/k8s-cp"
)

// kit is the kube kit: nodes are namespaces of this machine.
type kit struct {
	Settings
	folder string // of its scripts
	home   string // of its binaries, images and logs
	env    []string
	db     *process
}

func newKit(s Settings) (*kit, error) {
	folder := filepath.Join(s.Shared, "tools", "kube")
	if _, err := os.Stat(filepath.Join(folder, "cluster.sh")); err != nil {
		return nil, fmt.Errorf("there is no kube kit in %s: set TANDEM_SHARED to its folder, or use kind and Docker: make e2e-k8s KUBE=kind", s.Shared)
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("the kube kit makes network namespaces and needs root; or use kind and Docker: make e2e-k8s KUBE=kind")
	}
	home := os.Getenv("K")
	if home == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		home = filepath.Join(cache, "kubekit")
	}
	k := &kit{Settings: s, folder: folder, home: home}
	k.env = append(os.Environ(), "K="+home, "PATH="+filepath.Join(home, "bin")+":"+os.Getenv("PATH"),
		"KUBECONFIG="+filepath.Join(home, "pki", "admin.kubeconfig"))
	k.db = &process{work: s.Work, host: kitHost, inside: k.inControl}
	return k, nil
}

func (k *kit) Up(ctx context.Context) error {
	if err := k.script(ctx, "install.sh"); err != nil {
		return err
	}
	_ = k.Down(ctx)
	// Images of an earlier run would be loaded on each node.
	old, err := filepath.Glob(filepath.Join(k.home, "images", "*.tar"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if filepath.Base(name) != "pause.tar" {
			_ = os.Remove(name)
		}
	}
	if err := k.script(ctx, "cluster.sh", "up", "2"); err != nil {
		return err
	}
	for _, node := range []string{"k8s-n1", "k8s-n2"} {
		// All pods of a node are one group to the scheduler, which gives it no more than a single process that is not in any:
		// beside a compiler they would starve. Where the machine has no such file, it is not so.
		_ = os.WriteFile("/sys/fs/cgroup/cpu/"+node+"/cpu.shares", []byte("16384"), 0)
	}
	return nil
}

func (k *kit) Down(ctx context.Context) error {
	k.db.stop(context.WithoutCancel(ctx))
	return k.script(ctx, "cluster.sh", "down")
}

func (k *kit) script(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(k.folder, name), args...) //nolint:gosec // the kit's own
	cmd.Env = k.env
	// What the script leaves in the background would keep a pipe open.
	out, err := os.Create(filepath.Join(k.Work, name+".log")) //nolint:gosec // a folder of ours
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, tail(string(text), 1500))
	}
	return nil
}

func (k *kit) LoadImage(ctx context.Context, tar string) error {
	for _, node := range []string{"n1", "n2"} {
		socket := filepath.Join(k.home, node, "run", "containerd.sock")
		//nolint:gosec // our own image
		if _, err := Run(exec.CommandContext(ctx, "ctr", "-a", socket, "-n", "k8s.io", "images", "import", tar)); err != nil {
			return err
		}
	}
	return nil
}

func (k *kit) inControl(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + kitControl, name}, args...)...) //nolint:gosec // our own commands
	cmd.Env = k.env
	return cmd
}

func (k *kit) Outside(ctx context.Context, name string, args ...string) *exec.Cmd {
	return k.inControl(ctx, filepath.Join(k.home, "bin", name), args...)
}

func (k *kit) Inside(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(k.folder, "in-cluster.sh"), append([]string{name}, args...)...) //nolint:gosec // the kit's own
	cmd.Env = k.env
	return cmd
}

func (k *kit) SecondNode() string { return "node2" }

func (k *kit) PowerOff(context.Context) error {
	raw, err := os.ReadFile(k.pidFile())
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

func (k *kit) pidFile() string { return filepath.Join(k.home, "run", "k8s-n2.pid") }

// PowerOn starts the node's first process again, as cluster.sh does, on an empty /run.
func (k *kit) PowerOn(ctx context.Context) error {
	_ = os.RemoveAll(filepath.Join(k.home, "n2", "run"))
	log, err := os.Create(filepath.Join(k.home, "log", "k8s-n2.log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	//nolint:gosec // the kit's own
	cmd := exec.Command("nsenter", "--net=/run/netns/k8s-n2", "unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
		"--mount-proc", filepath.Join(k.folder, "node-init.sh"), "2")
	cmd.Env, cmd.Stdout, cmd.Stderr = k.env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := os.WriteFile(k.pidFile(), fmt.Appendln(nil, cmd.Process.Pid), 0o600); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return waitFor(ctx, time.Minute, "node2 to be ready", func() bool {
		_, err := Run(k.Outside(ctx, "kubectl", "wait", "--for=condition=Ready", "node/node2", "--timeout=2s"))
		return err == nil
	})
}

func (k *kit) Host(_ context.Context, namespace, service string) (string, error) {
	return service + "." + namespace + ".svc.cluster.local", nil
}

func (k *kit) Database() Database { return k.db }

// Values: most are in the chart's values-ci.yaml already. The kit's network policies know IPv4 only.
func (k *kit) Values() string {
	return `networkPolicy:
  web:
    to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
`
}

// Outsider is the network of the nodes: a call to a Service comes in by the first node, which puts
// its own address on what it hands to a pod of the other.
func (k *kit) Outsider() string { return "10.99.0.0/24" }

// KillOne looks for processes below the nodes' control groups: this machine sees them all.
func (k *kit) KillOne(_ context.Context, program string) error {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return err
	}
	var found []int
	for _, link := range links {
		folder := filepath.Dir(link)
		if at, err := os.Readlink(link); err != nil || at != program {
			continue
		}
		groups, err := os.ReadFile(filepath.Join(folder, "cgroup")) //nolint:gosec // of /proc
		if pid, notNumber := strconv.Atoi(filepath.Base(folder)); err == nil && notNumber == nil && strings.Contains(string(groups), "/k8s-n") {
			found = append(found, pid)
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("no pod runs %s", program)
	}
	return syscall.Kill(found[rand.IntN(len(found))], syscall.SIGKILL) //nolint:gosec // no secret depends on which
}

func waitFor(ctx context.Context, within time.Duration, what string, done func() bool) error {
	deadline := time.Now().Add(within)
	for !done() {
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s in vain for %s", within, what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
	return nil
}
