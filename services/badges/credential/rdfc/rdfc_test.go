package rdfc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

func TestBlankNodesAreNamedByTheirSurroundings(t *testing.T) {
	d, err := rdfc.Parse(`
# a school with two evidence items
_:school <https://example.org/evidence> _:x .
_:school <https://example.org/evidence> _:y .
_:x <https://example.org/name> "Minutes" .
_:y <https://example.org/name> "Photo"@en .
_:y <https://example.org/name> "Photo"@en .
`)
	require.NoError(t, err)
	got, err := rdfc.Canonicalize(d, rdfc.Options{})
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(got.NQuads, "\n"), "a repeated quad counts once")
	require.Len(t, got.Issued, 3)
	other, err := rdfc.Canonicalize(d, rdfc.Options{Algorithm: rdfc.SHA384})
	require.NoError(t, err)
	require.Len(t, other.Issued, 3)
	_, err = rdfc.Canonicalize(d, rdfc.Options{Algorithm: "MD5"})
	require.ErrorIs(t, err, rdfc.ErrUnknownAlgorithm)
}

// The published vectors' small twin: two nodes that only their distance to a named one tells apart,
// and a ring in which all look alike.
func TestLookAlikesGetTheNamesThatTheAlgorithmFixes(t *testing.T) {
	for text, want := range map[string]string{
		"_:x <urn:next> _:y .\n_:y <urn:next> _:z .\n_:z <urn:next> <urn:end> .\n_:w <urn:next> _:x .\n": "_:c14n0 <urn:next> _:c14n2 .\n_:c14n1 <urn:next> <urn:end> .\n_:c14n2 <urn:next> _:c14n3 .\n_:c14n3 <urn:next> _:c14n1 .\n",
		"_:x <urn:next> _:y .\n_:y <urn:next> _:z .\n_:z <urn:next> _:x .\n":                             "_:c14n0 <urn:next> _:c14n2 .\n_:c14n1 <urn:next> _:c14n0 .\n_:c14n2 <urn:next> _:c14n1 .\n",
	} {
		d, err := rdfc.Parse(text)
		require.NoError(t, err)
		got, err := rdfc.Canonicalize(d, rdfc.Options{})
		require.NoError(t, err)
		require.Equal(t, want, got.NQuads)
	}
}

func TestLiteralsAreEscapedAsCanonicalNQuadsAsks(t *testing.T) {
	d, err := rdfc.Parse(`<urn:a> <urn:p> "q\"b\\n\nr\rt\tb\bf\fz\u0000d\u007Fe\u00E9\U0001F600" .`)
	require.NoError(t, err)
	require.Equal(t, `<urn:a> <urn:p> "q\"b\\n\nr\rt\tb\bf\fz\u0000d\u007Fe`+"é😀"+`" .`+"\n", d.NQuads())
}

func TestTheStringDatatypeIsLeftOut(t *testing.T) {
	d, err := rdfc.Parse(`<urn:a> <urn:p> "x"^^<http://www.w3.org/2001/XMLSchema#string> <urn:g> .`)
	require.NoError(t, err)
	require.Equal(t, "<urn:a> <urn:p> \"x\" <urn:g> .\n", d.NQuads())
}

func TestTextThatIsNotNQuadsIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no full stop":           `<urn:a> <urn:p> <urn:o>`,
		"text after full stop":   `<urn:a> <urn:p> <urn:o> . x`,
		"relative IRI":           `<a> <urn:p> <urn:o> .`,
		"space in IRI":           `<urn:a b> <urn:p> <urn:o> .`,
		"escaped space in IRI":   `<urn:a\u0020b> <urn:p> <urn:o> .`,
		"open IRI":               `<urn:a <urn:p> .`,
		"open literal":           `<urn:a> <urn:p> "x .`,
		"literal as subject":     `"x" <urn:p> <urn:o> .`,
		"blank node predicate":   `<urn:a> _:p <urn:o> .`,
		"empty label":            `_: <urn:p> <urn:o> .`,
		"wrong escape":           `<urn:a> <urn:p> "\x" .`,
		"escaped surrogate":      `<urn:a> <urn:p> "\uD800" .`,
		"cut escape":             `<urn:a> <urn:p> "\u12" .`,
		"wrong language":         `<urn:a> <urn:p> "x"@1 .`,
		"language and datatype":  `<urn:a> <urn:p> "x"@en^^<urn:d> .`,
		"literal as graph":       `<urn:a> <urn:p> <urn:o> "g" .`,
		"missing object":         `<urn:a> <urn:p> .`,
		"not UTF-8":              "<urn:a> <urn:p> \"\xff\" .",
		"datatype is not an IRI": `<urn:a> <urn:p> "x"^^x .`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rdfc.Parse(text)
			require.ErrorIs(t, err, rdfc.ErrSyntax)
		})
	}
}

func TestAPoisonGraphIsRefusedWithinASecond(t *testing.T) {
	for _, predicate := range []string{"urn:knows", "urn:" + strings.Repeat("k", 1900)} {
		start := busy(t)
		_, err := rdfc.Canonicalize(clique(10, predicate), rdfc.Options{})
		require.ErrorIs(t, err, rdfc.ErrTooComplex)
		require.Less(t, busy(t)-start, time.Second)
	}
}

