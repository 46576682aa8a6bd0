// Package openbadge builds, issues and verifies Open Badges 3.0 credentials whose subject is a school.
//
// Build turns a Badge into the credential document, Engine.Issue signs it and Engine.Verify
// answers with a Report: one named step after the other, each with its outcome and the reason in
// plain words. Whether the proof holds and whether its maker is an issuer that we know are two
// answers; only the first decides Report.Valid. The signature is made and checked by package
// dataintegrity; keys come from package keys and contexts from package contexts. Nothing here
// needs a network or a database, so that the verify command works offline.
package openbadge
