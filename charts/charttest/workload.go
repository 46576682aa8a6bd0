package charttest

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Labels and annotations that this package asks about.
const (
	componentLabel = "app.kubernetes.io/component"
	hookAnnotation = "helm.sh/hook"
	weightOfHook   = "helm.sh/hook-weight"
	policyOfHook   = "helm.sh/hook-delete-policy"
)

// Workload is a kind of pod of the release.
type Workload struct {
	Kind        string
	Name        string
	Component   string
	Annotations map[string]string // of the object, where hooks are named
	Labels      map[string]string // of the pod
	Spec        corev1.PodSpec
	// Replicas is the least number of pods, with autoscaling too.
	Replicas int32
	Selector *metav1.LabelSelector
}

// Serves tells whether its pods run until they are stopped.
func (w Workload) Serves() bool { return w.Kind == "Deployment" || w.Kind == "StatefulSet" }

// Container is the pod's only one, but for the pod of helm test and NATS's reloader, which come after it.
func (w Workload) Container() corev1.Container { return w.Spec.Containers[0] }

// Workloads lists everything that has pods.
func (r *Render) Workloads() []Workload {
	var all []Workload
	for _, d := range r.Deployments {
		w := workload("Deployment", d.ObjectMeta, d.Spec.Template)
		w.Replicas, w.Selector = r.least(d.Name, d.Spec.Replicas), d.Spec.Selector
		all = append(all, w)
	}
	for _, s := range r.StatefulSets {
		w := workload("StatefulSet", s.ObjectMeta, s.Spec.Template)
		w.Replicas, w.Selector = *s.Spec.Replicas, s.Spec.Selector
		all = append(all, w)
	}
	for _, j := range r.Jobs {
		all = append(all, workload("Job", j.ObjectMeta, j.Spec.Template))
	}
	for _, c := range r.CronJobs {
		all = append(all, workload("CronJob", c.ObjectMeta, c.Spec.JobTemplate.Spec.Template))
	}
	for _, p := range r.SinglePods {
		all = append(all, workload("Pod", p.ObjectMeta, corev1.PodTemplateSpec{ObjectMeta: p.ObjectMeta, Spec: p.Spec}))
	}
	return all
}

func workload(kind string, meta metav1.ObjectMeta, pod corev1.PodTemplateSpec) Workload {
	return Workload{
		Kind: kind, Name: meta.Name, Component: pod.Labels[componentLabel], Annotations: maps.Clone(meta.Annotations),
		Labels: pod.Labels, Spec: pod.Spec, Replicas: 1,
	}
}

// least is how many pods a Deployment has at least.
func (r *Render) least(name string, replicas *int32) int32 {
	for _, a := range r.Autoscalers {
		if a.Spec.ScaleTargetRef.Name == name {
			return *a.Spec.MinReplicas
		}
	}
	if replicas == nil {
		return 1
	}
	return *replicas
}

// Of returns the workload of a component; the zero value where there is none.
func (r *Render) Of(component string) Workload {
	for _, w := range r.Workloads() {
		if w.Component == component {
			return w
		}
	}
	return Workload{}
}

// Env is the environment of the first container by name.
func (w Workload) Env() map[string]corev1.EnvVar {
	all := map[string]corev1.EnvVar{}
	for _, v := range w.Container().Env {
		all[v.Name] = v
	}
	return all
}

// Secrets are the names of all Secrets that the pod can read.
func (w Workload) Secrets() map[string]bool {
	names := map[string]bool{}
	for _, c := range w.Spec.Containers {
		for _, v := range c.Env {
			if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
				names[v.ValueFrom.SecretKeyRef.Name] = true
			}
		}
	}
	for _, v := range w.Spec.Volumes {
		if v.Secret != nil {
			names[v.Secret.SecretName] = true
		}
	}
	return names
}
