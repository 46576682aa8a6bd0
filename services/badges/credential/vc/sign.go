package vc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// SignJWT writes an unsigned credential or presentation as a compact token. Beside the document it
// has the claims of Open Badges, which repeat who, what and from when to when, and when it was made.
func SignJWT(ctx context.Context, doc map[string]any, signer keys.Signer, at time.Time) (string, error) {
	payload := maps.Clone(doc)
	for _, name := range append(claimNames(), "proof", "vc", "vp") {
		if _, has := payload[name]; has {
			return "", refuse(CodeClaims, "the document has the field "+name+" already, which a token adds or must not have")
		}
	}
	kind := "vc+jwt"
	if HasType(doc, TypePresentation) {
		kind = "vp+jwt"
	}
	maps.Copy(payload, claimsOf(doc))
	payload["iat"] = float64(at.Unix())
	var raw bytes.Buffer
	encoder := json.NewEncoder(&raw)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(payload); err != nil {
		return "", fmt.Errorf("write the token: %w", err)
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(kind)).WithHeader("kid", signer.VerificationMethod())
	engine, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: opaque{ctx, signer}}, options)
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	signed, err := engine.Sign(bytes.TrimSpace(raw.Bytes()))
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	return signed.CompactSerialize()
}

// claimsOf are the claims that repeat a document.
func claimsOf(doc map[string]any) map[string]any {
	out := map[string]any{}
	issuer, _ := IssuerOf(doc)
	if HasType(doc, TypePresentation) {
		issuer = HolderOf(doc)
	}
	id, _ := doc["id"].(string)
	for name, value := range map[string]string{"iss": issuer, "jti": id, "sub": subjectOf(doc)} {
		if value != "" {
			out[name] = value
		}
	}
	for name, key := range map[string]string{"nbf": "validFrom", "exp": "validUntil"} {
		text, _ := doc[key].(string)
		if t, err := datetime.Parse(text); err == nil {
			out[name] = float64(t.Unix())
		}
	}
	return out
}

// subjectOf returns the id of the only subject, empty if there are several or it has none.
func subjectOf(doc map[string]any) string {
	subject, isObject := doc["credentialSubject"].(map[string]any)
	if items, isList := doc["credentialSubject"].([]any); isList && len(items) == 1 {
		subject, isObject = items[0].(map[string]any)
	}
	id, _ := subject["id"].(string)
	if !isObject {
		return ""
	}
	return id
}

// opaque lets the token library sign with a key that it does not see.
type opaque struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one call of SignJWT
	signer keys.Signer
}

// Public is nothing: a signer does not say what its key is, only its name, which stands in the header.
func (o opaque) Public() *jose.JSONWebKey { return nil }

// Algs implements jose.OpaqueSigner.
func (o opaque) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{jose.EdDSA} }

// SignPayload implements jose.OpaqueSigner.
func (o opaque) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	return o.signer.Sign(o.ctx, payload)
}
