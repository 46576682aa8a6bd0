package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// stays says what outlives a release: claims with data, and what was applied by hand.
var stays = []string{"persistentvolumeclaim/data-tandem-nats-0", "persistentvolumeclaim/tandem-blobs"}

// uninstall leaves nothing but that.
func (r *Suite) uninstall(ctx context.Context) (string, error) {
	if err := r.uninstallRelease(ctx); err != nil {
		return "", err
	}
	// Helm waits for Deployments; their pods still drain.
	if _, err := r.inRelease(ctx, "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/instance="+releaseName, "--timeout=90s"); err != nil {
		return "", err
	}
	kinds := "all,serviceaccounts,configmaps,secrets,networkpolicies,persistentvolumeclaims,poddisruptionbudgets,horizontalpodautoscalers,ingresses,roles,rolebindings"
	left, err := r.inRelease(ctx, "get", kinds, "-o", "name")
	if err != nil {
		return "", err
	}
	var data, unsaid []string
	for _, name := range strings.Fields(left) {
		switch {
		case slices.Contains(stays, name):
			data = append(data, name)
		case !byHand(name):
			unsaid = append(unsaid, name)
		}
	}
	if len(unsaid) > 0 {
		err = errors.Join(err, fmt.Errorf("these are left and nobody says so: %s", strings.Join(unsaid, ", ")))
	}
	return "left: " + strings.Join(data, ", ") + ", and what was applied by hand", err
}

// byHand are objects of `tandem keys manifest`, of this test and of Kubernetes itself.
func byHand(name string) bool {
	kind, name, _ := strings.Cut(name, "/")
	switch strings.SplitN(kind, ".", 2)[0] {
	case "secret", "configmap":
		return name == "kube-root-ca.crt" || strings.HasPrefix(name, "tandem-keys-") ||
			slices.Contains([]string{"tandem-keeper", "tandem-nats", "tandem-database", "tandem-ops"}, name)
	case "serviceaccount":
		return name == "default"
	case "networkpolicy", "persistentvolumeclaim", "job", "pod":
		return strings.HasPrefix(name, "e2e-")
	}
	return false
}
