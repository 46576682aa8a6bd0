// Package status reads and writes the lists that tell which credentials are revoked or suspended:
// the Bitstring Status List of the W3C, version 1.0, and the revocation list of 1EdTech.
//
// A credential names its place in a list (Entries). Whoever checks it fetches the list, verifies the list's own
// proof with package dataintegrity, reads it (Open) and asks it (List.Check). An issuer keeps Bits and makes the
// list credential of them (Build), to be signed. Everything that does not follow the specification is refused with
// a stable code, since a list that is read wrongly makes a revoked badge look good: the length, the compression, the
// text, the index, the purpose and the issuer are checked, and what a compressed list may grow to is bounded.
//
// The package neither fetches nor signs. Package internal/status keeps the bits of this product's credentials.
package status
