package identity

import (
	"crypto/ed25519"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// statementType keeps a signed statement from being taken for a token.
const statementType = "tandem-statement+jws"

// SignStatement signs a text that is to be verified years later, such as a
// certificate (JWS, EdDSA). The key's public half is in its header, since keys
// rotate: whoever keeps the statement keeps the fingerprint of the key with it.
func (s *Signer) SignStatement(text []byte) (string, error) {
	key, err := s.keys.Signing(s.owner)
	if err != nil {
		return "", fmt.Errorf("sign statement: %w", err)
	}
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType(statementType)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: opaque{key}}, options)
	if err != nil {
		return "", fmt.Errorf("sign statement: %w", err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", fmt.Errorf("sign statement: %w", err)
	}
	return signed.CompactSerialize()
}

// OpenStatement verifies a signed statement and returns its text, with the id of
// the key that it names and the key itself. Whether that key was the product's is
// for the caller to compare.
func OpenStatement(statement string) (text []byte, keyID string, key ed25519.PublicKey, err error) {
	signed, err := jose.ParseSignedCompact(statement, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return nil, "", nil, fmt.Errorf("statement: %w", err)
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != statementType || header.JSONWebKey == nil {
		return nil, "", nil, fmt.Errorf("statement: the header names no key, or another type than %s", statementType)
	}
	key, ok := header.JSONWebKey.Key.(ed25519.PublicKey)
	if !ok {
		return nil, "", nil, fmt.Errorf("statement: the key is a %T", header.JSONWebKey.Key)
	}
	text, err = signed.Verify(key)
	if err != nil {
		return nil, "", nil, fmt.Errorf("statement: %w", err)
	}
	return text, header.JSONWebKey.KeyID, key, nil
}
