package keys

import (
	"crypto/ed25519"
	"errors"
	"strings"

	"github.com/mr-tron/base58"
)

// ErrNotMultikey is returned for a text that is no Ed25519 public key in multibase form.
var ErrNotMultikey = errors.New("not an Ed25519 key: expected z6Mk… (multicodec 0xed01, base58btc)")

const (
	didKeyPrefix = "did:key:"
	// An Ed25519 multikey is 34 bytes, at most 47 base58 digits; longer texts are refused before
	// they are decoded, since decoding takes time quadratic in the length.
	maxMultikey = 48
)

func multicodec() []byte { return []byte{0xed, 0x01} }

// EncodeMultikey writes a public key in the multibase form z6Mk….
func EncodeMultikey(public ed25519.PublicKey) string {
	return "z" + base58.Encode(append(multicodec(), public...))
}

// DecodeMultikey reads a public key written by EncodeMultikey.
func DecodeMultikey(text string) (ed25519.PublicKey, error) {
	digits, ok := strings.CutPrefix(text, "z")
	if !ok || len(text) > maxMultikey {
		return nil, ErrNotMultikey
	}
	raw, err := base58.Decode(digits)
	if err != nil || len(raw) != 2+ed25519.PublicKeySize || [2]byte(raw) != [2]byte(multicodec()) {
		return nil, ErrNotMultikey
	}
	return ed25519.PublicKey(raw[2:]), nil
}

// DID writes the did:key of a public key.
func DID(public ed25519.PublicKey) string { return didKeyPrefix + EncodeMultikey(public) }

// VerificationMethod writes the only verification method of a did:key.
func VerificationMethod(public ed25519.PublicKey) string {
	return DID(public) + "#" + EncodeMultikey(public)
}

// ParseVerificationMethod reads a did:key verification method and returns its DID and key.
func ParseVerificationMethod(method string) (did string, public ed25519.PublicKey, err error) {
	did, fragment, _ := strings.Cut(method, "#")
	multikey, ok := strings.CutPrefix(did, didKeyPrefix)
	if !ok || fragment != multikey {
		return "", nil, ErrNotMultikey
	}
	public, err = DecodeMultikey(multikey)
	return did, public, err
}
