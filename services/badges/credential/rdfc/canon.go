package rdfc

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"slices"
	"strconv"
)

// Algorithm names the hash used inside canonicalization.
type Algorithm string

// The hash algorithms of RDFC-1.0.
const (
	SHA256 Algorithm = "SHA256"
	SHA384 Algorithm = "SHA384"
)

// DefaultWorkLimit is far above what any real credential needs and still ends within a second on a small machine.
const DefaultWorkLimit = 400_000

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
	c := &canonicalizer{text: newText(d), work: opts.WorkLimit}
	if c.work <= 0 {
		c.work = DefaultWorkLimit
	}
	switch opts.Algorithm {
	case "", SHA256:
		c.digest = sha256.New()
	case SHA384:
		c.digest = sha512.New384()
	default:
		return Result{}, ErrUnknownAlgorithm
	}
	if err := c.issueAll(); err != nil {
		return Result{}, err
	}
	issued := make(map[string]string, len(c.labels))
	for node, label := range c.labels {
		issued[label] = c.canonical[node]
	}
	return Result{NQuads: c.render(c.canonical), Issued: issued}, nil
}

// canonicalizer is one run. Blank nodes are numbers here: their index in labels.
type canonicalizer struct {
	text
	digest      hash.Hash
	firstDegree [][]byte // hashes of the nodes
	canonical   []string // names given so far, empty for none
	issued      int
	work        int
}

// issueAll is the main algorithm (section 4.4.3): nodes with a hash of their own first, look-alikes after them.
func (c *canonicalizer) issueAll() error {
	count := len(c.labels)
	c.canonical = make([]string, count)
	c.firstDegree = make([][]byte, count)
	sums := make([]byte, 0, count*c.digest.Size())
	order := make([]int, count)
	for node := range order {
		order[node] = node
		from := len(sums)
		sums = c.hashFirstDegree(sums, node)
		c.firstDegree[node] = sums[from:len(sums):len(sums)]
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(c.firstDegree[a], c.firstDegree[b]) })
	var shared [][]int
	for len(order) > 0 {
		n := 1
		for n < len(order) && bytes.Equal(c.firstDegree[order[0]], c.firstDegree[order[n]]) {
			n++
		}
		if n == 1 {
			c.issue(order[0])
		} else {
			shared = append(shared, order[:n])
		}
		order = order[n:]
	}
	for _, nodes := range shared {
		if err := c.issueShared(nodes); err != nil {
			return err
		}
	}
	return nil
}

func (c *canonicalizer) issue(node int) {
	if c.canonical[node] == "" {
		c.canonical[node] = "c14n" + strconv.Itoa(c.issued)
		c.issued++
	}
}

func (c *canonicalizer) issueShared(nodes []int) error {
	var paths []path
	for _, node := range nodes {
		if c.canonical[node] != "" {
			continue
		}
		temp := newIssuer()
		temp.issue(node)
		p, err := c.hashNDegree(node, temp)
		if err != nil {
			return err
		}
		paths = append(paths, p)
	}
	slices.SortStableFunc(paths, func(a, b path) int { return bytes.Compare(a.hash, b.hash) })
	for _, p := range paths {
		for _, node := range p.issuer.order {
			c.issue(node)
		}
	}
	return nil
}

// hashFirstDegree appends the hash of the quads around a node, with the node named a and all
// others z (section 4.6).
func (c *canonicalizer) hashFirstDegree(dst []byte, node int) []byte {
	c.scratch = c.scratch[:0]
	spans := c.spans[:0]
	for _, i := range c.around[node] {
		from := len(c.scratch)
		c.scratch = c.appendLine(c.scratch, c.lines[i], func(dst []byte, other int) []byte {
			if other == node {
				return append(dst, 'a')
			}
			return append(dst, 'z')
		})
		spans = append(spans, span{from, len(c.scratch)})
	}
	sortSpans(spans, c.scratch)
	c.digest.Reset()
	for _, s := range spans {
		c.digest.Write(c.scratch[s.from:s.to])
	}
	c.spans = spans
	return c.digest.Sum(dst)
}

// sum hashes a text and gives the hash in hex, as the algorithm concatenates hashes.
func (c *canonicalizer) sum(text []byte) []byte {
	c.digest.Reset()
	c.digest.Write(text)
	return hex.AppendEncode(nil, c.digest.Sum(nil))
}
