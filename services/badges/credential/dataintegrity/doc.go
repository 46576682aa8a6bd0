// Package dataintegrity makes and checks W3C Data Integrity proofs with Ed25519 keys.
//
// A proof signs SHA-256 of the canonical proof options followed by SHA-256 of the canonical
// document. The cryptosuites are eddsa-rdfc-2022 (canonical form by packages jsonld and rdfc;
// the one that badge verifiers accept) and eddsa-jcs-2022 (canonical JSON). Verify answers
// whether every proof of a document holds and whose key made it; whether that issuer is known
// and what the document means is the business of package openbadge.
package dataintegrity
