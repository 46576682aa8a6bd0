package rdfc

import (
	"slices"
	"strings"
)

// Kind says what a term is.
type Kind uint8

// The kinds of term; the zero value marks the default graph.
const (
	KindNone Kind = iota
	KindIRI
	KindBlank
	KindLiteral
)

// The datatypes that N-Quads treats specially.
const (
	XSDString     = "http://www.w3.org/2001/XMLSchema#string"
	RDFLangString = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
)

// Term is one component of a quad. Value holds the IRI, the blank node's label without "_:",
// or the literal's text; Datatype and Language are set on literals only.
type Term struct {
	Kind     Kind
	Value    string
	Datatype string
	Language string
}

// IRI makes a term for an absolute IRI.
func IRI(value string) Term { return Term{Kind: KindIRI, Value: value} }

// Blank makes a blank node with the given label, written without "_:".
func Blank(label string) Term { return Term{Kind: KindBlank, Value: label} }

// Literal makes a typed literal.
func Literal(value, datatype string) Term {
	return Term{Kind: KindLiteral, Value: value, Datatype: datatype}
}

// LangLiteral makes a language-tagged literal.
func LangLiteral(value, language string) Term {
	return Term{Kind: KindLiteral, Value: value, Datatype: RDFLangString, Language: language}
}

// Quad is one statement; Graph is the zero Term in the default graph.
type Quad struct {
	Subject   Term
	Predicate Term
	Object    Term
	Graph     Term
}

// Dataset is a set of quads. Duplicates are allowed in the slice and vanish in the canonical form.
type Dataset []Quad

// NQuads writes the dataset as sorted, duplicate-free canonical N-Quads, keeping its blank node labels.
func (d Dataset) NQuads() string {
	lines := make([]string, len(d))
	for i, q := range d {
		lines[i] = string(appendQuad(nil, q, keepLabel))
	}
	return joinSorted(lines)
}

func joinSorted(lines []string) string {
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}
