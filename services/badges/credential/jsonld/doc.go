// Package jsonld reads a JSON-LD document strictly and gives the RDF dataset that its signature covers.
//
// JSON-LD processors drop what they do not understand: an undefined term, a null, a relative or
// odd IRI. Whatever is dropped is not signed, and could be put into a signed badge unnoticed. So
// the rule here is that every value of the document ends up in the dataset or the whole document
// is refused, with an *Error that says which value and why. The flow is:
//
//	Decode    bytes to values: size, depth, duplicate keys, lone surrogates, inexact numbers
//	compiled  one walk by contexts that were processed before; what it does not know goes to:
//	check     only known contexts by address, no null, no keyword that could hide a value
//	expand    by the json-gold library, under a vocabulary that catches every undefined word
//	count     as many values after the expansion as before
//	emit      our own conversion to quads, which errs where the library would be silent
//
// The compiled path takes nearly every good document and is some twenty times as fast; the
// general path, which is the rest of the list, knows everything and says why something is
// refused. Encode writes documents as canonical JSON.
//
// An empty list is accepted: it holds no value that could be lost.
//
// Package rdfc canonicalizes the dataset, package contexts holds the known contexts.
package jsonld
