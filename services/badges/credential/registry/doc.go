// Package registry is the signed list of issuers by which badges are verified without a network:
// who they are, which identifiers they have and had, which keys, and since when a key is not to
// be trusted.
//
// Whether a proof holds and whether its issuer is who it says, and known, are two questions. As a
// dataintegrity.Resolver the registry answers the first for the keys that it lists; Issuer answers
// the second. The name of an issuer comes from here and not from the badge.
//
// A registry is a JSON document with an eddsa-jcs-2022 proof of the platform's registry key, which
// signs nothing else. A verifier that has seen the key once hands it to Parse (a pin), and a
// registry signed by another key is refused. It has an end: a verifier that goes on with an old one
// would not learn of compromised keys (Current).
//
// Neighbours: the badges service makes it (internal/issuer) and serves it; package verifier and
// the program's verify command read it.
package registry