func TestASmallCliqueIsCanonicalizedAndTheLimitIsTheCallers(t *testing.T) {
	_, err := rdfc.Canonicalize(clique(4, "urn:knows"), rdfc.Options{})
	require.NoError(t, err)
	_, err = rdfc.Canonicalize(clique(4, "urn:knows"), rdfc.Options{WorkLimit: 10})
	require.ErrorIs(t, err, rdfc.ErrTooComplex)
}

func clique(n int, predicate string) rdfc.Dataset {
	var d rdfc.Dataset
	for i := range n {
		for j := range n {
			if i != j {
				d = append(d, rdfc.Quad{
					Subject: rdfc.Blank(fmt.Sprint("n", i)), Predicate: rdfc.IRI(predicate), Object: rdfc.Blank(fmt.Sprint("n", j)),
				})
			}
		}
	}
	return d
}

// The one promise of canonicalization: names and order of the input do not matter.
func TestRenamingAndShufflingNeverChangesTheCanonicalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		node := rapid.IntRange(0, 4)
		quad := rapid.Custom(func(t *rapid.T) rdfc.Quad {
			q := rdfc.Quad{
				Subject:   rdfc.Blank(fmt.Sprint("n", node.Draw(t, "s"))),
				Predicate: rdfc.IRI(rapid.SampledFrom([]string{"urn:p", "urn:q"}).Draw(t, "p")),
				Object:    rdfc.Blank(fmt.Sprint("n", node.Draw(t, "o"))),
			}
			if rapid.Bool().Draw(t, "literal") {
				q.Object = rdfc.Literal(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "v"), rdfc.XSDString)
			}
			if rapid.Bool().Draw(t, "named") {
				q.Graph = rdfc.Blank(fmt.Sprint("n", node.Draw(t, "g")))
			}
			return q
		})
		d := rdfc.Dataset(rapid.SliceOfN(quad, 1, 8).Draw(t, "quads"))
		names := rapid.Permutation([]string{"v", "w", "x", "y", "z"}).Draw(t, "names")
		mixed := rdfc.Dataset(rapid.Permutation([]rdfc.Quad(d)).Draw(t, "order"))
		want, err := rdfc.Canonicalize(d, rdfc.Options{})
		require.NoError(t, err)
		got, err := rdfc.Canonicalize(renamed(mixed, names), rdfc.Options{})
		require.NoError(t, err)
		require.Equal(t, want.NQuads, got.NQuads)
		twice, err := rdfc.Canonicalize(append(mixed, d[0]), rdfc.Options{})
		require.NoError(t, err)
		require.Equal(t, want.NQuads, twice.NQuads, "a dataset is a set: a repeated quad changes nothing")
	})
}

func renamed(d rdfc.Dataset, names []string) rdfc.Dataset {
	rename := func(term rdfc.Term) rdfc.Term {
		if term.Kind == rdfc.KindBlank {
			term.Value = names[int(term.Value[1]-'0')]
		}
		return term
	}
	out := make(rdfc.Dataset, len(d))
	for i, q := range d {
		out[i] = rdfc.Quad{Subject: rename(q.Subject), Predicate: q.Predicate, Object: rename(q.Object), Graph: rename(q.Graph)}
	}
	return out
}

func TestIRIsAreCheckedByRFC3987(t *testing.T) {
	for _, good := range []string{
		"https://example.org/a?b=c#d", "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33", "did:key:z6Mk#z6Mk",
		"mailto:team@example.org", "https://[::1]:8080/x", "https://example.org/é%20x", "ext:name",
		"https://user:pass@example.org:443/", "https://example.org:/", "https://example.org?q=\ue000", "urn:x?+r#f", "https://[v7.a]/", "https://例え.example.org/学校",
	} {
		require.NoError(t, rdfc.CheckIRI(good), good)
	}
	for _, relative := range []string{"", "a", "/a", "#a", ":a", "1a:b", "a b:c", "//example.org"} {
		require.ErrorIs(t, rdfc.CheckIRI(relative), rdfc.ErrRelativeIRI, relative)
	}
	for _, bad := range []string{
		"https://example.org/a b", "https://example.org/%zz", "https://example.org/a%2", "urn:a<b>", "urn:a#b#c",
		"https://example.org/[x]", "urn:a\x7f", "urn:a\ufffe", "urn:\xff", `urn:a\b`,
		"https://example.org:port/", "https://exa[mple.org/", "https://[::1/", "https://[::1]x:80/", "https://[::g]/", "urn:\ufffd", "urn:\ue000", "urn:\U000E0001",
		"https://a@b@example.org/", "urn:a\u0080", "https://example.org/%e", "urn:x#\ue000",
	} {
		require.ErrorIs(t, rdfc.CheckIRI(bad), rdfc.ErrInvalidIRI, bad)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`_:a <urn:p> "x\n"@en-US <urn:g> .`)
	f.Add(`<urn:a> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> . # comment`)
	f.Add("_:a <urn:p> _:b .\n_:b <urn:p> _:a .\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := rdfc.Parse(text)
		if err != nil {
			return
		}
		again, err := rdfc.Parse(d.NQuads())
		require.NoError(t, err)
		require.Equal(t, d.NQuads(), again.NQuads())
		first, err := rdfc.Canonicalize(d, rdfc.Options{WorkLimit: 20_000})
		if err != nil {
			require.ErrorIs(t, err, rdfc.ErrTooComplex)
			return
		}
		second, err := rdfc.Parse(first.NQuads)
		require.NoError(t, err)
		stable, err := rdfc.Canonicalize(second, rdfc.Options{})
		require.NoError(t, err)
		require.Equal(t, first.NQuads, stable.NQuads)
	})
}
