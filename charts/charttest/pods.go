package charttest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// finder collects what is wrong, each with the object it is wrong with.
type finder struct {
	render *Render
	found  []string
}

func (f *finder) add(where, format string, args ...any) {
	f.found = append(f.found, where+": "+fmt.Sprintf(format, args...))
}

// want adds a problem unless the condition holds.
func (f *finder) want(holds bool, where, format string, args ...any) {
	if !holds {
		f.add(where, format, args...)
	}
}

// Problems lists everything that is wrong with a render of the chart, whatever the
// values: nothing, if the chart is right.
func Problems(r *Render) []string {
	f := &finder{render: r}
	for _, w := range r.Workloads() {
		f.security(w)
		f.account(w)
		f.labels(w)
		for _, c := range w.Spec.Containers {
			f.container(w, c)
		}
		f.environment(w)
		if w.Serves() {
			f.probes(w)
		}
	}
	f.wiring()
	f.availability()
	f.hooks()
	f.network()
	return f.found
}

func is(value *bool, want bool) bool { return value != nil && *value == want }

// security is Pod Security "restricted", and what goes beyond it.
func (f *finder) security(w Workload) {
	s := w.Spec
	f.want(!s.HostNetwork && !s.HostPID && !s.HostIPC, w.Name, "uses namespaces of the node")
	f.want(len(s.InitContainers) == 0 && len(s.EphemeralContainers) == 0, w.Name, "has containers that no rule looks at")
	p := s.SecurityContext
	if p == nil {
		f.add(w.Name, "has no security context")
		return
	}
	f.want(is(p.RunAsNonRoot, true) && p.RunAsUser != nil && *p.RunAsUser > 0, w.Name, "may run as root")
	f.want(p.SeccompProfile != nil && p.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault, w.Name, "has no seccomp profile")
	for _, v := range s.Volumes {
		source := v.VolumeSource
		restricted := source.EmptyDir != nil || source.Secret != nil || source.ConfigMap != nil || source.PersistentVolumeClaim != nil || source.Projected != nil
		f.want(restricted, w.Name, "volume %s is of a kind that the restricted standard refuses", v.Name)
		f.want(source.EmptyDir == nil || source.EmptyDir.SizeLimit != nil, w.Name, "volume %s may fill the node's disk", v.Name)
		f.want(source.Secret == nil || source.Secret.DefaultMode != nil && *source.Secret.DefaultMode&0o007 == 0, w.Name, "secret volume %s is readable by everybody", v.Name)
	}
}

func (f *finder) account(w Workload) {
	f.want(is(w.Spec.AutomountServiceAccountToken, false), w.Name, "mounts a token of Kubernetes")
	f.want(is(w.Spec.EnableServiceLinks, false), w.Name, "gets variables of services, which are called as settings of the program")
	for _, a := range f.render.ServiceAccounts {
		if a.Name == w.Spec.ServiceAccountName {
			f.want(is(a.AutomountServiceAccountToken, false), a.Name, "mounts a token of Kubernetes")
			return
		}
	}
	f.add(w.Name, "service account %q is not made by the chart", w.Spec.ServiceAccountName)
}

func (f *finder) labels(w Workload) {
	for _, key := range []string{"app.kubernetes.io/name", "app.kubernetes.io/instance"} {
		f.want(w.Labels[key] != "", w.Name, "has no label %s", key)
	}
	if w.Selector == nil {
		return
	}
	for key, value := range w.Selector.MatchLabels {
		f.want(w.Labels[key] == value, w.Name, "does not find its own pods by %s", key)
		f.want(key != "app.kubernetes.io/version" && key != "helm.sh/chart", w.Name, "finds pods by %s, which changes in an upgrade", key)
	}
}

