package charttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ValuesTable makes the README's table of all values from values.yaml: paths,
// defaults, and the comments above them. Components repeat the gateway's keys; of
// the others only what differs is listed.
func ValuesTable(text []byte) (string, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return "", err
	}
	var t valuesTable
	root := document.Content[0]
	t.gateway = defaults(lookup(root, "gateway"), "")
	t.section("", root)
	return "| value | default | what |\n|---|---|---|\n" + strings.Join(t.rows, "\n") + "\n", nil
}

type valuesTable struct {
	rows    []string
	gateway map[string]string
}

// section adds the keys of a map.
func (t *valuesTable) section(prefix string, node *yaml.Node) {
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := prefix + key.Value
		about := comment(key)
		if value.Kind == yaml.MappingNode && len(value.Content) > 0 {
			if about != "" {
				t.row(name, "", about)
			}
			t.section(name+".", value)
			continue
		}
		if component, rest, below := strings.Cut(name, "."); below && about == "" && slices.Contains(components[1:], component) && t.gateway[rest] == plain(value) {
			continue
		}
		t.row(name, plain(value), about)
	}
}

func (t *valuesTable) row(name, value, about string) {
	if value != "" {
		value = "`" + value + "`"
	}
	t.rows = append(t.rows, fmt.Sprintf("| `%s` | %s | %s |", name, value, strings.ReplaceAll(about, "|", `\|`)))
}

// comment above a key as one line.
func comment(key *yaml.Node) string {
	var words []string
	for line := range strings.SplitSeq(key.HeadComment, "\n") {
		words = append(words, strings.TrimSpace(strings.TrimPrefix(line, "#")))
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// plain is a value on one line; nothing for what is empty.
func plain(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.ScalarNode:
		return node.Value
	case len(node.Content) == 0:
		return ""
	}
	var items []string
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode {
			return "see values.yaml"
		}
		items = append(items, item.Value)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func lookup(node *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return &yaml.Node{}
}

// defaults of a section by path.
func defaults(node *yaml.Node, prefix string) map[string]string {
	all := map[string]string{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := prefix+node.Content[i].Value, node.Content[i+1]
		if value.Kind == yaml.MappingNode && len(value.Content) > 0 {
			maps.Copy(all, defaults(value, key+"."))
			continue
		}
		all[key] = plain(value)
	}
	return all
}

// EdgesTable makes the README's table of open ways from the policies of a render.
func EdgesTable(r *Render) string {
	pods := map[string][]string{}
	for _, p := range r.NetworkPolicies {
		component := p.Spec.PodSelector.MatchLabels[componentLabel]
		if p.Spec.PodSelector.MatchLabels["cnpg.io/cluster"] != "" {
			component = "database"
		}
		if component == "" {
			component = "all"
		}
		for _, kind := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
			for _, rule := range rules(p, kind) {
				word := map[networkingv1.PolicyType]string{networkingv1.PolicyTypeIngress: "from", networkingv1.PolicyTypeEgress: "to"}[kind]
				key := word + " | " + describePeers(rule.peers) + " | " + describePorts(rule.ports)
				pods[key] = append(pods[key], component)
			}
		}
	}
	rows := make([]string, 0, len(pods))
	for key, who := range pods {
		slices.Sort(who)
		rows = append(rows, "| "+strings.Join(slices.Compact(who), ", ")+" | "+key+" |")
	}
	slices.Sort(rows)
	return "| pods | | of or to whom | port |\n|---|---|---|---|\n" + strings.Join(rows, "\n") + "\n"
}

func describePeers(peers []networkingv1.NetworkPolicyPeer) string {
	if len(peers) == 0 {
		return "every address"
	}
	var names []string
	for _, p := range peers {
		names = append(names, describePeer(p))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func describePeer(p networkingv1.NetworkPolicyPeer) string {
	if p.IPBlock != nil {
		if len(p.IPBlock.Except) > 0 {
			return p.IPBlock.CIDR + " but private networks"
		}
		return p.IPBlock.CIDR
	}
	var words []string
	if p.NamespaceSelector != nil {
		words = append(words, "namespace "+lastLabel(p.NamespaceSelector))
	}
	if p.PodSelector != nil {
		words = append(words, lastLabel(p.PodSelector))
	}
	return strings.Join(words, " ")
}

// lastLabel is the value by which a selector is told from others.
func lastLabel(s *metav1.LabelSelector) string {
	if component := s.MatchLabels[componentLabel]; component != "" {
		return component
	}
	if s.MatchLabels["cnpg.io/cluster"] != "" {
		return "database"
	}
	return strings.Join(slices.Sorted(maps.Values(s.MatchLabels)), " ")
}

func describePorts(ports []networkingv1.NetworkPolicyPort) string {
	var names []string
	for _, p := range ports {
		names = append(names, p.Port.String())
	}
	return strings.Join(slices.Compact(names), ", ")
}
