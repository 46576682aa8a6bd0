package vc

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"github.com/mr-tron/base58"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
)

// sri is the form of a subresource integrity value.
var sri = regexp.MustCompile(`^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})$`)

// hash is a digest algorithm with its names in both forms of a digest.
type hash struct {
	name string // in digestSRI
	code byte   // in digestMultibase, a multihash
	size int
	sum  func([]byte) []byte
}

func hashes() []hash {
	return []hash{
		{"sha256", 0x12, sha256.Size, func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
		{"sha384", 0x20, sha512.Size384, func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }},
		{"sha512", 0x13, sha512.Size, func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
	}
}

// resources checks the digests of what a credential relies on. Nothing is fetched: the digest itself
// is compared only where the resource is one of the embedded contexts.
func (c *Checker) resources(doc map[string]any, path string) {
	seen := map[string]bool{}
	c.Each(doc, path, "relatedResource", func(resource map[string]any, here string) {
		c.IRI(resource, here, "id", true)
		id, _ := resource["id"].(string)
		if seen[id] {
			c.Add(Join(here, "id"), "unique", "Name each related resource once.")
		}
		seen[id] = true
		if value, has := resource["mediaType"]; has {
			if text, _ := value.(string); !strings.Contains(text, "/") {
				c.Add(Join(here, "mediaType"), "media_type", "Give a media type such as application/json.")
			}
		}
		_, hasSRI := resource["digestSRI"]
		_, hasMultibase := resource["digestMultibase"]
		if !hasSRI && !hasMultibase {
			c.Add(here, "digest", "Give a digestSRI or a digestMultibase.")
		}
		c.digest(resource, here, "digestSRI", id, readSRI)
		c.digest(resource, here, "digestMultibase", id, readMultibase)
	})
}

// digest checks one digest of a resource: its form, and its value when we have the resource.
func (c *Checker) digest(resource map[string]any, path, key, id string, read func(string) (hash, []byte, bool)) {
	value, has := resource[key]
	if !has {
		return
	}
	text, _ := value.(string)
	if !digestForm(key, text) {
		c.Add(Join(path, key), "digest", "Write sha256-, sha384- or sha512- and the digest in base64 as digestSRI, or a multibase multihash as digestMultibase.")
		return
	}
	content, ours := embedded(id)
	if !ours {
		return
	}
	h, sum, ok := read(text)
	if !ok || !slices.ContainsFunc(content, func(d []byte) bool { return bytes.Equal(h.sum(d), sum) }) && !published(id, h, sum) {
		c.Add(Join(path, key), "digest_mismatch", "Give the digest of the resource as it is published: this one belongs to other bytes.")
	}
}

func digestForm(key, text string) bool {
	if key == "digestSRI" {
		return sri.MatchString(text)
	}
	_, ok := multihash(text)
	return ok
}

// readSRI reads a digest such as sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=.
func readSRI(text string) (hash, []byte, bool) {
	m := sri.FindStringSubmatch(text)
	for _, h := range hashes() {
		if m == nil || h.name != m[1] {
			continue
		}
		digits := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(m[2], "="))
		sum, err := base64.RawStdEncoding.DecodeString(digits)
		return h, sum, err == nil && len(sum) == h.size
	}
	return hash{}, nil, false
}

// multihash reads the bytes of a multihash in base64url, base64 or base58: a code of an algorithm,
// known here or not, a length, and a digest of this length.
func multihash(text string) ([]byte, bool) {
	if len(text) < 2 || len(text) > 256 { // base58 takes time quadratic in the length
		return nil, false
	}
	var raw []byte
	var err error
	switch text[0] {
	case 'u':
		raw, err = base64.RawURLEncoding.DecodeString(text[1:])
	case 'm':
		raw, err = base64.RawStdEncoding.DecodeString(text[1:])
	case 'z':
		raw, err = base58.Decode(text[1:])
	default:
		return nil, false
	}
	if err != nil {
		return nil, false
	}
	_, code := binary.Uvarint(raw)
	if code <= 0 {
		return nil, false
	}
	length, n := binary.Uvarint(raw[code:])
	if n <= 0 {
		return nil, false
	}
	return raw, length == uint64(len(raw[code+n:]))
}

// readMultibase reads a multihash of an algorithm that we have.
func readMultibase(text string) (hash, []byte, bool) {
	raw, ok := multihash(text)
	if !ok || len(raw) < 2 {
		return hash{}, nil, false
	}
	for _, h := range hashes() {
		if raw[0] == h.code && int(raw[1]) == h.size && len(raw) == 2+h.size {
			return h, raw[2:], true
		}
	}
	return hash{}, nil, false
}

// embedded returns the bytes that we have of a resource. The contexts of learner records and of the
// W3C's examples are our own texts, so that a digest of the published file tells nothing about them.
func embedded(id string) ([][]byte, bool) {
	set := known()
	if set == nil || id == contexts.CLR201 || id == contexts.ExamplesV2 {
		return nil, false
	}
	content := set.Content(id)
	return content, len(content) > 0
}

// published tells whether a digest is the one that the Verifiable Credentials Data Model 2.0 prints for
// its own context. The embedded copy means the same and is laid out differently.
func published(id string, h hash, sum []byte) bool {
	const base = "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"
	return id == contexts.CredentialsV2 && h.name == "sha256" && hex.EncodeToString(sum) == base
}
