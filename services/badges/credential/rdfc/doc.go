// Package rdfc gives RDF datasets one canonical form, so that two parties hash the same bytes.
//
// The flow is Parse (or a dataset built by the neighbouring package jsonld), Canonicalize,
// Result.NQuads; package dataintegrity hashes that text. The algorithm is W3C RDFC-1.0
// (https://www.w3.org/TR/rdf-canon/) with SHA-256 or SHA-384. Blank nodes that look alike
// make the work grow with the factorial of their number, so every run has a work limit: a
// dataset built to exhaust the verifier ends in ErrTooComplex instead of a hang.
package rdfc
