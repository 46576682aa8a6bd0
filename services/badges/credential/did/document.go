package did

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// Media types of a document.
const (
	MediaTypeLD   = "application/did+ld+json"
	MediaTypeJSON = "application/did+json"
)

// The purposes for which a document lists its keys.
const (
	AssertionMethod = "assertionMethod"
	Authentication  = "authentication"
)

// Document is what an issuer publishes about itself.
type Document struct {
	// ID is the DID, or for a controller document its address.
	ID          string
	AlsoKnownAs []string
	Methods     []Method
	Services    []Service
}

// Method is a key of a document.
type Method struct {
	ID         string
	Controller string
	Key        ed25519.PublicKey
	// Expires is from when it verifies nothing, Revoked from when it signs nothing; zero: never.
	Expires, Revoked time.Time
	// Purposes for which the document lists it.
	Purposes []string

	// refusal is why the key cannot be used, in a document of somebody else.
	refusal error
}

// Service is something else to be found about the issuer.
type Service struct{ ID, Type, Endpoint string }

// ForKey is the document that a did:key stands for.
func ForKey(public ed25519.PublicKey) *Document {
	id := keys.DID(public)
	return &Document{ID: id, Methods: []Method{{
		ID: keys.VerificationMethod(public), Controller: id, Key: public, Purposes: []string{AssertionMethod, Authentication},
	}}}
}

// Resolve finds a key of the document as it is good for at a time. A revoked key is still found, as
// it vouches for what it signed before.
func (d *Document) Resolve(_ context.Context, method string, now time.Time) (dataintegrity.Method, error) {
	for _, m := range d.Methods {
		if m.ID != method {
			continue
		}
		if m.refusal != nil {
			return dataintegrity.Method{}, m.refusal
		}
		if !m.Expires.IsZero() && !now.Before(m.Expires) {
			return dataintegrity.Method{}, ErrExpired
		}
		purposes := m.Purposes
		if len(purposes) == 0 && !m.Revoked.IsZero() {
			purposes = []string{AssertionMethod, Authentication}
		}
		if len(purposes) == 0 {
			return dataintegrity.Method{}, ErrPurpose
		}
		return dataintegrity.Method{Controller: m.Controller, Key: m.Key, Compromised: m.Revoked, Purposes: purposes}, nil
	}
	return dataintegrity.Method{}, dataintegrity.ErrMethodUnknown
}

type documentJSON struct {
	Context         []string      `json:"@context"`
	ID              string        `json:"id"`
	AlsoKnownAs     []string      `json:"alsoKnownAs,omitempty"`
	Methods         []methodJSON  `json:"verificationMethod"`
	AssertionMethod []string      `json:"assertionMethod"`
	Authentication  []string      `json:"authentication"`
	Service         []serviceJSON `json:"service,omitempty"`
}

type methodJSON struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Controller string `json:"controller"`
	Multibase  string `json:"publicKeyMultibase"`
	Expires    string `json:"expires,omitempty"`
	Revoked    string `json:"revoked,omitempty"`
}

type serviceJSON struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Endpoint string `json:"serviceEndpoint"`
}

// JSON writes the document. The context lies in it for both media types, as DID 1.0 allows.
func (d *Document) JSON() ([]byte, error) {
	out := documentJSON{
		Context: []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"},
		ID:      d.ID, AlsoKnownAs: d.AlsoKnownAs, Methods: []methodJSON{}, AssertionMethod: []string{}, Authentication: []string{},
	}
	for _, m := range d.Methods {
		out.Methods = append(out.Methods, methodJSON{
			ID: m.ID, Type: multikeyType, Controller: m.Controller, Multibase: keys.EncodeMultikey(m.Key),
			Expires: stamp(m.Expires), Revoked: stamp(m.Revoked),
		})
		for _, purpose := range m.Purposes {
			switch purpose {
			case AssertionMethod:
				out.AssertionMethod = append(out.AssertionMethod, m.ID)
			case Authentication:
				out.Authentication = append(out.Authentication, m.ID)
			}
		}
	}
	for _, s := range d.Services {
		out.Service = append(out.Service, serviceJSON(s))
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(out)
	return text.Bytes(), err
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return datetime.Format(t)
}
