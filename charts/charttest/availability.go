package charttest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
)

func itoa(n int32) string { return strconv.Itoa(int(n)) }

// availability: what is stopped is replaced first, and nodes can be drained.
func (f *finder) availability() {
	for _, d := range f.render.Deployments {
		f.rollout(d)
	}
	for _, w := range f.render.Workloads() {
		if w.Serves() {
			f.budget(w)
			f.patience(w)
		}
	}
	for _, a := range f.render.Autoscalers {
		f.want(len(a.Spec.Metrics) > 0, a.Name, "looks at nothing")
		for _, d := range f.render.Deployments {
			f.want(d.Name != a.Spec.ScaleTargetRef.Name || d.Spec.Replicas == nil, d.Name, "has replicas, which each upgrade would set back")
		}
	}
}

func (f *finder) rollout(d appsv1.Deployment) {
	r := d.Spec.Strategy.RollingUpdate
	f.want(r != nil && r.MaxUnavailable.IntValue() == 0 && r.MaxSurge.IntValue() == 1, d.Name, "stops pods before others are ready")
	f.want(d.Spec.RevisionHistoryLimit != nil, d.Name, "keeps old ReplicaSets without end")
	spread := d.Spec.Template.Spec.TopologySpreadConstraints
	f.want(len(spread) > 0, d.Name, "may have all its pods on one node")
	for _, s := range spread {
		for key, value := range s.LabelSelector.MatchLabels {
			f.want(d.Spec.Template.Labels[key] == value, d.Name, "spreads other pods than its own")
		}
	}
}

// budget: one for two pods or more, none for a single one, which could not leave
// its node.
func (f *finder) budget(w Workload) {
	has := false
	for _, b := range f.render.Budgets {
		if b.Spec.Selector.MatchLabels[componentLabel] == w.Component && w.Component != "" {
			has = true
			f.want(b.Spec.MaxUnavailable != nil && b.Spec.MaxUnavailable.IntValue() >= 1, b.Name, "lets no pod go")
		}
	}
	f.want(!has || w.Replicas > 1, w.Name, "has a disruption budget for one pod: its node could not be drained")
	f.want(has || w.Replicas < 2, w.Name, "has no disruption budget for its %d pods", w.Replicas)
}

// patience: Kubernetes waits longer than the program, at the start and at the end.
func (f *finder) patience(w Workload) {
	env := w.Env()
	grace := time.Duration(*w.Spec.TerminationGracePeriodSeconds) * time.Second
	drain := duration(env["TANDEM_DRAIN"].Value) + duration(env["TANDEM_DRAIN_DELAY"].Value)
	f.want(grace > drain, w.Name, "is killed after %s, and stops by itself in %s", grace, drain)
	if p := w.Container().StartupProbe; p != nil {
		start := time.Duration(p.PeriodSeconds*p.FailureThreshold) * time.Second
		wait := duration(env["TANDEM_START_WAIT"].Value)
		f.want(start > wait, w.Name, "is killed %s after its start, and waits for its database for %s", start, wait)
	}
}

func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return d
}

// hooks come in an order, and leave nothing behind when they succeed.
func (f *finder) hooks() {
	for _, w := range f.render.Workloads() {
		hook := w.Annotations[hookAnnotation]
		if hook == "" {
			continue
		}
		f.want(!strings.Contains(hook, "rollback"), w.Name, "runs at a rollback")
		f.want(w.Annotations[policyOfHook] == "before-hook-creation,hook-succeeded", w.Name, "stays after it succeeded, or is in its own way")
		for _, a := range f.render.ServiceAccounts {
			if a.Name == w.Spec.ServiceAccountName {
				f.before(w, a.Name, a.Annotations)
			}
		}
		for _, p := range f.render.NetworkPolicies {
			if p.Spec.PodSelector.MatchLabels[componentLabel] == w.Component && w.Component != "" {
				f.before(w, p.Name, p.Annotations)
			}
		}
	}
}

// before: what a hook's pod needs is a hook of the same moment, and comes first.
func (f *finder) before(w Workload, name string, annotations map[string]string) {
	moments := strings.Split(annotations[hookAnnotation], ",")
	for moment := range strings.SplitSeq(w.Annotations[hookAnnotation], ",") {
		f.want(slices.Contains(moments, moment), w.Name, "needs %s at %s, which is not there yet", name, moment)
	}
	own, err := strconv.Atoi(w.Annotations[weightOfHook])
	f.want(err == nil, w.Name, "has no weight among hooks")
	other, err := strconv.Atoi(annotations[weightOfHook])
	f.want(err == nil && other < own, name, "comes no earlier than %s, which needs it", w.Name)
}
