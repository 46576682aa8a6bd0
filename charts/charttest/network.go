package charttest

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Edge is a way between two components of the release that policies leave open.
type Edge struct {
	From, To string
	Port     int32
}

// Edges computes who may reach whom among the pods of a render, as Kubernetes
// would: both ends must allow it.
func (r *Render) Edges() []Edge {
	var edges []Edge
	for _, from := range r.Workloads() {
		for _, to := range r.Workloads() {
			for _, port := range to.Container().Ports {
				if r.Allows(from, to, port.ContainerPort) {
					edges = append(edges, Edge{From: from.Component, To: to.Component, Port: port.ContainerPort})
				}
			}
		}
	}
	return edges
}

// Allows tells whether pods of one workload may connect to a port of another.
func (r *Render) Allows(from, to Workload, port int32) bool {
	return r.direction(networkingv1.PolicyTypeEgress, from, to, port) && r.direction(networkingv1.PolicyTypeIngress, to, from, port)
}

// direction asks the policies of one end about the other. A pod that no policy
// selects lets everything through.
func (r *Render) direction(kind networkingv1.PolicyType, own, other Workload, port int32) bool {
	selected := false
	for _, p := range r.NetworkPolicies {
		if !slices.Contains(p.Spec.PolicyTypes, kind) || !selects(&p.Spec.PodSelector, own) {
			continue
		}
		selected = true
		listener := own
		if kind == networkingv1.PolicyTypeEgress {
			listener = other
		}
		for _, rule := range rules(p, kind) {
			if rule.peer(other) && rule.opens(port, listener) {
				return true
			}
		}
	}
	return !selected
}

// rule is one of a policy, in or out.
type rule struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

func rules(p networkingv1.NetworkPolicy, kind networkingv1.PolicyType) []rule {
	var all []rule
	if kind == networkingv1.PolicyTypeEgress {
		for _, e := range p.Spec.Egress {
			all = append(all, rule{peers: e.To, ports: e.Ports})
		}
		return all
	}
	for _, i := range p.Spec.Ingress {
		all = append(all, rule{peers: i.From, ports: i.Ports})
	}
	return all
}

// peer tells whether a rule speaks of a pod of the release. Addresses are of others,
// and so are other namespaces.
func (r rule) peer(other Workload) bool {
	if len(r.peers) == 0 {
		return true
	}
	for _, p := range r.peers {
		if p.PodSelector != nil && p.NamespaceSelector == nil && selects(p.PodSelector, other) {
			return true
		}
	}
	return false
}

func (r rule) opens(port int32, listener Workload) bool {
	if len(r.ports) == 0 {
		return true
	}
	for _, p := range r.ports {
		if p.Port == nil || p.Port.IntVal == port || p.Port.StrVal != "" && portOf(listener, p.Port.StrVal) == port {
			return true
		}
	}
	return false
}

func selects(s *metav1.LabelSelector, w Workload) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(w.Labels))
}

// network: everything is closed at first, each way has both ends, and each port of
// a container is somebody's to reach or nobody's by intent.
func (f *finder) network() {
	if len(f.render.NetworkPolicies) == 0 {
		return
	}
	f.closed()
	for _, w := range f.render.Workloads() {
		if w.Annotations[hookAnnotation] != "" {
			continue // runs where the release's policies may not be yet; it has its own
		}
		for _, kind := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
			f.want(f.covered(w, kind), w.Name, "has no policy for %s", kind)
		}
		if w.Serves() {
			f.ports(w)
		}
	}
	for _, p := range f.render.NetworkPolicies {
		for _, kind := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
			for _, rule := range rules(p, kind) {
				f.otherEnd(p, kind, rule)
			}
		}
	}
}

// closed: with several components, one policy closes both directions for all pods of
// the release, whatever ways the others open.
func (f *finder) closed() {
	if len(f.render.Deployments) == 0 {
		return
	}
	for _, w := range f.render.Workloads() {
		f.want(slices.ContainsFunc(f.render.NetworkPolicies, func(p networkingv1.NetworkPolicy) bool {
			return len(p.Spec.PolicyTypes) == 2 && len(p.Spec.Ingress)+len(p.Spec.Egress) == 0 && selects(&p.Spec.PodSelector, w)
		}), w.Name, "is not under a policy that closes everything")
	}
}

func (f *finder) covered(w Workload, kind networkingv1.PolicyType) bool {
	return slices.ContainsFunc(f.render.NetworkPolicies, func(p networkingv1.NetworkPolicy) bool {
		return slices.Contains(p.Spec.PolicyTypes, kind) && selects(&p.Spec.PodSelector, w)
	})
}

// ports that are open to nobody are the operator's and the monitor's, for probes of
// the node alone.
func (f *finder) ports(w Workload) {
	for _, port := range w.Container().Ports {
		if port.Name == "ops" || port.Name == "monitor" {
			continue
		}
		open := false
		for _, p := range f.render.NetworkPolicies {
			if !selects(&p.Spec.PodSelector, w) {
				continue
			}
			for _, rule := range rules(p, networkingv1.PolicyTypeIngress) {
				open = open || rule.opens(port.ContainerPort, w)
			}
		}
		f.want(open, w.Name, "listens at %s, and nobody may reach it", port.Name)
	}
}

// otherEnd: for each pod that a rule names, the policies there allow the same, and
// somebody listens.
func (f *finder) otherEnd(p networkingv1.NetworkPolicy, kind networkingv1.PolicyType, r rule) {
	for _, peer := range r.peers {
		if peer.PodSelector == nil || peer.NamespaceSelector != nil || peer.PodSelector.MatchLabels[componentLabel] == "" {
			continue // somebody else's pods
		}
		found := false
		for _, own := range f.render.Workloads() {
			for _, other := range f.render.Workloads() {
				if !selects(&p.Spec.PodSelector, own) || !selects(peer.PodSelector, other) {
					continue
				}
				from, to := own, other
				if kind == networkingv1.PolicyTypeIngress {
					from, to = other, own
				}
				found = found || f.somePort(r, from, to)
			}
		}
		f.want(found || f.onlyDatabase(p), p.Name, "names %s, and that end does not allow it or does not listen", peer.PodSelector.MatchLabels[componentLabel])
	}
}

// onlyDatabase: PostgreSQL's pods are the operator's, not in the render.
func (f *finder) onlyDatabase(p networkingv1.NetworkPolicy) bool {
	return p.Spec.PodSelector.MatchLabels["cnpg.io/cluster"] != ""
}

func (f *finder) somePort(r rule, from, to Workload) bool {
	for _, port := range to.Container().Ports {
		if r.opens(port.ContainerPort, to) && f.render.Allows(from, to, port.ContainerPort) {
			return true
		}
	}
	return false
}
