package rdfc

import (
	"maps"
	"slices"
	"strconv"
)

// issuer hands out temporary names in order and remembers the order (section 4.5).
type issuer struct {
	ids   map[int]int
	order []int
}

func newIssuer() *issuer { return &issuer{ids: map[int]int{}} }

func (s *issuer) issue(node int) {
	if _, ok := s.ids[node]; !ok {
		s.ids[node] = len(s.order)
		s.order = append(s.order, node)
	}
}

func (s *issuer) has(node int) bool { _, ok := s.ids[node]; return ok }

// appendID writes the node's temporary name.
func (s *issuer) appendID(dst []byte, node int) []byte {
	return strconv.AppendInt(append(dst, "_:b"...), int64(s.ids[node]), 10)
}

func (s *issuer) clone() *issuer {
	return &issuer{ids: maps.Clone(s.ids), order: slices.Clone(s.order)}
}
