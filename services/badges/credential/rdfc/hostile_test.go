package rdfc_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

// Whatever the shape of a hostile dataset, the work ends well within a second: with a canonical
// form where the shape is only large, with a refusal where the nodes are too much alike.
func TestHostileShapesEndSoon(t *testing.T) {
	knows := func(from, to string) rdfc.Quad {
		return rdfc.Quad{Subject: rdfc.Blank(from), Predicate: rdfc.IRI("urn:knows"), Object: rdfc.Blank(to)}
	}
	build := func(n int, quad func(i int) rdfc.Quad) (d rdfc.Dataset) {
		for i := range n {
			d = append(d, quad(i))
		}
		return d
	}
	var triangles rdfc.Dataset
	for i := range 3000 {
		for _, edge := range []string{"ab", "ba", "ac", "ca", "bc", "cb"} {
			triangles = append(triangles, knows(fmt.Sprint(edge[:1], i), fmt.Sprint(edge[1:], i)))
		}
	}
	for name, c := range map[string]struct {
		dataset rdfc.Dataset
		refused bool
	}{
		"many small cliques":     {triangles, true},
		"one clique":             {clique(40, "urn:knows"), true},
		"clique, long predicate": {clique(10, "urn:"+strings.Repeat("k", 1900)), true},
		"long ring":              {build(20_000, func(i int) rdfc.Quad { return knows(fmt.Sprint(i), fmt.Sprint((i+1)%20_000)) }), true},
		"long chain":             {build(20_000, func(i int) rdfc.Quad { return knows(fmt.Sprint(i), fmt.Sprint(i+1)) }), true},
		"short ring":             {build(40, func(i int) rdfc.Quad { return knows(fmt.Sprint(i), fmt.Sprint((i+1)%40)) }), false},
		"star":                   {build(10_000, func(i int) rdfc.Quad { return knows("hub", fmt.Sprint(i)) }), false},
		"nodes alike, not related": {build(10_000, func(i int) rdfc.Quad {
			return rdfc.Quad{Subject: rdfc.Blank(fmt.Sprint(i)), Predicate: rdfc.IRI("urn:name"), Object: rdfc.Literal("x", rdfc.XSDString)}
		}), false},
		"graphs in a ring": {build(5_000, func(i int) rdfc.Quad {
			q := knows(fmt.Sprint(i), fmt.Sprint(i))
			q.Graph = rdfc.Blank(fmt.Sprint((i + 1) % 5_000))
			return q
		}), true},
	} {
		t.Run(name, func(t *testing.T) {
			start := busy(t)
			_, err := rdfc.Canonicalize(c.dataset, rdfc.Options{})
			if c.refused {
				require.ErrorIs(t, err, rdfc.ErrTooComplex)
			} else {
				require.NoError(t, err)
			}
			require.Less(t, busy(t)-start, time.Second)
		})
	}
}

// busy is the processor time of this process: a busy machine must not fail a test of the work done.
func busy(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
