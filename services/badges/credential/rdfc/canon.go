package rdfc

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"slices"
)

// Algorithm names the hash used inside canonicalization.
type Algorithm string

// The hash algorithms of RDFC-1.0.
const (
	SHA256 Algorithm = "SHA256"
	SHA384 Algorithm = "SHA384"
)

// DefaultWorkLimit is far above what any real credential needs and still ends within a second on a small machine.
const DefaultWorkLimit = 200_000

// The refusals of Canonicalize.
var (
	ErrTooComplex       = errors.New("the dataset's blank nodes are too much alike: canonicalization was stopped at its work limit")
	ErrUnknownAlgorithm = errors.New("unknown hash algorithm: use SHA256 or SHA384")
)

// Options of a canonicalization; the zero value means SHA-256 and the default work limit.
type Options struct {
	Algorithm Algorithm
	WorkLimit int
}

// Result is a canonicalized dataset.
type Result struct {
	// NQuads is the canonical text: sorted lines, each ending with a line feed.
	NQuads string
	// Issued maps each blank node label of the input to its canonical label, both without "_:".
	Issued map[string]string
}

// Canonicalize runs RDFC-1.0 over the dataset.
func Canonicalize(d Dataset, opts Options) (Result, error) {
	c, err := newCanonicalizer(d.unique(), opts)
	if err != nil {
		return Result{}, err
	}
	if err := c.issueAll(); err != nil {
		return Result{}, err
	}
	lines := make([]string, len(c.quads))
	for i, q := range c.quads {
		lines[i] = string(appendQuad(nil, q, c.canonical.id))
	}
	return Result{NQuads: joinSorted(lines), Issued: c.canonical.ids}, nil
}

type canonicalizer struct {
	quads       Dataset
	nodes       map[string][]int // quads that mention a blank node
	firstDegree map[string]string
	canonical   *issuer
	hash        func([]byte) string
	work        int
}

func newCanonicalizer(d Dataset, opts Options) (*canonicalizer, error) {
	c := &canonicalizer{
		quads: d, nodes: map[string][]int{}, firstDegree: map[string]string{},
		canonical: newIssuer("c14n"), work: opts.WorkLimit,
	}
	if c.work <= 0 {
		c.work = DefaultWorkLimit
	}
	switch opts.Algorithm {
	case "", SHA256:
		c.hash = func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	case SHA384:
		c.hash = func(b []byte) string { s := sha512.Sum384(b); return hex.EncodeToString(s[:]) }
	default:
		return nil, ErrUnknownAlgorithm
	}
	for i, q := range d {
		c.index(i, q.Subject, q.Object, q.Graph)
	}
	return c, nil
}

func (c *canonicalizer) index(quad int, terms ...Term) {
	for _, t := range terms {
		if t.Kind != KindBlank {
			continue
		}
		list := c.nodes[t.Value]
		if n := len(list); n == 0 || list[n-1] != quad {
			c.nodes[t.Value] = append(list, quad)
		}
	}
}

// issueAll is the main algorithm (section 4.4.3): nodes with a hash of their own first, look-alikes after them.
func (c *canonicalizer) issueAll() error {
	byHash := map[string][]string{}
	for node := range c.nodes {
		h := c.hashFirstDegree(node)
		c.firstDegree[node] = h
		byHash[h] = append(byHash[h], node)
	}
	var shared []string
	for _, h := range sortedKeys(byHash) {
		if len(byHash[h]) == 1 {
			c.canonical.issue(byHash[h][0])
		} else {
			shared = append(shared, h)
		}
	}
	for _, h := range shared {
		if err := c.issueShared(byHash[h]); err != nil {
			return err
		}
	}
	return nil
}

func (c *canonicalizer) issueShared(nodes []string) error {
	slices.Sort(nodes)
	var paths []path
	for _, node := range nodes {
		if c.canonical.has(node) {
			continue
		}
		temp := newIssuer("b")
		temp.issue(node)
		p, err := c.hashNDegree(node, temp)
		if err != nil {
			return err
		}
		paths = append(paths, p)
	}
	slices.SortStableFunc(paths, func(a, b path) int { return compare(a.hash, b.hash) })
	for _, p := range paths {
		for _, node := range p.issuer.order {
			c.canonical.issue(node)
		}
	}
	return nil
}

// hashFirstDegree hashes the quads around a node with the node named a and all others z (section 4.6).
func (c *canonicalizer) hashFirstDegree(node string) string {
	lines := make([]string, 0, len(c.nodes[node]))
	label := func(l string) string {
		if l == node {
			return "a"
		}
		return "z"
	}
	for _, i := range c.nodes[node] {
		lines = append(lines, string(appendQuad(nil, c.quads[i], label)))
	}
	slices.Sort(lines)
	var text []byte
	for _, l := range lines {
		text = append(text, l...)
	}
	return c.hash(text)
}
