package rdfc

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// issuer hands out identifiers in order and remembers the order (section 4.5).
type issuer struct {
	prefix string
	ids    map[string]string
	order  []string
}

func newIssuer(prefix string) *issuer { return &issuer{prefix: prefix, ids: map[string]string{}} }

func (s *issuer) issue(node string) string {
	if id, ok := s.ids[node]; ok {
		return id
	}
	id := s.prefix + strconv.Itoa(len(s.order))
	s.ids[node] = id
	s.order = append(s.order, node)
	return id
}

func (s *issuer) has(node string) bool { _, ok := s.ids[node]; return ok }

func (s *issuer) id(node string) string { return s.ids[node] }

func (s *issuer) clone() *issuer {
	return &issuer{prefix: s.prefix, ids: maps.Clone(s.ids), order: slices.Clone(s.order)}
}

func compare(a, b string) int { return cmp.Compare(a, b) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
