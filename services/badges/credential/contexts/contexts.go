// Package contexts holds the JSON-LD contexts that credentials may name, inside the program.
//
// A context decides what every word of a credential means, so fetching one at verification
// time would let its host change what was signed. Therefore the closed set here is embedded,
// pinned by digest and never extended from the network: package jsonld asks this package and
// refuses a document that names any other context. Licenses and origins are in NOTICE.md.
package contexts

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gowebpki/jcs"
)

// The addresses of the embedded contexts.
const (
	CredentialsV2        = "https://www.w3.org/ns/credentials/v2" //nolint:gosec // an address, no credential
	OpenBadges303        = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	OpenBadgesExtensions = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
	// CLR201 defines the words of a Comprehensive Learner Record.
	CLR201 = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
	// OpenBadges302 is what badges of other issuers still name. The versions before it redefine
	// protected terms of CredentialsV2, so that no document can name both.
	OpenBadges302 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
	// ExamplesV2 gives every undefined word a meaning. It is known in development and tests only.
	ExamplesV2 = "https://www.w3.org/ns/credentials/examples/v2"
)

const examplesDocument = `{"@context":{"@vocab":"https://www.w3.org/ns/credentials/examples#"}}`

//go:embed files/*.json
var files embed.FS

type pinned struct{ url, file, digest string }

func standard() []pinned {
	return []pinned{
		{CredentialsV2, "credentials-v2.json", "b463c8d6a066214123ddd9827b135e1b50e1fc73322cc52a9b12a4f1fc7d86cf"},
		{OpenBadges303, "open-badges-3.0.3.json", "c5e555a91a5cf48e32ae0a05674c61ddd5c053b680b5643b2f57f9965e386d99"},
		{OpenBadges302, "open-badges-3.0.2.json", "bdd1d11a55a660322f24660862a1d430ee80cce584465f750909daa43684357c"},
		{CLR201, "clr-2.0.1.json", "6a4d3f6fa3c2efc54bf253dce39d2fc9d47a95357ed8b2a408a93f7b6f767c4d"},
		{OpenBadgesExtensions, "open-badges-extensions.json", "15f4c347c6fe4380d9b6b93795859e33747ef48d5c55b91a71c52fb51c7bcbd7"},
	}
}

// Set is a closed set of contexts. It is safe for concurrent use and must not be changed.
type Set struct {
	documents map[string]map[string]any
	digests   map[string]string
	content   map[string][][]byte
}

// Standard returns the contexts that credentials may name in production. It fails when an
// embedded file is not the pinned one.
func Standard() (*Set, error) {
	s := &Set{documents: map[string]map[string]any{}, digests: map[string]string{}, content: map[string][][]byte{}}
	for _, p := range standard() {
		raw, err := files.ReadFile("files/" + p.file)
		if err != nil {
			return nil, fmt.Errorf("embedded context %s: %w", p.url, err)
		}
		if err := s.add(p.url, raw); err != nil {
			return nil, err
		}
		if got := s.digests[p.url]; got != p.digest {
			return nil, fmt.Errorf("embedded context %s has digest %s, pinned is %s", p.url, got, p.digest)
		}
	}
	return s, nil
}

// Development is Standard plus the examples context of the W3C test vectors.
func Development() (*Set, error) {
	s, err := Standard()
	if err != nil {
		return nil, err
	}
	return s, s.add(ExamplesV2, []byte(examplesDocument))
}

func (s *Set) add(url string, raw []byte) error {
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return fmt.Errorf("embedded context %s: %w", url, err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return fmt.Errorf("embedded context %s: %w", url, err)
	}
	sum := sha256.Sum256(canonical)
	s.documents[url] = doc
	s.digests[url] = hex.EncodeToString(sum[:])
	s.content[url] = [][]byte{raw, canonical}
	return nil
}

// Addresses returns the addresses of all contexts of the set, in order.
func (s *Set) Addresses() []string { return slices.Sorted(maps.Keys(s.documents)) }

// Document returns the parsed context document. Callers share it and must not change it.
func (s *Set) Document(url string) (map[string]any, bool) {
	doc, ok := s.documents[url]
	return doc, ok
}

// Content returns the bytes of the embedded file and of its canonical JSON, nothing for an unknown
// context. Callers share them and must not change them.
func (s *Set) Content(url string) [][]byte { return s.content[url] }

// Digest returns the SHA-256 of the context's canonical JSON in hex, empty for an unknown context.
func (s *Set) Digest(url string) string { return s.digests[url] }
