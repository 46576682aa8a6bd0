// Package verifier tells whether a credential may be relied on, in steps that people understand.
//
// It takes a credential in any form in which it travels: JSON, a presentation, a signed token, a
// baked PNG or SVG, a PDF with an attachment. Each step has a name, an outcome, a stable code for
// programs and a reason in plain words, in English or Spanish. A report gives two answers and keeps
// them apart: Valid (whole, unchanged since its issuer signed it, in force) and IssuerKnown (the
// issuer is in the signed registry that the verifier was given).
//
// What was not looked up is never said to have passed: an unreachable status list is a warning.
// All limits on hostile input are told in limits.go. The package never touches the network itself:
// status lists, keys on the web and the transparency log come from the sources in Options.
//
// Neighbours: packages vc and openbadge know the rules, dataintegrity the proofs, registry the
// issuers, status the lists, bake the files. The badges service and the program's verify command
// use it.
package verifier
