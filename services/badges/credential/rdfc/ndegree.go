package rdfc

import (
	"bytes"
	"encoding/hex"
	"maps"
	"slices"
)

// path is the outcome of one Hash N-Degree Quads run: the hash and the identifiers issued on the way.
type path struct {
	hash   []byte
	issuer *issuer
}

// spend takes from the work limit; the caller stops at ErrTooComplex.
func (c *canonicalizer) spend(units int) error {
	if c.work -= units; c.work < 0 {
		return ErrTooComplex
	}
	return nil
}

// hashNDegree tells look-alike nodes apart by the paths to their neighbours (section 4.8).
func (c *canonicalizer) hashNDegree(node int, iss *issuer) (path, error) {
	related, err := c.relatedHashes(node, iss)
	if err != nil {
		return path{}, err
	}
	var data []byte
	for _, h := range slices.Sorted(maps.Keys(related)) {
		data = append(data, h...)
		best, err := c.bestPath(related[h], iss)
		if err != nil {
			return path{}, err
		}
		data = append(data, best.hash...)
		iss = best.issuer
	}
	return path{hash: c.sum(data), issuer: iss}, nil
}

// relatedHashes groups the other blank nodes in the node's quads by their related hash.
func (c *canonicalizer) relatedHashes(node int, iss *issuer) (map[string][]int, error) {
	if err := c.spend(1 + len(c.around[node])); err != nil {
		return nil, err
	}
	out := map[string][]int{}
	for _, i := range c.around[node] {
		l := &c.lines[i]
		if err := c.spend((l.predicate.to - l.predicate.from) / 64); err != nil { // hashing a long predicate is work too
			return nil, err
		}
		for _, m := range l.marks[:l.count] {
			if m.node != node {
				h := string(c.hashRelated(m, l, iss))
				out[h] = append(out[h], m.node)
			}
		}
	}
	return out, nil
}

// hashRelated is section 4.7: position, predicate and the best name known for the related node.
func (c *canonicalizer) hashRelated(related mark, l *line, iss *issuer) []byte {
	input := append(c.scratch[:0], related.position)
	if related.position != 'g' {
		input = append(input, c.buf[l.predicate.from:l.predicate.to]...)
	}
	switch {
	case c.canonical[related.node] != "":
		input = append(append(input, "_:"...), c.canonical[related.node]...)
	case iss.has(related.node):
		input = iss.appendID(input, related.node)
	default:
		input = hex.AppendEncode(input, c.firstDegree[related.node])
	}
	c.scratch = input
	return c.sum(input)
}

// bestPath tries every order of the nodes and keeps the smallest path; path.hash holds the path's text here.
func (c *canonicalizer) bestPath(nodes []int, iss *issuer) (path, error) {
	best := path{}
	order := slices.Clone(nodes)
	slices.Sort(order)
	for more := true; more; more = nextPermutation(order) {
		if err := c.spend(len(order) + len(iss.order)); err != nil {
			return path{}, err
		}
		candidate, err := c.walk(order, iss.clone(), best.hash)
		if err != nil {
			return path{}, err
		}
		if candidate.issuer != nil && (best.issuer == nil || bytes.Compare(candidate.hash, best.hash) < 0) {
			best = candidate
		}
	}
	return best, nil
}

// walk names the nodes in the given order and follows those not named before. It returns a
// zero path as soon as the text can no longer beat the best one.
func (c *canonicalizer) walk(order []int, iss *issuer, best []byte) (path, error) {
	var text []byte
	var follow []int
	worse := func() bool { return best != nil && len(text) >= len(best) && bytes.Compare(text, best) > 0 }
	for _, node := range order {
		if name := c.canonical[node]; name != "" {
			text = append(append(text, "_:"...), name...)
		} else {
			if !iss.has(node) {
				follow = append(follow, node)
				iss.issue(node)
			}
			text = iss.appendID(text, node)
		}
		if worse() {
			return path{}, nil
		}
	}
	for _, node := range follow {
		result, err := c.hashNDegree(node, iss)
		if err != nil {
			return path{}, err
		}
		text = iss.appendID(text, node)
		text = append(append(append(text, '<'), result.hash...), '>')
		iss = result.issuer
		if worse() {
			return path{}, nil
		}
	}
	return path{hash: text, issuer: iss}, nil
}

// nextPermutation steps to the next order in sequence; equal nodes are not permuted among themselves.
func nextPermutation(s []int) bool {
	i := len(s) - 2
	for i >= 0 && s[i] >= s[i+1] {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(s) - 1
	for s[j] <= s[i] {
		j--
	}
	s[i], s[j] = s[j], s[i]
	slices.Reverse(s[i+1:])
	return true
}
