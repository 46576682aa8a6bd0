package rdfc

import "slices"

// path is the outcome of one Hash N-Degree Quads run: the hash and the identifiers issued on the way.
type path struct {
	hash   string
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
func (c *canonicalizer) hashNDegree(node string, iss *issuer) (path, error) {
	related, err := c.relatedHashes(node, iss)
	if err != nil {
		return path{}, err
	}
	var data []byte
	for _, h := range sortedKeys(related) {
		data = append(data, h...)
		best, err := c.bestPath(related[h], iss)
		if err != nil {
			return path{}, err
		}
		data = append(data, best.hash...)
		iss = best.issuer
	}
	return path{hash: c.hash(data), issuer: iss}, nil
}

// relatedHashes groups the other blank nodes in the node's quads by their related hash.
func (c *canonicalizer) relatedHashes(node string, iss *issuer) (map[string][]string, error) {
	if err := c.spend(1 + len(c.nodes[node])); err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, i := range c.nodes[node] {
		q := c.quads[i]
		if err := c.spend(len(q.Predicate.Value) / 64); err != nil { // hashing a long predicate is work too
			return nil, err
		}
		for _, at := range [...]struct {
			position byte
			term     Term
		}{{'s', q.Subject}, {'o', q.Object}, {'g', q.Graph}} {
			if at.term.Kind == KindBlank && at.term.Value != node {
				h := c.hashRelated(at.term.Value, q, iss, at.position)
				out[h] = append(out[h], at.term.Value)
			}
		}
	}
	return out, nil
}

// hashRelated is section 4.7: position, predicate and the best name known for the related node.
func (c *canonicalizer) hashRelated(related string, q Quad, iss *issuer, position byte) string {
	input := []byte{position}
	if position != 'g' {
		input = append(input, '<')
		input = append(input, q.Predicate.Value...)
		input = append(input, '>')
	}
	switch {
	case c.canonical.has(related):
		input = append(input, "_:"+c.canonical.id(related)...)
	case iss.has(related):
		input = append(input, "_:"+iss.id(related)...)
	default:
		input = append(input, c.firstDegree[related]...)
	}
	return c.hash(input)
}

// bestPath tries every order of the nodes and keeps the smallest path; path.hash holds the path's text here.
func (c *canonicalizer) bestPath(nodes []string, iss *issuer) (path, error) {
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
		if candidate.issuer != nil && (best.issuer == nil || candidate.hash < best.hash) {
			best = candidate
		}
	}
	return best, nil
}

// walk names the nodes in the given order and follows those not named before. It returns a
// zero path as soon as the text can no longer beat the best one.
func (c *canonicalizer) walk(order []string, iss *issuer, best string) (path, error) {
	var text []byte
	var follow []string
	worse := func() bool { return best != "" && len(text) >= len(best) && string(text) > best }
	for _, node := range order {
		if c.canonical.has(node) {
			text = append(text, "_:"+c.canonical.id(node)...)
		} else {
			if !iss.has(node) {
				follow = append(follow, node)
			}
			text = append(text, "_:"+iss.issue(node)...)
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
		text = append(text, "_:"+iss.issue(node)+"<"+result.hash+">"...)
		iss = result.issuer
		if worse() {
			return path{}, nil
		}
	}
	return path{hash: string(text), issuer: iss}, nil
}

// nextPermutation steps to the next order in lexical sequence; equal nodes are not permuted among themselves.
func nextPermutation(s []string) bool {
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
