package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/deploy/e2e/cluster"
)

// upgrade goes from the version before to this one. Somebody plays a whole year meanwhile, without
// trying anything twice.
func (r *Suite) upgrade(ctx context.Context) (string, error) {
	before, err := r.schemas(ctx)
	if err != nil {
		return "", err
	}
	saw, err := r.underLoad(ctx, "upgrade", true, func(ctx context.Context) (string, error) {
		year := make(chan error, 1)
		go func() {
			_, err := r.walkthrough(ctx)
			year <- err
		}()
		err := r.helm(ctx, r.present)
		return "a school's year was played meanwhile", errors.Join(err, <-year)
	})
	if err != nil {
		return "", err
	}
	r.installed = r.present
	after, err := r.schemas(ctx)
	if err == nil && after <= before {
		err = fmt.Errorf("no migration lies between the versions: %d before and after", before)
	}
	return fmt.Sprintf("%s -> %s, %d migrations more\n%s", r.previous.tag, r.present.tag, after-before, saw), err
}

// schemas counts the migrations that were applied.
func (r *Suite) schemas(ctx context.Context) (int, error) {
	const count = `SELECT sum((xpath('//n/text()', query_to_xml(format(
		'SELECT count(*) AS n FROM %I.%I WHERE version_id > 0 AND is_applied', table_schema, table_name), false, true, '')))[1]::text::int)
		FROM information_schema.columns WHERE column_name = 'is_applied'`
	text, err := r.cluster.Database().Query(ctx, r.at, count)
	if err != nil {
		return 0, err
	}
	var n int
	_, err = fmt.Sscan(text, &n)
	return n, err
}

// rollback goes back to the version before on the newer schema, and forth again.
func (r *Suite) rollback(ctx context.Context) (string, error) {
	if r.previous == r.present {
		return "", errors.New("there is nothing to roll back to: choose the step upgrade too")
	}
	return r.underLoad(ctx, "rollback", true, func(ctx context.Context) (string, error) {
		back := time.Now()
		_, err := cluster.Run(r.cluster.Outside(ctx, "helm", "rollback", releaseName, "--namespace", r.at, "--wait", "--wait-for-jobs", "--timeout", installWithin.String()))
		if err != nil {
			return "", err
		}
		running, err := r.inRelease(ctx, "get", "deployments", "-o", "jsonpath={.items[*].spec.template.spec.containers[0].image}")
		if err != nil || slices.ContainsFunc(strings.Fields(running), func(image string) bool { return image != imageName+":"+r.previous.tag }) {
			return "", errors.Join(err, fmt.Errorf("after the rollback these images run: %s", running))
		}
		took := time.Since(back)
		return fmt.Sprintf("%s -> %s in %d s, and back again", r.present.tag, r.previous.tag, int(took.Seconds())), r.helm(ctx, r.present)
	})
}

// scale gives each component three replicas and takes two away again. What is meant for one is
// done by one all the while.
func (r *Suite) scale(ctx context.Context) (string, error) {
	return r.underLoad(ctx, "scale", true, func(ctx context.Context) (string, error) {
		watch := r.watchLeases(ctx)
		for _, replicas := range []string{"3", "1"} {
			for _, name := range components {
				if _, err := r.inRelease(ctx, "scale", "deployment/tandem-"+name, "--replicas="+replicas); err != nil {
					return "", errors.Join(err, watch.end())
				}
			}
			if err := r.settled(ctx); err != nil {
				return "", errors.Join(err, watch.end())
			}
			pause(ctx, calm)
		}
		err := watch.end()
		held, settled := r.allHeld(ctx)
		return fmt.Sprintf("%d leases, none held by two in %d looks, each held by one in the end", held, watch.looks), errors.Join(err, settled)
	})
}

// allHeld waits until each lease has found its holder: some are looked for once a minute.
func (r *Suite) allHeld(ctx context.Context) (int, error) {
	for deadline := time.Now().Add(leasesWithin); ; pause(ctx, time.Second) {
		held, err := r.leases(ctx)
		if err == nil {
			err = oneHolder(held, true)
		}
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return len(held), err
		}
	}
}

// leasesWithin is longer than the longest life of a lease whose holder is gone.
const leasesWithin = 2 * time.Minute

// watching looks at the leases again and again.
type watching struct {
	stop  context.CancelFunc
	done  chan error
	looks int
}

func (r *Suite) watchLeases(ctx context.Context) *watching {
	ctx, stop := context.WithCancel(ctx)
	w := &watching{stop: stop, done: make(chan error, 1)}
	go func() {
		var broken error
		for ctx.Err() == nil && broken == nil {
			held, err := r.leases(ctx)
			if ctx.Err() == nil {
				w.looks++
				broken = errors.Join(err, oneHolder(held, false))
			}
			pause(ctx, time.Second)
		}
		w.done <- broken
	}()
	return w
}

func (w *watching) end() error {
	w.stop()
	return <-w.done
}

// leases are who holds each, as all pods say.
func (r *Suite) leases(ctx context.Context) (map[string][]string, error) {
	ips, err := r.inRelease(ctx, "get", "pods", "-l", "app.kubernetes.io/component in ("+strings.Join(components, ",")+")",
		"--field-selector=status.phase=Running", "-o", "jsonpath={.items[*].status.podIP}")
	if err != nil {
		return nil, err
	}
	out, err := cluster.Run(r.cluster.Inside(ctx, r.self, append([]string{"leases"}, strings.Fields(ips)...)...))
	if err != nil {
		return nil, err
	}
	var held map[string][]string
	return held, json.Unmarshal([]byte(out), &held)
}

// oneHolder wants no lease with two holders, and where all is quiet none without.
func oneHolder(held map[string][]string, quiet bool) error {
	if quiet && len(held) == 0 {
		return errors.New("no pod tells of leases")
	}
	for lease, holders := range held {
		if len(holders) > 1 || quiet && len(holders) == 0 {
			return fmt.Errorf("lease %s is held by %d pods: %s", lease, len(holders), strings.Join(holders, ", "))
		}
	}
	return nil
}
