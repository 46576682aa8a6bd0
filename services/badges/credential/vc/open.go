package vc

import (
	"bytes"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
)

// The forms in which a document comes.
const (
	FormJSON     = "json"     // the document itself, with its proof in it
	FormJWT      = "jwt"      // a compact JSON Web Token
	FormEnvelope = "envelope" // an object with such a token in its id
)

// Opened is what a file has in it.
type Opened struct {
	Document map[string]any
	Form     string
	Token    string // empty unless the document came in a token
}

// IsPresentation tells a presentation from a credential.
func (o Opened) IsPresentation() bool { return HasType(o.Document, TypePresentation) }

// Open reads a credential or a presentation in any of its forms, and believes nothing of it: whether
// it is complete and signed is for Check and VerifySecured to tell. The error is a *jsonld.Error or an
// *Error.
func Open(raw []byte) (Opened, error) {
	text := bytes.TrimSpace(raw)
	if len(text) > 0 && text[0] == '{' {
		doc, err := jsonld.Decode(text)
		if err != nil {
			return Opened{}, err
		}
		return OpenDocument(doc)
	}
	if bytes.Count(text, []byte(".")) != 2 || bytes.ContainsAny(text, " \t\r\n\"{}[]") {
		if _, err := jsonld.Decode(text); err != nil {
			return Opened{}, err
		}
		return Opened{}, refuse(CodeForm, "the file is neither a JSON document nor a signed token")
	}
	return openToken(string(text), FormJWT)
}

// OpenDocument is Open for a document from jsonld.Decode.
func OpenDocument(doc map[string]any) (Opened, error) {
	if !HasType(doc, TypeEnvelopedCredential) && !HasType(doc, TypeEnvelopedPresentation) {
		return Opened{Document: doc, Form: FormJSON}, nil
	}
	if violations := Check(doc); len(violations) > 0 {
		return Opened{}, refuse(CodeEnvelope, "the envelope is wrong at "+violations[0].Field+": "+violations[0].Fix)
	}
	token, err := tokenOf(doc)
	if err != nil {
		return Opened{}, err
	}
	opened, err := openToken(token, FormEnvelope)
	if err != nil {
		return opened, err
	}
	if opened.IsPresentation() != HasType(doc, TypeEnvelopedPresentation) {
		return Opened{}, refuse(CodeEnvelope, "the envelope has a presentation in it where it says credential, or the other way round")
	}
	return opened, nil
}

// tokenOf takes the token out of an envelope's data address.
func tokenOf(envelope map[string]any) (string, error) {
	id, _ := envelope["id"].(string)
	rest, isData := strings.CutPrefix(id, "data:")
	media, token, found := strings.Cut(rest, ",")
	if !isData || !found || strings.Count(token, ".") != 2 {
		return "", refuse(CodeEnvelope, "the envelope's id is not a data: address with a token")
	}
	name, isApplication := strings.CutPrefix(strings.ToLower(media), "application/")
	if !isApplication || !tokenType(name) {
		return "", refuse(CodeEnvelope, "the envelope holds something else than a JSON Web Token")
	}
	return token, nil
}

func openToken(text, form string) (Opened, error) {
	t, err := parseToken(text)
	if err != nil {
		return Opened{}, err
	}
	return Opened{Document: t.document(), Form: form, Token: text}, nil
}

// IssuerOf returns the issuer's id and the name it gives itself, the first one if it gives several.
func IssuerOf(doc map[string]any) (id, name string) {
	if text, isText := doc["issuer"].(string); isText {
		return text, ""
	}
	issuer, _ := doc["issuer"].(map[string]any)
	id, _ = issuer["id"].(string)
	return id, PlainText(issuer["name"])
}

// HolderOf returns the id of who presents a presentation, empty if it does not say.
func HolderOf(doc map[string]any) string {
	if text, isText := doc["holder"].(string); isText {
		return text
	}
	holder, _ := doc["holder"].(map[string]any)
	id, _ := holder["id"].(string)
	return id
}

// PlainText returns a text for people whether or not it says its language: the first one of several.
func PlainText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		text, _ := v["@value"].(string)
		return text
	case []any:
		if len(v) > 0 {
			return PlainText(v[0])
		}
	}
	return ""
}
