package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/deploy/e2e/cluster"
)

const (
	statewide = "state" // namespace of the installation of this step
	// A node's agent looks at changed secrets once in a minute or so.
	renewWithin = 4 * time.Minute
	servers     = 3
	twinKills   = 5
)

// stateValues are what values-state.yaml has and values-ci.yaml has not, as far as it runs without
// cert-manager and operators.
const (
	stateValues = "nats.replicas=3,tls.enabled=true,nats.reloader.image.repository=localhost/reloader,nats.reloader.image.tag=dev"
	twins       = "gateway.replicas=2,schools.replicas=2,assessments.replicas=2,evidence.replicas=2,badges.replicas=2"
)

// state installs anew as a state would: three NATS servers, two pods of each component, and
// everything between pods encrypted. Certificates are then renewed, servers and pods killed.
func (r *Suite) state(ctx context.Context) (string, error) {
	_ = r.uninstallRelease(ctx) // what still runs would be killed at random in its place
	var lines []string
	parts := []func(context.Context) (string, error){r.installState, r.makeTwins, r.strangers, r.renew, r.killServers, r.killTwins}
	err := r.encrypted(func() error {
		return r.elsewhere(statewide, func() error {
			for _, part := range parts {
				line, err := part(ctx)
				if err != nil {
					return err
				}
				lines = append(lines, line)
			}
			return r.uninstallRelease(ctx)
		})
	})
	return strings.Join(lines, "\n"), err
}

func (r *Suite) installState(ctx context.Context) (string, error) {
	if err := errors.Join(r.site(ctx), r.certificates(ctx, "first")); err != nil {
		return "", err
	}
	for _, service := range components[1:] {
		if err := r.open(ctx, service, servicePort); err != nil {
			return "", err
		}
	}
	if err := r.helm(ctx, r.installed, "--set", stateValues); err != nil {
		return "", err
	}
	if _, err := r.helmTest(ctx); err != nil {
		return "", err
	}
	if _, err := r.walkthrough(ctx); err != nil {
		return "", err
	}
	pods, err := r.inRelease(ctx, "get", "pods", "-l", "app.kubernetes.io/instance="+releaseName, "--field-selector=status.phase=Running", "-o", "name")
	return fmt.Sprintf("%d pods, helm test and a school's year", len(strings.Fields(pods))), err
}

const servicePort = 9000

// makeTwins gives each component a second pod. A year is played before: it moves the clock of
// development mode, which one pod of each service hears of.
func (r *Suite) makeTwins(ctx context.Context) (string, error) {
	return r.underLoad(ctx, "twins", true, func(ctx context.Context) (string, error) {
		err := r.helm(ctx, r.installed, "--set", stateValues, "--set", twins)
		return "two pods of each component", err
	})
}

// strangers call a service; only who has a certificate of the authority is answered.
func (r *Suite) strangers(ctx context.Context) (string, error) {
	ips, err := r.addresses(ctx, "schools")
	if err != nil {
		return "", err
	}
	options, err := r.authority.callers("tandem-schools")
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(options)
	if err != nil {
		return "", err
	}
	cmd := r.cluster.Inside(ctx, r.self, "callers", fmt.Sprintf("%s:%d", ips[0], servicePort))
	cmd.Stdin = strings.NewReader(string(raw))
	_, err = cluster.Run(cmd)
	return "three strangers refused by a service, one member served", err
}

// addresses of a component's pods.
func (r *Suite) addresses(ctx context.Context, component string) ([]string, error) {
	text, err := r.inRelease(ctx, "get", "pods", "-l", "app.kubernetes.io/component="+component, "-o", "jsonpath={.items[*].status.podIP}")
	if err == nil && text == "" {
		err = fmt.Errorf("there is no pod of %s", component)
	}
	return strings.Fields(text), err
}

// renew replaces all certificates under load. Nobody starts anything again.
func (r *Suite) renew(ctx context.Context) (string, error) {
	before, err := r.restarts(ctx)
	if err != nil {
		return "", err
	}
	return r.underLoad(ctx, "renew", true, func(ctx context.Context) (string, error) {
		begun := time.Now()
		if err := r.certificates(ctx, "second"); err != nil {
			return "", err
		}
		for {
			old, all, err := r.presenting(ctx, "second")
			if err == nil && len(old) == 0 {
				after, err := r.restarts(ctx)
				if err == nil && after != before {
					err = fmt.Errorf("pods were restarted to take up certificates: %s before, %s after", before, after)
				}
				return fmt.Sprintf("certificates renewed: %d servers use them after %d s", all, int(time.Since(begun).Seconds())), err
			}
			if time.Since(begun) > renewWithin {
				return "", errors.Join(err, fmt.Errorf("after %s, these still use their old certificates: %s", renewWithin, strings.Join(old, ", ")))
			}
			pause(ctx, time.Second)
		}
	})
}

// presenting are the servers that do not use certificates of the round yet, and how many there are.
func (r *Suite) presenting(ctx context.Context, round string) (old []string, all int, err error) {
	var at []string
	for component, port := range map[string]int{"nats": 4222, "schools": servicePort, "assessments": servicePort, "evidence": servicePort, "badges": servicePort} {
		ips, err := r.addresses(ctx, component)
		if err != nil {
			return nil, 0, err
		}
		for _, ip := range ips {
			at = append(at, fmt.Sprintf("%s=%s:%d", component, ip, port))
		}
	}
	out, err := cluster.Run(r.cluster.Inside(ctx, r.self, append([]string{"certificates"}, at...)...))
	if err != nil {
		return nil, 0, err
	}
	var rounds map[string]string
	if err := json.Unmarshal([]byte(out), &rounds); err != nil {
		return nil, 0, err
	}
	for server, its := range rounds {
		if its != round {
			old = append(old, server)
		}
	}
	return old, len(rounds), nil
}

// killServers ends one NATS server after the other: two of three go on.
func (r *Suite) killServers(ctx context.Context) (string, error) {
	return r.underLoad(ctx, "servers", true, func(ctx context.Context) (string, error) {
		for range servers {
			if err := r.cluster.KillOne(ctx, "/nats-server"); err != nil {
				return "", err
			}
			pause(ctx, calm)
			if err := r.settled(ctx); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("%d times a NATS server was killed", servers), nil
	})
}

// killTwins ends programs of which a second one goes on: only requests that were under way may fail.
func (r *Suite) killTwins(ctx context.Context) (string, error) {
	return r.underLoad(ctx, "kills", false, func(ctx context.Context) (string, error) {
		for range twinKills {
			if err := r.cluster.KillOne(ctx, "/tandem"); err != nil {
				return "", err
			}
			pause(ctx, killEvery)
			if err := r.settled(ctx); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("%d pods killed, one at a time", twinKills), nil
	})
}
