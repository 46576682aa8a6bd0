// Package vc reads, checks and secures credentials of the W3C Verifiable Credentials Data Model 2.0
// in every form in which they travel.
//
// Open takes what somebody hands in (a JSON document, a JSON Web Token, an envelope around one) and
// gives the document in it. Check tells every rule of the data model that a credential or a
// presentation breaks, CheckSchemas does so for the JSON schemas that it names and that we know,
// SignJWT and VerifyJWT secure it as a token, VerifyPresentation checks who presents it and to whom.
//
// Neighbors: package dataintegrity makes and checks embedded proofs, package openbadge adds the rules
// of Open Badges and CLR on top, package verifier tells people the result. Nothing here needs a
// network: contexts come from package contexts, schemas from the caller, keys from a resolver.
package vc
