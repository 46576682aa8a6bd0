package did

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// The reasons for which a document or one of its keys is refused.
var (
	// ErrDocument is a text that is no document of the issuer.
	ErrDocument = errors.New("not the issuer's document")
	// ErrKey is a key of a document that cannot be used.
	ErrKey = errors.New("the issuer's document lists a key that cannot be used")
	// ErrExpired is a key past its end.
	ErrExpired = errors.New("the issuer's document says that the key has expired")
	// ErrPurpose is a key that its document lists for nothing.
	ErrPurpose = errors.New("the issuer's document lists the key for no purpose")
)

const (
	multikeyType   = "Multikey"
	multikeyOfThe  = "Ed25519VerificationKey2020" // the form of Multikey before it had a standard
	jsonWebKeyType = "JsonWebKey"
	jsonWebKey2020 = "JsonWebKey2020"
	maxMethods     = 200
)

// Parse reads the document of an id strictly. A key of another kind is no error until it is asked
// for, since issuers may have keys for other uses beside the one that signs badges.
func Parse(raw []byte, id string) (*Document, error) {
	doc, err := jsonld.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, err)
	}
	if own, _ := doc["id"].(string); own != id || id == "" {
		return nil, fmt.Errorf("%w: its id is not %s", ErrDocument, id)
	}
	p := parser{doc: &Document{ID: id}, at: map[string]int{}}
	if err := p.methods(doc["verificationMethod"]); err != nil {
		return nil, err
	}
	for _, purpose := range append(dataintegrity.SigningPurposes(), dataintegrity.KeyAgreement) {
		if err := p.relation(purpose, doc[purpose]); err != nil {
			return nil, err
		}
	}
	return p.doc, nil
}

type parser struct {
	doc *Document
	at  map[string]int // of a method, by its id
}

func (p *parser) methods(value any) error {
	list, ok := value.([]any)
	if value != nil && !ok || len(list) > maxMethods {
		return fmt.Errorf("%w: verificationMethod is not a list of at most %d keys", ErrDocument, maxMethods)
	}
	for _, one := range list {
		if _, err := p.method(one); err != nil {
			return err
		}
	}
	return nil
}

// relation notes which keys the document lists for a purpose, by name or in full.
func (p *parser) relation(purpose string, value any) error {
	list, ok := value.([]any)
	if value != nil && !ok || len(list) > maxMethods {
		return fmt.Errorf("%w: %s is not a list of at most %d keys", ErrDocument, purpose, maxMethods)
	}
	for _, one := range list {
		id, named := one.(string)
		if !named {
			var err error
			if id, err = p.method(one); err != nil {
				return err
			}
		}
		at, has := p.at[p.absolute(id)]
		if !has {
			continue // a key that is somebody else's, or not in the document
		}
		if m := &p.doc.Methods[at]; !slices.Contains(m.Purposes, purpose) {
			m.Purposes = append(m.Purposes, purpose)
		}
	}
	return nil
}

// absolute completes a reference such as #key-1.
func (p *parser) absolute(id string) string {
	if strings.HasPrefix(id, "#") {
		return p.doc.ID + id
	}
	return id
}

func (p *parser) method(value any) (id string, err error) {
	m, _ := value.(map[string]any)
	id, _ = m["id"].(string)
	id = p.absolute(id)
	if id == "" {
		return "", fmt.Errorf("%w: a key has no id", ErrDocument)
	}
	if _, twice := p.at[id]; twice {
		return "", fmt.Errorf("%w: two keys have the id %s", ErrDocument, id)
	}
	out := Method{ID: id}
	out.Controller, _ = m["controller"].(string)
	out.Key, out.refusal = publicKey(m)
	if out.refusal == nil {
		out.refusal = p.own(out)
	}
	if out.refusal == nil {
		out.Expires, out.Revoked, out.refusal = ends(m)
	}
	p.at[id] = len(p.doc.Methods)
	p.doc.Methods = append(p.doc.Methods, out)
	return id, nil
}

// own refuses a key that the document lists and does not own: its controller would have to say so.
func (p *parser) own(m Method) error {
	if m.Controller != p.doc.ID || !strings.HasPrefix(m.ID, p.doc.ID+"#") {
		return fmt.Errorf("%w: it belongs to another controller", ErrKey)
	}
	return nil
}

func publicKey(m map[string]any) (ed25519.PublicKey, error) {
	for _, secret := range []string{"secretKeyMultibase", "privateKeyMultibase", "secretKeyJwk", "privateKeyJwk"} {
		if _, has := m[secret]; has {
			return nil, fmt.Errorf("%w: its private half is published", ErrKey)
		}
	}
	switch kind, _ := m["type"].(string); kind {
	case multikeyType, multikeyOfThe:
		text, _ := m["publicKeyMultibase"].(string)
		key, err := keys.DecodeMultikey(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKey, err)
		}
		return key, nil
	case jsonWebKeyType, jsonWebKey2020:
		jwk, _ := m["publicKeyJwk"].(map[string]any)
		return webKey(jwk)
	default:
		return nil, fmt.Errorf("%w: its type %q is neither %s nor %s", ErrKey, kind, multikeyType, jsonWebKeyType)
	}
}

// webKey reads an Ed25519 key in the form of RFC 8037.
func webKey(jwk map[string]any) (ed25519.PublicKey, error) {
	if _, private := jwk["d"]; private {
		return nil, fmt.Errorf("%w: its private half is published", ErrKey)
	}
	x, _ := jwk["x"].(string)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(x)
	if jwk["kty"] != "OKP" || jwk["crv"] != "Ed25519" || err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: it is not an Ed25519 key", ErrKey)
	}
	if use, has := jwk["use"]; has && use != "sig" {
		return nil, fmt.Errorf("%w: it is not for signatures", ErrKey)
	}
	return raw, nil
}

func ends(m map[string]any) (expires, revoked time.Time, err error) {
	for field, into := range map[string]*time.Time{"expires": &expires, "revoked": &revoked} {
		value, has := m[field]
		if !has {
			continue
		}
		text, _ := value.(string)
		if *into, err = datetime.Parse(text); err != nil {
			return expires, revoked, fmt.Errorf("%w: %s: %w", ErrKey, field, err)
		}
	}
	return expires, revoked, nil
}
