package suite

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	kills     = 10
	killEvery = 4 * time.Second
	outage    = 15 * time.Second
)

// killPods ends the program in some pod again and again, without a chance to finish.
func (r *Suite) killPods(ctx context.Context) (string, error) {
	return r.underLoad(ctx, "pods", false, func(ctx context.Context) (string, error) {
		for range kills {
			if err := r.cluster.KillOne(ctx, "/tandem"); err != nil {
				return "", err
			}
			pause(ctx, killEvery)
		}
		return fmt.Sprintf("%d kills", kills), r.settled(ctx)
	})
}

// drain moves all pods from a node, as before its maintenance. With a replica of each elsewhere no
// request fails: gateway and services have two for it.
func (r *Suite) drain(ctx context.Context) (string, error) {
	if err := r.replicas(ctx, 2); err != nil {
		return "", err
	}
	node := r.cluster.SecondNode()
	saw, err := r.underLoad(ctx, "drain", false, func(ctx context.Context) (string, error) {
		if _, err := r.kubectl(ctx, "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s"); err != nil {
			return "", err
		}
		if err := r.settled(ctx); err != nil {
			return "", err
		}
		_, err := r.kubectl(ctx, "uncordon", node)
		return "", err
	})
	if err != nil {
		return "", err
	}
	return saw, r.replicas(ctx, 1)
}

// replicas gives each component so many.
func (r *Suite) replicas(ctx context.Context, n int) error {
	return r.helm(ctx, r.installed, "--set", fmt.Sprintf("gateway.replicas=%d,schools.replicas=%[2]d,assessments.replicas=%[2]d,evidence.replicas=%[2]d,badges.replicas=%[2]d", max(2, n), n))
}

// powerOff ends a node at once and brings it back. Kubernetes needs a while to notice; then the
// pods come up elsewhere, or with the node.
func (r *Suite) powerOff(ctx context.Context) (string, error) {
	return r.underLoad(ctx, "power", false, func(ctx context.Context) (string, error) {
		if err := r.cluster.PowerOff(ctx); err != nil {
			return "", err
		}
		off := time.Now()
		if _, err := r.kubectl(ctx, "wait", "--for=condition=Ready=unknown", "node/"+r.cluster.SecondNode(), "--timeout=120s"); err != nil {
			return "", err
		}
		noticed := time.Since(off)
		pause(ctx, outage)
		if err := r.cluster.PowerOn(ctx); err != nil {
			return "", err
		}
		return fmt.Sprintf("noticed after %d s, back after %d s", int(noticed.Seconds()), int(time.Since(off).Seconds())), r.settled(ctx)
	})
}

// killNATS ends the server twice: the second time Kubernetes waits before it starts it again.
func (r *Suite) killNATS(ctx context.Context) (string, error) {
	return r.underLoad(ctx, "nats", false, func(ctx context.Context) (string, error) {
		for range 2 {
			if err := r.cluster.KillOne(ctx, "/nats-server"); err != nil {
				return "", err
			}
			pause(ctx, calm)
			if err := r.settled(ctx); err != nil {
				return "", err
			}
			pause(ctx, calm)
		}
		restarts, err := r.inRelease(ctx, "get", "pod", "tandem-nats-0", "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
		return strings.TrimSpace(restarts) + " restarts of NATS", err
	})
}

// killDatabase ends PostgreSQL for a while. No pod is restarted for it: that would not help.
func (r *Suite) killDatabase(ctx context.Context) (string, error) {
	before, err := r.restarts(ctx)
	if err != nil {
		return "", err
	}
	return r.underLoad(ctx, "database", false, func(ctx context.Context) (string, error) {
		if err := r.cluster.Database().Kill(ctx); err != nil {
			return "", err
		}
		pause(ctx, outage)
		if err := r.cluster.Database().Start(ctx); err != nil {
			return "", err
		}
		if err := r.settled(ctx); err != nil {
			return "", err
		}
		after, err := r.restarts(ctx)
		if err == nil && after != before {
			err = fmt.Errorf("pods were restarted because the database was down: %s before, %s after", before, after)
		}
		return fmt.Sprintf("away for %d s, no pod restarted", int(outage.Seconds())), err
	})
}

// restarts of each component's containers.
func (r *Suite) restarts(ctx context.Context) (string, error) {
	return r.inRelease(ctx, "get", "pods", "-l", "app.kubernetes.io/component in ("+strings.Join(components, ",")+")",
		"-o", `jsonpath={range .items[*]}{.metadata.name}={.status.containerStatuses[0].restartCount} {end}`)
}
