package vc

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
)

// maxToken is the longest token that can hold a document within its own limit.
const maxToken = jsonld.MaxBytes*4/3 + 4096

// token is a parsed token. Nothing in it is proved yet.
type token struct {
	text    string
	method  string // kid, the verification method
	payload map[string]any
}

// claimNames are what a token says about itself beside its document.
func claimNames() []string { return []string{"iss", "sub", "jti", "nbf", "exp", "iat", "aud", "nonce"} }

// document is the payload without the token's own claims.
func (t token) document() map[string]any {
	out := maps.Clone(t.payload)
	for _, name := range claimNames() {
		delete(out, name)
	}
	return out
}

// parseToken reads a compact token as strictly as a document: every part in base64url without
// padding, no key twice, and no header that could lead to another key or algorithm.
func parseToken(text string) (token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > maxToken {
		return token{}, refuse(CodeToken, "the token does not have three parts, or is too long")
	}
	for _, part := range parts {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return token{}, refuse(CodeToken, "a part of the token is not base64url")
		}
	}
	header, err := decodePart(parts[0])
	if err != nil {
		return token{}, err
	}
	t := token{text: text}
	if t.method, err = checkHeader(header); err != nil {
		return token{}, err
	}
	if t.payload, err = decodePart(parts[1]); err != nil {
		return token{}, err
	}
	typ, _ := header["typ"].(string)
	if err := t.checkKind(mediaType(typ)); err != nil {
		return token{}, err
	}
	return t, nil
}

func decodePart(part string) (map[string]any, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, refuse(CodeToken, "a part of the token is not base64url")
	}
	object, err := jsonld.Decode(raw)
	if err != nil {
		return nil, refuseFor(CodeToken, "a part of the token cannot be read", err)
	}
	return object, nil
}

// checkHeader accepts EdDSA with a key by name. A key or an address inside the token is refused
// instead of ignored: whoever sends one expects that it counts.
func checkHeader(header map[string]any) (method string, err error) {
	if header["alg"] != "EdDSA" {
		return "", refuse(CodeAlgorithm, "the token is not signed with EdDSA, the only algorithm accepted")
	}
	for key := range header {
		if !slices.Contains([]string{"alg", "kid", "typ", "cty"}, key) {
			return "", refuse(CodeHeader, "the token's header has the field "+shorten(key)+", which is not accepted")
		}
	}
	method, _ = header["kid"].(string)
	if method == "" {
		return "", refuse(CodeHeader, "the token does not name its key: kid must be a verification method")
	}
	typ, _ := header["typ"].(string)
	if !tokenType(mediaType(typ)) {
		return "", refuse(CodeType, "the token's typ is not that of a credential or presentation: use vc+jwt or vp+jwt")
	}
	if cty, has := header["cty"]; has {
		text, _ := cty.(string)
		if !slices.Contains([]string{"vc", "vp", "vc+ld+json", "vp+ld+json", "ld+json", "json"}, mediaType(text)) {
			return "", refuse(CodeType, "the token's content type is not that of a credential or presentation")
		}
	}
	return method, nil
}

// mediaType writes a media type without the application/ that tokens leave out.
func mediaType(text string) string { return strings.TrimPrefix(strings.ToLower(text), "application/") }

// tokenType knows the names that the drafts and the standard have given such tokens, and the plain
// jwt of Open Badges.
func tokenType(name string) bool {
	return name == "jwt" || credentialType(name) || presentationType(name)
}

func credentialType(name string) bool {
	return slices.Contains([]string{"vc+jwt", "vc-ld+jwt", "vc+ld+jwt", "vc+ld+json+jwt"}, name)
}

func presentationType(name string) bool {
	return slices.Contains([]string{"vp+jwt", "vp-ld+jwt", "vp+ld+jwt", "vp+ld+json+jwt"}, name)
}

// checkKind compares what the header says is in the token with what is in it.
func (t token) checkKind(typ string) error {
	for _, old := range []string{"vc", "vp"} {
		if _, has := t.payload[old]; has {
			return refuse(CodeType, "the token has its document under "+old+", the form of an older standard")
		}
	}
	credential, presentation := HasType(t.payload, TypeCredential), HasType(t.payload, TypePresentation)
	if credential == presentation || (credentialType(typ) && !credential) || (presentationType(typ) && !presentation) {
		return refuse(CodeType, "the token does not hold what its typ says, a credential or a presentation")
	}
	return nil
}

func shorten(text string) string {
	const shown = 40
	if runes := []rune(text); len(runes) > shown {
		return string(runes[:shown]) + "…"
	}
	return text
}
