package jsonld

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/rdfc"
)

const (
	rdfNS    = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	rdfType  = rdfNS + "type"
	rdfFirst = rdfNS + "first"
	rdfRest  = rdfNS + "rest"
	rdfNil   = rdfNS + "nil"
	rdfJSON  = rdfNS + "JSON"
	// MaxIRI is the longest IRI accepted, in bytes.
	MaxIRI = 2000
)

// emitter converts expanded JSON-LD to quads and errs on everything that has no quad.
type emitter struct {
	out    rdfc.Dataset
	labels map[string]string // blank node labels of the document to fresh ones
	fresh  int
}

func (e *emitter) document(expanded any) error {
	root, ok := expanded.(map[string]any)
	if !ok {
		return refuse(CodeDroppedValue, "", "the document says nothing that could be signed")
	}
	if _, err := e.node(root, rdfc.Term{}); err != nil {
		return err
	}
	if len(e.out) == 0 {
		return refuse(CodeDroppedValue, "", "the document says nothing that could be signed")
	}
	return nil
}

// node emits a node object and returns its subject.
func (e *emitter) node(object map[string]any, graph rdfc.Term) (rdfc.Term, error) {
	subject, err := e.subject(object)
	if err != nil {
		return subject, err
	}
	for key, value := range object {
		switch key {
		case "@id":
		case "@type":
			err = e.types(subject, value, graph)
		case "@graph":
			err = e.graph(subject, value)
		default:
			err = e.property(subject, key, value, graph)
		}
		if err != nil {
			return subject, err
		}
	}
	return subject, nil
}

func (e *emitter) subject(object map[string]any) (rdfc.Term, error) {
	id, has := object["@id"]
	if !has {
		return e.blank(), nil
	}
	text, isText := id.(string)
	if !isText {
		return rdfc.Term{}, refuse(CodeInvalidIRI, "@id", "an id must be one text")
	}
	return e.resource(text)
}

func (e *emitter) blank() rdfc.Term {
	e.fresh++
	return rdfc.Blank("g" + strconv.Itoa(e.fresh))
}

// resource makes the term of an id: an IRI, or a blank node that keeps its identity in the document.
func (e *emitter) resource(text string) (rdfc.Term, error) {
	label, isBlank := strings.CutPrefix(text, "_:")
	if !isBlank {
		return iri(text)
	}
	if label == "" {
		return rdfc.Term{}, refuse(CodeInvalidIRI, text, "a blank node needs a label")
	}
	if _, known := e.labels[label]; !known {
		e.labels[label] = e.blank().Value
	}
	return rdfc.Blank(e.labels[label]), nil
}

func iri(text string) (rdfc.Term, error) {
	if term, undefinedTerm := strings.CutPrefix(text, undefined); undefinedTerm {
		return rdfc.Term{}, refuse(CodeUndefinedTerm, term, "no context defines this term, so it would not be signed")
	}
	if len(text) > MaxIRI {
		return rdfc.Term{}, refuse(CodeLongIRI, text, "an IRI is longer than 2000 characters")
	}
	err := rdfc.CheckIRI(text)
	switch {
	case errors.Is(err, rdfc.ErrRelativeIRI):
		return rdfc.Term{}, refuse(CodeRelativeIRI, text, "an IRI must be absolute")
	case err != nil:
		return rdfc.Term{}, refuse(CodeInvalidIRI, text, "an IRI is not valid")
	}
	return rdfc.IRI(text), nil
}

func (e *emitter) types(subject rdfc.Term, value any, graph rdfc.Term) error {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	seen := make(map[rdfc.Term]bool, len(list))
	for _, item := range list {
		text, isText := item.(string)
		if !isText {
			return refuse(CodeInvalidIRI, "@type", "a type must be a text")
		}
		object, err := e.resource(text)
		if err != nil {
			return err
		}
		if seen[object] {
			return refuseRepeated(object)
		}
		seen[object] = true
		e.add(subject, rdfc.IRI(rdfType), object, graph)
	}
	return nil
}

// refuseRepeated is the answer to a value that stands twice in one list: a dataset holds it
// once, so the second one could be added to a signed document unnoticed.
func refuseRepeated(object rdfc.Term) error {
	return refuse(CodeDroppedValue, object.Value, "a list has the same value twice, and only one of them would be signed")
}

// graph emits the nodes of a graph object into the graph named by the subject. A node that has
// only an id has no quad there, so the reference would be lost.
func (e *emitter) graph(name rdfc.Term, value any) error {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	for _, item := range list {
		object, isObject := item.(map[string]any)
		if !isObject || isValue(object) {
			return refuse(CodeDroppedValue, "@graph", "only objects may stand in a graph")
		}
		before := len(e.out)
		if _, err := e.node(object, name); err != nil {
			return err
		}
		if len(e.out) == before {
			return refuse(CodeDroppedValue, "@graph", "an object in a graph says nothing but its id and would be dropped")
		}
	}
	return nil
}

func isValue(object map[string]any) bool { _, ok := object["@value"]; return ok }

func (e *emitter) property(subject rdfc.Term, key string, value any, graph rdfc.Term) error {
	if strings.HasPrefix(key, "@") {
		return refuse(CodeKeyword, key, "this JSON-LD keyword cannot be signed")
	}
	predicate, err := iri(key)
	if err != nil {
		return err
	}
	list, isList := value.([]any)
	if !isList {
		return refuse(CodeExpansion, key, "a property did not expand to a list")
	}
	seen := make(map[rdfc.Term]bool, len(list))
	for _, item := range list {
		object, err := e.object(item, graph)
		if err != nil {
			return err
		}
		if seen[object] {
			return refuseRepeated(object)
		}
		seen[object] = true
		e.add(subject, predicate, object, graph)
	}
	return nil
}

// object emits a value, list or node and returns the term that stands for it.
func (e *emitter) object(item any, graph rdfc.Term) (rdfc.Term, error) {
	object, isObject := item.(map[string]any)
	if !isObject {
		return rdfc.Term{}, refuse(CodeExpansion, "", "a value did not expand to an object")
	}
	if isValue(object) {
		return literal(object)
	}
	if list, isList := object["@list"]; isList {
		return e.list(list, graph)
	}
	return e.node(object, graph)
}

func (e *emitter) list(value any, graph rdfc.Term) (rdfc.Term, error) {
	items, isList := value.([]any)
	if !isList {
		return rdfc.Term{}, refuse(CodeExpansion, "@list", "a list did not expand to a list")
	}
	next := rdfc.IRI(rdfNil)
	for i := len(items) - 1; i >= 0; i-- {
		object, err := e.object(items[i], graph)
		if err != nil {
			return object, err
		}
		cell := e.blank()
		e.add(cell, rdfc.IRI(rdfFirst), object, graph)
		e.add(cell, rdfc.IRI(rdfRest), next, graph)
		next = cell
	}
	return next, nil
}

func (e *emitter) add(s, p, o, g rdfc.Term) {
	e.out = append(e.out, rdfc.Quad{Subject: s, Predicate: p, Object: o, Graph: g})
}
