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
	"sync"
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
	c, err := newCanonicalizer(opts)
	if err != nil {
		return Result{}, err
	}
	defer c.release()
	c.read(d)
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
	sums        []byte
	firstDegree [][]byte // hashes of the nodes
	canonical   []string // names given so far, empty for none
	issued      int
	work        int
}

// pool keeps the memory of runs for later ones: a service that signs makes them by the thousand.
var pool = sync.Pool{New: func() any { return &canonicalizer{text: newText(), digest: sha256.New()} }}

// maxKept is the largest buffer that is kept; a rare large document must not hold memory for ever.
const maxKept = 256 << 10

func newCanonicalizer(opts Options) (*canonicalizer, error) {
	switch opts.Algorithm {
	case "", SHA256, SHA384:
	default:
		return nil, ErrUnknownAlgorithm
	}
	c, isRun := pool.Get().(*canonicalizer)
	if !isRun || opts.Algorithm == SHA384 {
		c = &canonicalizer{text: newText(), digest: sha512.New384()}
	}
	c.issued, c.work = 0, opts.WorkLimit
	if c.work <= 0 {
		c.work = DefaultWorkLimit
	}
	return c, nil
}

// release forgets the dataset and keeps the buffers.
func (c *canonicalizer) release() {
	if cap(c.buf) > maxKept || c.digest.Size() != sha256.Size {
		return
	}
	clear(c.canonical)
	c.clear()
	pool.Put(c)
}

// issueAll is the main algorithm (section 4.4.3): nodes with a hash of their own first, look-alikes after them.
func (c *canonicalizer) issueAll() error {
	count := len(c.labels)
	c.canonical = resized(c.canonical, count)
	c.firstDegree = resized(c.firstDegree, count)
	c.sums = slices.Grow(c.sums[:0], count*c.digest.Size())
	order := make([]int, count)
	for node := range order {
		order[node] = node
		from := len(c.sums)
		c.sums = c.hashFirstDegree(c.sums, node)
		c.firstDegree[node] = c.sums[from:len(c.sums):len(c.sums)]
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
	name := func(dst []byte, other int) []byte {
		if other == node {
			return append(dst, 'a')
		}
		return append(dst, 'z')
	}
	for _, i := range c.around[node] {
		from := len(c.scratch)
		c.scratch = c.appendLine(c.scratch, &c.lines[i], name)
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