func (f *finder) container(w Workload, c corev1.Container) {
	where := w.Name + "/" + c.Name
	s := c.SecurityContext
	if s == nil {
		f.add(where, "has no security context")
		return
	}
	f.want(is(s.AllowPrivilegeEscalation, false) && (s.Privileged == nil || !*s.Privileged), where, "may gain rights")
	f.want(is(s.ReadOnlyRootFilesystem, true), where, "can write its image's files")
	f.want(s.Capabilities != nil && slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) && len(s.Capabilities.Add) == 0, where, "keeps capabilities")
	f.want(!c.Resources.Requests.Cpu().IsZero() && !c.Resources.Requests.Memory().IsZero(), where, "asks for no resources")
	f.want(!c.Resources.Limits.Memory().IsZero(), where, "has no limit of memory")
	f.want(c.Resources.Limits.Cpu().IsZero(), where, "has a limit of CPU: a throttled process misses its deadlines")
	f.want(pinned(c.Image), where, "image %s has no tag or digest, or latest", c.Image)
	f.want(len(c.EnvFrom) == 0, where, "takes whole secrets as variables")
	for _, m := range c.VolumeMounts {
		f.want(f.hasVolume(w, m.Name), where, "mounts %s, which is no volume", m.Name)
	}
}

func pinned(image string) bool {
	name := image[strings.LastIndex(image, "/")+1:]
	return strings.Contains(name, "@sha256:") || strings.Contains(name, ":") && !strings.HasSuffix(name, ":latest")
}

// hasVolume knows volumes of the pod and claims of its StatefulSet.
func (f *finder) hasVolume(w Workload, name string) bool {
	if slices.ContainsFunc(w.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == name }) {
		return true
	}
	for _, s := range f.render.StatefulSets {
		if s.Name == w.Name && slices.ContainsFunc(s.Spec.VolumeClaimTemplates, func(c corev1.PersistentVolumeClaim) bool { return c.Name == name }) {
			return true
		}
	}
	return false
}

var (
	secretName = regexp.MustCompile(`PASSWORD|SECRET|TOKEN|ACCESS_KEY|SMTP_URL|_DB$`)
	reference  = regexp.MustCompile(`^'?\$\(\w+\)'?$`)
	inURL      = regexp.MustCompile(`://[^/$@]*@|://[^@]*:[^$@][^@]*@`)
)

// environment holds secrets to come from secrets, and variables to be there once.
func (f *finder) environment(w Workload) {
	seen := map[string]bool{}
	for _, v := range w.Container().Env {
		f.want(!seen[v.Name], w.Name, "variable %s is set twice", v.Name)
		seen[v.Name] = true
		f.want(!secretName.MatchString(v.Name) || v.Value == "" || reference.MatchString(v.Value), w.Name, "variable %s has its secret in the manifest", v.Name)
		f.want(!inURL.MatchString(v.Value), w.Name, "variable %s has a password in the manifest", v.Name)
		for _, used := range regexp.MustCompile(`\$\((\w+)\)`).FindAllStringSubmatch(v.Value, -1) {
			f.want(seen[used[1]], w.Name, "variable %s uses %s, which is not set before it", v.Name, used[1])
		}
	}
}

// probes holds a process that serves to all three, each with its meaning.
func (f *finder) probes(w Workload) {
	c := w.Container()
	named := map[string]int32{}
	for _, p := range c.Ports {
		named[p.Name] = p.ContainerPort
	}
	for kind, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
		if probe == nil || probe.HTTPGet == nil {
			f.add(w.Name, "has no %s probe", kind)
			continue
		}
		f.want(named[probe.HTTPGet.Port.StrVal] != 0, w.Name, "%s probe asks port %s, which the container does not have", kind, probe.HTTPGet.Port.String())
		if w.Component != "nats" {
			path := map[string]string{"readiness": "/readyz"}[kind]
			f.want(probe.HTTPGet.Path == first(path, "/healthz"), w.Name, "%s probe asks %s", kind, probe.HTTPGet.Path)
		}
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
