package vc_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

func TestATokenHoldsItsDocument(t *testing.T) {
	signer := key(t, 1)
	doc := credential(signer.DID())
	text := token(t, doc, signer)
	require.NoError(t, vc.VerifyJWT(context.Background(), text, dataintegrity.DIDKey{}, signer.DID(), now()))
	for form, raw := range map[string]string{
		vc.FormJWT:      "\n" + text + "\n",
		vc.FormEnvelope: `{"@context":["` + v2 + `"],"type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,` + text + `"}`,
	} {
		opened, err := vc.Open([]byte(raw))
		require.NoError(t, err)
		require.Equal(t, vc.Opened{Document: decoded(t, doc), Form: form, Token: text}, opened)
	}
	header, payload := parts(t, text)
	require.Equal(t, map[string]any{"alg": "EdDSA", "kid": signer.VerificationMethod(), "typ": "vc+jwt"}, header)
	require.Equal(t, map[string]any{
		"iss": signer.DID(), "sub": "https://example.org/schools/1", "jti": "https://example.org/credentials/1",
		"nbf": 1777593600.0, "exp": 1809129600.0, "iat": 1780311600.0,
	}, subset(payload, "iss", "sub", "jti", "nbf", "exp", "iat"))
	for _, name := range []string{"iss", "proof", "vc", "exp"} {
		again := maps.Clone(doc)
		again[name] = "x"
		_, err := vc.SignJWT(context.Background(), again, signer, now())
		requireCode(t, vc.CodeClaims, err)
	}
}

func parts(t testing.TB, text string) (header, payload map[string]any) {
	t.Helper()
	split := strings.Split(text, ".")
	require.Len(t, split, 3)
	for i, into := range []*map[string]any{&header, &payload} {
		raw, err := base64.RawURLEncoding.DecodeString(split[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, into))
	}
	return header, payload
}

func subset(from map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		out[name] = from[name]
	}
	return out
}

