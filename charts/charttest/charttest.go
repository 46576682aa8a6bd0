// Package charttest renders the Helm chart the way Helm does and decodes what
// comes out into typed objects, so that tests speak of pods and ports instead of
// lines of text.
//
// It uses Helm's own packages: the loader, the check of values against the schema,
// the template engine. No cluster and no helm program are needed. The module is
// outside go.work, because Helm brings Kubernetes' client libraries, whose
// versions are none of the product's business.
//
// Problems looks at a render as a careful administrator would (pods.go, wiring.go,
// availability.go, network.go); tests plant faults in a copy of the chart and see
// that it finds them. docs.go makes the tables of the chart's README.
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
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
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

	Deployments     []appsv1.Deployment
	StatefulSets    []appsv1.StatefulSet
	Jobs            []batchv1.Job
	CronJobs        []batchv1.CronJob
	SinglePods      []corev1.Pod
	Services        []corev1.Service
	ServiceAccounts []corev1.ServiceAccount
	ConfigMaps      []corev1.ConfigMap
	Claims          []corev1.PersistentVolumeClaim
	Autoscalers     []autoscalingv2.HorizontalPodAutoscaler
	Budgets         []policyv1.PodDisruptionBudget
	NetworkPolicies []networkingv1.NetworkPolicy
	Ingresses       []networkingv1.Ingress
	// Others are objects of operators that may be in a cluster, by kind.
	Others map[string][]map[string]any
}

// operatorKinds are known by their schemas, see testdata/schemas.
var operatorKinds = []string{"Cluster", "ExternalSecret", "Certificate", "Issuer", "HTTPRoute", "ServiceMonitor", "PrometheusRule"}

var separator = regexp.MustCompile(`(?m)^---\s*$`)

// Template renders the chart in a folder for its first installation. Values that
// the schema refuses are an error, as are templates that fail.
func Template(folder string, values map[string]any) (*Render, error) {
	return TemplateAs(folder, values, chartutil.ReleaseOptions{Name: Release, Namespace: Namespace, Revision: 1, IsInstall: true})
}

// TemplateAs renders the chart in a folder for a release.
func TemplateAs(folder string, values map[string]any, release chartutil.ReleaseOptions) (*Render, error) {
	chart, err := loader.Load(folder)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", folder, err)
	}
	all, err := chartutil.ToRenderValues(chart, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	r := &Render{Others: map[string][]map[string]any{}}
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
	into, known := map[string]func() error{
		"Deployment":              func() error { return decode(document, &r.Deployments) },
		"StatefulSet":             func() error { return decode(document, &r.StatefulSets) },
		"Job":                     func() error { return decode(document, &r.Jobs) },
		"CronJob":                 func() error { return decode(document, &r.CronJobs) },
		"Pod":                     func() error { return decode(document, &r.SinglePods) },
		"Service":                 func() error { return decode(document, &r.Services) },
		"ServiceAccount":          func() error { return decode(document, &r.ServiceAccounts) },
		"ConfigMap":               func() error { return decode(document, &r.ConfigMaps) },
		"PersistentVolumeClaim":   func() error { return decode(document, &r.Claims) },
		"HorizontalPodAutoscaler": func() error { return decode(document, &r.Autoscalers) },
		"PodDisruptionBudget":     func() error { return decode(document, &r.Budgets) },
		"NetworkPolicy":           func() error { return decode(document, &r.NetworkPolicies) },
		"Ingress":                 func() error { return decode(document, &r.Ingresses) },
	}[kind]
	if known {
		return into()
	}
	if !slices.Contains(operatorKinds, kind) {
		return fmt.Errorf("no test knows this kind")
	}
	var object map[string]any
	if err := yaml.UnmarshalStrict(document, &object); err != nil {
		return err
	}
	r.Others[kind] = append(r.Others[kind], object)
	return nil
}

func decode[T any](document []byte, into *[]T) error {
	var object T
	if err := yaml.UnmarshalStrict(document, &object); err != nil {
		return err
	}
	*into = append(*into, object)
	return nil
}
