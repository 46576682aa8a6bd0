package charttest

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// components of the cluster scenario that run for good.
var components = []string{"gateway", "schools", "assessments", "evidence", "badges"}

// Calls are the ways between components by the code of each: who names whom among
// its peers. The chart's own list is compared with it.
var Calls = map[string][]string{
	"gateway":     {"schools", "assessments", "evidence", "badges"},
	"schools":     {"assessments"},
	"assessments": {"schools"},
	"evidence":    {"schools"},
	"badges":      {"schools", "assessments", "evidence"},
}

// always are variables without which a process of the cluster scenario does not
// run as one of several.
var always = []string{
	"TANDEM_OPS_ADDR", "TANDEM_PUBLIC_URL", "TANDEM_DATA", "TANDEM_NATS", "TANDEM_NATS_REPLICAS", "TANDEM_MIGRATE",
	"TANDEM_START_WAIT", "TANDEM_DRAIN_DELAY", "TANDEM_DRAIN", "GOMEMLIMIT",
}

// only are variables that some components need and no other may have.
var only = map[string][]string{
	"TANDEM_HTTP_ADDR":     {"gateway"},
	"TANDEM_GRPC_ADDR":     {"schools", "assessments", "evidence", "badges"},
	"TANDEM_BLOBS":         {"assessments", "evidence", "badges", "backup"},
	"TANDEM_ISSUER_KEEPER": {"badges"},
	"TANDEM_DB":            {"migrate", "backup"},
}

// wiring holds together what names something else: variables, services, ports,
// keys.
func (f *finder) wiring() {
	for _, s := range f.render.Services {
		f.service(s)
	}
	if len(f.render.Deployments) == 0 {
		return // the single scenario has nobody to reach
	}
	for _, component := range components {
		w := f.render.Of(component)
		if w.Name == "" {
			f.add(component, "is not installed")
			continue
		}
		f.variables(w)
		f.targets(w)
		f.keys(w)
	}
	for name, who := range only {
		for _, w := range f.render.Workloads() {
			_, has := w.Env()[name]
			f.want(!has || slices.Contains(who, w.Component), w.Name, "has variable %s, which is not for it", name)
		}
	}
}

// service leads to pods of one component, by ports that they have.
func (f *finder) service(s corev1.Service) {
	var found []Workload
	for _, w := range f.render.Workloads() {
		if labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(w.Labels)) {
			found = append(found, w)
		}
	}
	if len(found) != 1 {
		f.add(s.Name, "leads to %d kinds of pods", len(found))
		return
	}
	for _, p := range s.Spec.Ports {
		f.want(portOf(found[0], p.TargetPort.StrVal) != 0, s.Name, "port %s leads to %q, which %s does not have", p.Name, p.TargetPort.String(), found[0].Name)
	}
}

// portOf a container by name; 0 where it has none.
func portOf(w Workload, name string) int32 {
	for _, p := range w.Container().Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	return 0
}

func (f *finder) variables(w Workload) {
	env := w.Env()
	need := append(slices.Clone(always), "TANDEM_"+strings.ToUpper(w.Component)+"_DB")
	for name, who := range only {
		if slices.Contains(who, w.Component) {
			need = append(need, name)
		}
	}
	for _, service := range Calls[w.Component] {
		need = append(need, "TANDEM_"+strings.ToUpper(service)+"_ADDR")
	}
	for _, name := range need {
		_, has := env[name]
		f.want(has, w.Name, "has no variable %s", name)
	}
	f.want(env["TANDEM_MIGRATE"].Value == "false", w.Name, "changes the schema by itself")
	for _, service := range components {
		_, has := env["TANDEM_"+strings.ToUpper(service)+"_ADDR"]
		f.want(!has || slices.Contains(Calls[w.Component], service), w.Name, "knows the address of %s, which it never calls", service)
	}
	f.want(slices.Equal(w.Container().Args, []string{"serve", w.Component}), w.Name, "runs %v", w.Container().Args)
	f.listens(w, env)
}

// listens compares the addresses in the environment with the container's ports.
func (f *finder) listens(w Workload, env map[string]corev1.EnvVar) {
	for variable, port := range map[string]string{"TANDEM_HTTP_ADDR": "http", "TANDEM_GRPC_ADDR": "grpc", "TANDEM_OPS_ADDR": "ops"} {
		v, has := env[variable]
		if !has {
			continue
		}
		f.want(v.Value == ":"+itoa(portOf(w, port)), w.Name, "%s is %s, and port %s of the container is %d", variable, v.Value, port, portOf(w, port))
	}
}

var target = regexp.MustCompile(`^(?:dns:///|(?:nats|tls)://\$\(NATS_USER\):\$\(NATS_PASSWORD\)@)([a-z0-9-]+):([0-9]+)$`)

// targets of variables are services with that port, which the network lets through.
func (f *finder) targets(w Workload) {
	for name, v := range w.Env() {
		parts := target.FindStringSubmatch(v.Value)
		if parts == nil {
			f.want(!strings.HasPrefix(v.Value, "dns:///"), w.Name, "%s is %s, which is no target", name, v.Value)
			continue
		}
		to, port := f.behind(parts[1], parts[2])
		if to.Name == "" {
			f.add(w.Name, "%s is %s, and no service has that name and port", name, v.Value)
			continue
		}
		f.want(len(f.render.NetworkPolicies) == 0 || f.render.Allows(w, to, port), w.Name, "may not reach %s at %d, where %s leads", to.Name, port, name)
	}
}

// behind finds the pods and their port behind a service's.
func (f *finder) behind(service, port string) (Workload, int32) {
	for _, s := range f.render.Services {
		if s.Name != service {
			continue
		}
		for _, p := range s.Spec.Ports {
			if itoa(p.Port) != port {
				continue
			}
			for _, w := range f.render.Workloads() {
				if labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(w.Labels)) {
					return w, portOf(w, p.TargetPort.StrVal)
				}
			}
		}
	}
	return Workload{}, 0
}

// keys: a component reads its own private ones, and of the others the public ones.
func (f *finder) keys(w Workload) {
	volumes := map[string]corev1.Volume{}
	for _, v := range w.Spec.Volumes {
		volumes[v.Name] = v
	}
	mounted := map[string]string{}
	for _, m := range w.Container().VolumeMounts {
		mounted[m.MountPath] = m.Name
	}
	data := w.Env()["TANDEM_DATA"].Value
	for _, owner := range components {
		volume, has := volumes[mounted[data+"/keys/"+owner]]
		f.want(has, w.Name, "has no keys of %s below TANDEM_DATA", owner)
		if owner == w.Component {
			f.want(volume.Secret != nil, w.Name, "does not have its own private keys")
		} else {
			f.want(volume.Secret == nil && volume.ConfigMap != nil, w.Name, "can read the private keys of %s", owner)
		}
	}
	keeper := mounted["/etc/tandem/issuer-keeper"] != ""
	f.want(!keeper || w.Component == "badges", w.Name, "can read the keeper of issuers' keys")
}