// forge signs any header and payload, so that each refusal is for its own reason and not for the signature.
func forge(t testing.TB, signer *keys.Local, header, payload string) string {
	t.Helper()
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := signer.Sign(context.Background(), []byte(signed))
	require.NoError(t, err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func rendered(t testing.TB, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	return string(raw)
}

func TestATokenWithABadHeaderIsRefusedForTheRightReason(t *testing.T) {
	signer := key(t, 1)
	kid := signer.VerificationMethod()
	payload := rendered(t, credential(signer.DID()))
	require.NoError(t, vc.VerifyJWT(context.Background(), forge(t, signer, `{"alg":"EdDSA","typ":"JWT","kid":"`+kid+`"}`, payload), dataintegrity.DIDKey{}, "", now()))
	for name, c := range map[string]struct {
		header string
		code   vc.Code
	}{
		"no algorithm":          {`{"alg":"none","typ":"vc+jwt","kid":"` + kid + `"}`, vc.CodeAlgorithm},
		"shared secret":         {`{"alg":"HS256","typ":"vc+jwt","kid":"` + kid + `"}`, vc.CodeAlgorithm},
		"another curve":         {`{"alg":"ES256","typ":"vc+jwt","kid":"` + kid + `"}`, vc.CodeAlgorithm},
		"algorithm as a list":   {`{"alg":["EdDSA"],"typ":"vc+jwt","kid":"` + kid + `"}`, vc.CodeAlgorithm},
		"algorithm left out":    {`{"typ":"vc+jwt","kid":"` + kid + `"}`, vc.CodeAlgorithm},
		"algorithm twice":       {`{"alg":"none","alg":"EdDSA","typ":"vc+jwt","kid":"` + kid + `"}`, vc.CodeToken},
		"key twice":             {`{"alg":"EdDSA","typ":"vc+jwt","kid":"x","kid":"` + kid + `"}`, vc.CodeToken},
		"critical extension":    {`{"alg":"EdDSA","typ":"vc+jwt","crit":["b64"],"b64":false,"kid":"` + kid + `"}`, vc.CodeHeader},
		"key inside":            {`{"alg":"EdDSA","typ":"vc+jwt","jwk":{"kty":"OKP"},"kid":"` + kid + `"}`, vc.CodeHeader},
		"key at an address":     {`{"alg":"EdDSA","typ":"vc+jwt","jku":"https://example.org","kid":"` + kid + `"}`, vc.CodeHeader},
		"certificate inside":    {`{"alg":"EdDSA","typ":"vc+jwt","x5c":["x"],"kid":"` + kid + `"}`, vc.CodeHeader},
		"compressed":            {`{"alg":"EdDSA","typ":"vc+jwt","zip":"DEF","kid":"` + kid + `"}`, vc.CodeHeader},
		"no key":                {`{"alg":"EdDSA","typ":"vc+jwt"}`, vc.CodeHeader},
		"no type":               {`{"alg":"EdDSA","kid":"` + kid + `"}`, vc.CodeType},
		"another type":          {`{"alg":"EdDSA","typ":"at+jwt","kid":"` + kid + `"}`, vc.CodeType},
		"type of presentations": {`{"alg":"EdDSA","typ":"vp+jwt","kid":"` + kid + `"}`, vc.CodeType},
		"another content type":  {`{"alg":"EdDSA","typ":"vc+jwt","cty":"text/html","kid":"` + kid + `"}`, vc.CodeType},
		"unknown key":           {`{"alg":"EdDSA","typ":"vc+jwt","kid":"did:web:example.org#1"}`, vc.CodeMethod},
		"somebody else's key":   {`{"alg":"EdDSA","typ":"vc+jwt","kid":"` + key(t, 2).VerificationMethod() + `"}`, vc.CodeController},
		"not JSON":              {`alg`, vc.CodeToken},
		"a list":                {`[]`, vc.CodeToken},
	} {
		t.Run(name, func(t *testing.T) {
			text := forge(t, signer, c.header, payload)
			requireCode(t, c.code, vc.VerifyJWT(context.Background(), text, dataintegrity.DIDKey{}, signer.DID(), now()))
		})
	}
}

// The public key as the secret of an HMAC is the oldest trick with tokens.
func TestAPublicKeyIsNoSharedSecret(t *testing.T) {
	signer := key(t, 1)
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"vc+jwt","kid":"` + signer.VerificationMethod() + `"}`))
	text := header + "." + base64.RawURLEncoding.EncodeToString([]byte(rendered(t, credential(signer.DID()))))
	mac := hmac.New(sha256.New, signer.Public())
	mac.Write([]byte(text))
	text += "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	requireCode(t, vc.CodeAlgorithm, vc.VerifyJWT(context.Background(), text, dataintegrity.DIDKey{}, "", now()))
}

func TestATokenWithABadPayloadIsRefusedForTheRightReason(t *testing.T) {
	signer := key(t, 1)
	header := `{"alg":"EdDSA","typ":"vc+jwt","kid":"` + signer.VerificationMethod() + `"}`
	for name, c := range map[string]struct {
		change func(payload map[string]any)
		code   vc.Code // empty: it holds
	}{
		"no claims at all": {func(map[string]any) {}, ""},
		"all claims": {func(p map[string]any) {
			maps.Copy(p, object{"iss": signer.DID(), "nbf": 1777593600.0, "exp": 1809129600.0})
		}, ""},
		"parts of a second": {func(p map[string]any) { p["nbf"] = 1777593600.9 }, ""},
		"another issuer":    {func(p map[string]any) { p["iss"] = key(t, 2).DID() }, vc.CodeClaims},
		"another subject":   {func(p map[string]any) { p["sub"] = "https://example.org/schools/2" }, vc.CodeClaims},
		"another id":        {func(p map[string]any) { p["jti"] = "urn:x" }, vc.CodeClaims},
		"id as a list":      {func(p map[string]any) { p["jti"] = []any{p["id"]} }, vc.CodeClaims},
		"subject of two": {func(p map[string]any) {
			p["sub"] = "urn:a"
			p["credentialSubject"] = []any{object{"id": "urn:a"}, object{"id": "urn:b"}}
		}, vc.CodeClaims},
		"another beginning":              {func(p map[string]any) { p["nbf"] = 1777593601.0 }, vc.CodeClaims},
		"another end":                    {func(p map[string]any) { p["exp"] = 1809129601.0 }, vc.CodeClaims},
		"end as a text":                  {func(p map[string]any) { p["exp"] = "1809129600" }, vc.CodeClaims},
		"end beyond all time":            {func(p map[string]any) { p["exp"] = 1e300 }, vc.CodeClaims},
		"end only as a claim, and over":  {func(p map[string]any) { delete(p, "validUntil"); p["exp"] = float64(now().Unix()) }, vc.CodeTime},
		"end only as a claim":            {func(p map[string]any) { delete(p, "validUntil"); p["exp"] = float64(now().Unix() + 1) }, ""},
		"beginning only as a claim":      {func(p map[string]any) { delete(p, "validFrom"); p["nbf"] = float64(now().Unix() + 600) }, vc.CodeTime},
		"made in the future":             {func(p map[string]any) { p["iat"] = float64(now().Unix() + 301) }, vc.CodeTime},
		"made soon, as clocks differ":    {func(p map[string]any) { p["iat"] = float64(now().Unix() + 299) }, ""},
		"document under vc":              {func(p map[string]any) { p["vc"] = maps.Clone(p) }, vc.CodeType},
		"no credential":                  {func(p map[string]any) { delete(p, "type") }, vc.CodeType},
		"a credential and presentation":  {func(p map[string]any) { p["type"] = []any{"VerifiableCredential", "VerifiablePresentation"} }, vc.CodeType},
		"a presentation":                 {func(p map[string]any) { p["type"] = "VerifiablePresentation" }, vc.CodeType},
		"what the document says is over": {func(p map[string]any) { p["validUntil"] = "2026-05-02T00:00:00Z" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			payload := credential(signer.DID())
			c.change(payload)
			err := vc.VerifyJWT(context.Background(), forge(t, signer, header, rendered(t, payload)), dataintegrity.DIDKey{}, signer.DID(), now())
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			requireCode(t, c.code, err)
		})
	}
	double := strings.Replace(rendered(t, credential(signer.DID())), `"issuer"`, `"issuer":"urn:x","issuer"`, 1)
	requireCode(t, vc.CodeToken, vc.VerifyJWT(context.Background(), forge(t, signer, header, double), dataintegrity.DIDKey{}, "", now()))
}

func TestAChangedTokenIsRefused(t *testing.T) {
	signer := key(t, 1)
	text := token(t, credential(signer.DID()), signer)
	split := strings.Split(text, ".")
	other := strings.Split(token(t, credential(key(t, 2).DID()), key(t, 2)), ".")
	last := split[2][len(split[2])-1:]
	for name, c := range map[string]struct {
		text string
		code vc.Code
	}{
		"payload of another":    {split[0] + "." + other[1] + "." + split[2], vc.CodeSignature},
		"signature of another":  {split[0] + "." + split[1] + "." + other[2], vc.CodeSignature},
		"no signature":          {split[0] + "." + split[1] + ".", vc.CodeSignature},
		"signature cut":         {text[:len(text)-6], vc.CodeSignature},
		"odd bits at the end":   {text[:len(text)-1] + next(last), vc.CodeToken},
		"padding":               {text + "==", vc.CodeToken},
		"standard base64":       {strings.Replace(text, ".", "+.", 1), vc.CodeToken},
		"line break in a part":  {split[0] + "." + split[1][:8] + "\n" + split[1][8:] + "." + split[2], vc.CodeToken},
		"four parts":            {text + ".x", vc.CodeToken},
		"two parts":             {split[0] + "." + split[1], vc.CodeToken},
		"longer than any token": {split[0] + "." + strings.Repeat("A", 2<<20) + "." + split[2], vc.CodeToken},
	} {
		t.Run(name, func(t *testing.T) {
			requireCode(t, c.code, vc.VerifyJWT(context.Background(), c.text, dataintegrity.DIDKey{}, signer.DID(), now()))
		})
	}
}

// next is the following digit of base64url: it stands for the same byte with other unused bits.
func next(digit string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return digits[strings.Index(digits, digit)+1:][:1]
}

func TestATokenOfACompromisedKeyHoldsOnlyFromBefore(t *testing.T) {
	signer := key(t, 1)
	text := token(t, credential(signer.DID()), signer)
	verify := func(text string, m dataintegrity.Method) error {
		m.Controller, m.Key = signer.DID(), ed25519.PublicKey(signer.Public())
		return vc.VerifyJWT(context.Background(), text, dataintegrity.Known{signer.VerificationMethod(): m}, signer.DID(), now())
	}
	made := now().Add(-3600e9)
	require.NoError(t, verify(text, dataintegrity.Method{Compromised: made.Add(1e9)}))
	var refusal *dataintegrity.Error
	require.ErrorAs(t, verify(text, dataintegrity.Method{Compromised: made}), &refusal)
	require.Equal(t, dataintegrity.CodeCompromised, refusal.Code)
	silent := forge(t, signer, `{"alg":"EdDSA","typ":"vc+jwt","kid":"`+signer.VerificationMethod()+`"}`, rendered(t, credential(signer.DID())))
	require.ErrorAs(t, verify(silent, dataintegrity.Method{Compromised: now().AddDate(1, 0, 0)}), &refusal, "it does not say when it was made")
	requireCode(t, vc.CodePurposeKey, verify(text, dataintegrity.Method{Purposes: []string{dataintegrity.Authentication}}))
}

func TestWhatIsNoDocumentIsRefused(t *testing.T) {
	text := token(t, credential(key(t, 1).DID()), key(t, 1))
	var refusal *jsonld.Error
	for _, raw := range []string{"", "null", "[]", `"` + text + `"`, "{", `{"a":1,"a":2}`, "<html>"} {
		_, err := vc.Open([]byte(raw))
		require.ErrorAs(t, err, &refusal, raw)
	}
	for raw, code := range map[string]vc.Code{
		"a.b.c": vc.CodeToken,
		`{"type":"EnvelopedVerifiableCredential"}`:                                                                                               vc.CodeEnvelope,
		rendered(t, envelope(vc.TypeEnvelopedPresentation, "application/vp+jwt", text)):                                                          vc.CodeEnvelope,
		rendered(t, envelope(vc.TypeEnvelopedCredential, "application/vc+jwt", "a.b.c")):                                                         vc.CodeToken,
		rendered(t, object{"@context": []any{v2}, "type": []any{"EnvelopedVerifiableCredential", "X"}, "id": "data:application/vc+jwt," + text}): vc.CodeEnvelope,
	} {
		_, err := vc.Open([]byte(raw))
		requireCode(t, code, err)
	}
}

func FuzzToken(f *testing.F) {
	signer := key(f, 1)
	good := token(f, credential(signer.DID()), signer)
	header := `{"alg":"EdDSA","typ":"vc+jwt","kid":"` + signer.VerificationMethod() + `"}`
	f.Add(good)
	f.Add(good + "=")
	f.Add("..")
	f.Add(forge(f, signer, header, `{"type":"VerifiableCredential","exp":1e300}`))
	f.Add(forge(f, signer, `{"alg":"none"}`, `{}`))
	f.Add(rendered(f, envelope(vc.TypeEnvelopedCredential, "application/vc+jwt", good)))
	f.Fuzz(func(t *testing.T, text string) {
		opened, err := vc.Open([]byte(text))
		verified := vc.VerifyJWT(context.Background(), strings.TrimSpace(text), dataintegrity.DIDKey{}, signer.DID(), now())
		if verified == nil && strings.TrimSpace(text) != good && !strings.Contains(text, "e300") {
			t.Fatalf("a token was accepted that nobody signed: %q", text)
		}
		if err == nil && opened.Token != "" {
			vc.Check(opened.Document)
		}
	})
}
