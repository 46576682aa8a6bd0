// Package charttest renders the Helm chart the way Helm does and decodes what
// comes out into typed objects, so that tests speak of pods and ports instead of
// lines of text.
//
// It uses Helm's own packages: the loader, the check of values against the schema,
// the template engine. No cluster and no helm program are needed. The module is
// outside go.work, because Helm brings Kubernetes' client libraries, whose
// versions are none of the product's business.
package charttest

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// Name and namespace of the release that is rendered.
const (
	Release   = "tandem"
	Namespace = "tandem"
)

// Render is what a chart gives for some values.
type Render struct {
	// Manifests is all objects as text, in the order of the files.
	Manifests string
	// Notes is what Helm prints after an installation.
	Notes string

	StatefulSets    []appsv1.StatefulSet
	Services        []corev1.Service
	ServiceAccounts []corev1.ServiceAccount
	NetworkPolicies []networkingv1.NetworkPolicy
	Ingresses       []networkingv1.Ingress
}

var separator = regexp.MustCompile(`(?m)^---\s*$`)

// Template renders the chart in a folder. Values that the schema refuses are an
// error, as are templates that fail.
func Template(folder string, values map[string]any) (*Render, error) {
	chart, err := loader.Load(folder)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", folder, err)
	}
	release := chartutil.ReleaseOptions{Name: Release, Namespace: Namespace, Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	r := &Render{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Base(name) == "NOTES.txt" {
			r.Notes = files[name]
			continue
		}
		if err := r.add(name, files[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return r, nil
}

// add decodes the objects of one file.
func (r *Render) add(name, text string) error {
	for _, document := range separator.Split(text, -1) {
		var kind struct {
			Kind string `json:"kind"`
		}
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			return err
		}
		if kind.Kind == "" {
			continue
		}
		if err := r.decode(kind.Kind, []byte(document)); err != nil {
			return fmt.Errorf("%s: %w", kind.Kind, err)
		}
		r.Manifests += "---\n# Source: " + name + "\n" + strings.TrimSpace(document) + "\n"
	}
	return nil
}

// decode is strict: a field that Kubernetes does not know is an error. A kind that
// is not listed here is one too, so that nobody adds one without its tests.
func (r *Render) decode(kind string, document []byte) error {
	switch kind {
	case "StatefulSet":
		return decode(document, &r.StatefulSets)
	case "Service":
		return decode(document, &r.Services)
	case "ServiceAccount":
		return decode(document, &r.ServiceAccounts)
	case "NetworkPolicy":
		return decode(document, &r.NetworkPolicies)
	case "Ingress":
		return decode(document, &r.Ingresses)
	default:
		return fmt.Errorf("no test knows this kind")
	}
}

func decode[T any](document []byte, into *[]T) error {
	var object T
	if err := yaml.UnmarshalStrict(document, &object); err != nil {
		return err
	}
	*into = append(*into, object)
	return nil
}
