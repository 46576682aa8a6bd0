// Package did writes and reads the documents in which an issuer publishes its keys: those of
// did:web, which a web server hands out, of did:key, which follow from the key, and controller
// documents at an https address, which the older Open Badges use in the place of a DID.
//
// Documents of others are read strictly: the id must be the one that was asked for, a key must be
// the document's own, Ed25519, of type Multikey or JsonWebKey, and listed for a purpose. A key with
// a `revoked` time signs nothing from then on, and one past its `expires` time verifies nothing any more.
//
// The package is quiet: only Web uses the network, with the client that it is given. Neighbours:
// keys has the forms of keys, dataintegrity asks for the key of a proof, the badges service
// publishes its issuers with Document.
package did
