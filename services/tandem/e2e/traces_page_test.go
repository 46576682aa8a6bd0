package e2e

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
)

var update = flag.Bool("update", false, "write what was recorded into docs/tracing.md")

const tracingPage = "../../../docs/tracing.md"

// onThePage holds the page to the trace, whose last spans may still be on their way, or
// writes it there.
func onThePage(t *testing.T, collector *spans, w way) {
	t.Helper()
	page, err := os.ReadFile(tracingPage)
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)(<!-- " + w.page + " -->\n```text\n)(.*?)(```\n)")
	match := block.FindStringSubmatch(string(page))
	require.NotNil(t, match, "docs/tracing.md has no place for %s", w.page)
	if *update {
		tr, _ := collector.find(w)
		written := block.ReplaceAllString(string(page), "${1}"+strings.ReplaceAll(tr.tree(), "$", "$$")+"${3}")
		require.NoError(t, os.WriteFile(tracingPage, []byte(written), 0o600))
		return
	}
	kittest.EventuallyNoError(t, func() error {
		tr, _ := collector.find(w)
		if said, got := namesIn(match[2]), namesIn(tr.tree()); !slices.Equal(said, got) {
			return fmt.Errorf("the spans on the page are not those recorded: run this test with -update\npage:     %q\nrecorded: %q", said, got)
		}
		return nil
	})
}

// spanLine is a line of a tree: its name stands between the branches and the times.
var spanLine = regexp.MustCompile(`(?m)^ *(\S.*?)(?: ×\d+)?  +(\S+)  +\d+ ms`)

// namesIn are the spans of a tree. What the gateway asks its database when it follows
// several events at once is in the trace of one of them, and left out here.
func namesIn(tree string) []string {
	names := map[string]bool{}
	for _, line := range spanLine.FindAllStringSubmatch(tree, -1) {
		if line[2] != "tandem-gateway" || strings.Contains(line[1], "tandem.") || strings.Contains(line[1], "/") {
			names[line[1]+" in "+line[2]] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// tree draws a trace: what is below what, where it ran, when it began and how long it took.
// Equal statements beside each other are drawn once.
func (tr trace) tree() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-88s %-20s %8s %8s\n", "span", "process", "begins", "takes")
	tr.draw(&out, tr.root, 0, 1)
	return out.String()
}

func (tr trace) draw(out *strings.Builder, s recorded, depth, times int) {
	name := strings.Repeat("  ", depth) + s.GetName()
	if times > 1 {
		name += fmt.Sprintf(" ×%d", times)
	}
	begins := time.Duration(s.GetStartTimeUnixNano() - tr.root.GetStartTimeUnixNano())
	takes := time.Duration(s.GetEndTimeUnixNano() - s.GetStartTimeUnixNano())
	fmt.Fprintf(out, "%-88s %-20s %5d ms %5d ms\n", name, s.service, begins.Milliseconds(), takes.Milliseconds())
	children := slices.Clone(tr.below[string(s.GetSpanId())])
	slices.SortStableFunc(children, func(a, b recorded) int { return int(int64(a.GetStartTimeUnixNano() - b.GetStartTimeUnixNano())) })
	for at := 0; at < len(children); {
		next := at + 1
		for next < len(children) && tr.alike(children[at], children[next]) {
			next++
		}
		tr.draw(out, children[at], depth+1, next-at)
		at = next
	}
}

// alike tells whether two spans with nothing below them have the same name.
func (tr trace) alike(a, b recorded) bool {
	return a.GetName() == b.GetName() && len(tr.below[string(a.GetSpanId())])+len(tr.below[string(b.GetSpanId())]) == 0
}
