package openbadge_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutation is one change of a signed document; apply works on a fresh copy.
type mutation struct {
	name  string
	apply func(doc map[string]any)
}

// mutations lists every change of one leaf, every removal and additions to every object.
func mutations(node any, path string, locate func(doc map[string]any) any) []mutation {
	var out []mutation
	switch v := node.(type) {
	case map[string]any:
		in := func(doc map[string]any) map[string]any { m, _ := locate(doc).(map[string]any); return m }
		for key, child := range v {
			here := path + "." + key
			out = append(out, mutation{here + " removed", func(doc map[string]any) { delete(in(doc), key) }})
			if changed, leaf := changedLeaf(child); leaf {
				out = append(out, mutation{here + " changed", func(doc map[string]any) { in(doc)[key] = changed }})
			}
			out = append(out, mutations(child, here, func(doc map[string]any) any { return in(doc)[key] })...)
		}
		for key, value := range map[string]any{
			"colour": "red", "description": "more", "https://example.org/p": "v", "image": map[string]any{"id": "https://example.org/i"},
			"https://example.org/" + strings.Repeat("p", 3000): "v",
		} {
			if _, has := v[key]; !has {
				out = append(out, mutation{fmt.Sprintf("%s.%.30s added", path, key), func(doc map[string]any) { in(doc)[key] = value }})
			}
		}
	case []any:
		in := func(doc map[string]any) []any { l, _ := locate(doc).([]any); return l }
		for i, child := range v {
			here := fmt.Sprintf("%s[%d]", path, i)
			if changed, leaf := changedLeaf(child); leaf {
				out = append(out, mutation{here + " changed", func(doc map[string]any) { in(doc)[i] = changed }})
			}
			out = append(out, mutations(child, here, func(doc map[string]any) any { return in(doc)[i] })...)
		}
	}
	return out
}

func changedLeaf(node any) (any, bool) {
	switch v := node.(type) {
	case string:
		return v + "x", true
	case float64:
		return v + 1, true
	case bool:
		return !v, true
	}
	return nil, false
}

func TestEveryChangeOfASignedBadgeIsRefused(t *testing.T) {
	raw, e := issued(t), proofs(t)
	all := mutations(parsed(t, raw), "", func(doc map[string]any) any { return doc })
	require.Greater(t, len(all), 200)
	for _, m := range all {
		doc := parsed(t, raw)
		m.apply(doc)
		require.Error(t, verifyWith(e, rendered(t, doc)), m.name)
	}
}

func TestEveryRemovalFromAListIsRefused(t *testing.T) {
	raw, e := issued(t), proofs(t)
	removed := 0
	for _, list := range lists(parsed(t, raw), func(doc map[string]any) (any, func(any)) { return doc, nil }) {
		for i := range list.length {
			doc := parsed(t, raw)
			value, set := list.locate(doc)
			items, isList := value.([]any)
			require.True(t, isList)
			set(append(append([]any{}, items[:i]...), items[i+1:]...))
			require.Error(t, verifyWith(e, rendered(t, doc)), "%s[%d]", list.path, i)
			removed++
		}
	}
	require.Greater(t, removed, 20)
}

type listAt struct {
	path   string
	length int
	locate func(doc map[string]any) (any, func(any))
}

func lists(node any, locate func(doc map[string]any) (any, func(any))) []listAt {
	return listsUnder(node, "", locate)
}

func listsUnder(node any, path string, locate func(doc map[string]any) (any, func(any))) []listAt {
	var out []listAt
	switch v := node.(type) {
	case map[string]any:
		for key, child := range v {
			out = append(out, listsUnder(child, path+"."+key, func(doc map[string]any) (any, func(any)) {
				parent, _ := locate(doc)
				m, _ := parent.(map[string]any)
				return m[key], func(value any) { m[key] = value }
			})...)
		}
	case []any:
		out = append(out, listAt{path, len(v), locate})
		for i, child := range v {
			out = append(out, listsUnder(child, fmt.Sprintf("%s[%d]", path, i), func(doc map[string]any) (any, func(any)) {
				parent, _ := locate(doc)
				l, _ := parent.([]any)
				return l[i], func(value any) { l[i] = value }
			})...)
		}
	}
	return out
}

func TestAHostileChangeIsRefusedForTheRightReason(t *testing.T) {
	long := "https://example.org/" + strings.Repeat("e", 3000)
	clique := make([]any, 10)
	for i := range clique {
		others := make([]any, 0, 9)
		for j := range clique {
			if i != j {
				others = append(others, map[string]any{"id": fmt.Sprint("_:n", j)})
			}
		}
		clique[i] = map[string]any{"id": fmt.Sprint("_:n", i), "https://example.org/knows": others}
	}
	for name, c := range map[string]struct {
		change func(doc map[string]any)
		code   string
	}{
		"evidence under an over-long IRI": {func(d map[string]any) {
			l, _ := d["evidence"].([]any)
			d["evidence"] = append(l, map[string]any{"id": long, "type": []any{"Evidence"}, "name": "forged"})
		}, "iri_too_long"},
		"poison graph":   {func(d map[string]any) { d["https://example.org/p"] = clique }, "document_refused"},
		"undefined term": {func(d map[string]any) { d["honours"] = "first class" }, "undefined_term"},
		"vocabulary injected": {func(d map[string]any) {
			c, _ := d["@context"].([]any)
			d["@context"] = append(c, map[string]any{"@vocab": "urn:x:"})
			d["honours"] = "x"
		}, "unknown_context"},
		"term redefined": {func(d map[string]any) {
			c, _ := d["@context"].([]any)
			d["@context"] = append(c, map[string]any{"name": "urn:x"})
		}, "unknown_context"},
		"strange context": {func(d map[string]any) {
			c, _ := d["@context"].([]any)
			d["@context"] = append(c, "https://example.org/context")
		}, "unknown_context"},
		"relative evidence": {func(d map[string]any) {
			d["evidence"] = []any{map[string]any{"id": "x.pdf", "type": []any{"Evidence"}}}
		}, "relative_iri"},
		"null":          {func(d map[string]any) { d["description"] = nil }, "dropped_value"},
		"no proof":      {func(d map[string]any) { delete(d, "proof") }, "proof_missing"},
		"no issuer":     {func(d map[string]any) { delete(d, "issuer") }, "signature_wrong"},
		"end prolonged": {func(d map[string]any) { d["validUntil"] = "2099-01-01T00:00:00Z" }, "signature_wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := parsed(t, issued(t))
			c.change(doc)
			err := verify(t, rendered(t, doc))
			require.Error(t, err)
			require.Equal(t, c.code, reason(err), err.Error())
		})
	}
}

func TestHostileTextIsRefusedBeforeItIsRead(t *testing.T) {
	raw := string(issued(t))
	for code, text := range map[string]string{
		"duplicate_key": strings.Replace(raw, `"name":`, `"name":"Forged","name":`, 1),
		"invalid_json":  raw + "x",
		"too_deep":      strings.Repeat("[", 100_000),
		"too_large":     raw + strings.Repeat(" ", 1<<20),
	} {
		require.Equal(t, code, reason(verify(t, []byte(text))))
	}
}
