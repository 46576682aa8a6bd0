package registry

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// documentType says what the document is, so that nothing else that the key might have signed
// passes for a registry.
const documentType = "IssuerRegistry"

// The reasons for which a registry is refused.
var (
	// ErrMalformed is a text that is no registry.
	ErrMalformed = errors.New("not an issuer registry")
	// ErrSignature is a registry that was changed after it was signed, or never signed.
	ErrSignature = errors.New("the issuer registry is not what was signed")
	// ErrUntrusted is a registry that is whole, but signed by somebody else.
	ErrUntrusted = errors.New("the issuer registry is signed by a key that is not trusted")
)

// document is the registry as JSON; times have a zone and whole seconds.
type document struct {
	ID      string        `json:"id"`
	Type    string        `json:"type"`
	Name    string        `json:"name,omitempty"`
	Issued  string        `json:"issued"`
	Expires string        `json:"expires"`
	Issuers []issuerEntry `json:"issuers"`
}

type issuerEntry struct {
	ID        string     `json:"id"`
	FormerIDs []string   `json:"formerIds,omitempty"`
	Name      string     `json:"name"`
	URL       string     `json:"url,omitempty"`
	Keys      []keyEntry `json:"keys"`
}

type keyEntry struct {
	Method      string `json:"verificationMethod"`
	Multibase   string `json:"publicKeyMultibase"`
	Created     string `json:"created"`
	Retired     string `json:"retired,omitempty"`
	Compromised string `json:"compromised,omitempty"`
}

// Sign writes a registry and signs it. The same content signed with the same key is the same text.
func Sign(ctx context.Context, r *Registry, signer keys.Signer) ([]byte, error) {
	if err := r.index(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	raw, err := json.Marshal(written(r))
	if err != nil {
		return nil, fmt.Errorf("write issuer registry: %w", err)
	}
	doc, err := jsonld.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("read issuer registry back: %w", err)
	}
	signed, err := engine().Sign(ctx, doc, signer, dataintegrity.CreateOptions{Suite: dataintegrity.SuiteJCS, Created: r.Issued})
	if err != nil {
		return nil, fmt.Errorf("sign issuer registry: %w", err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ") // people look at it, too
	err = encoder.Encode(signed)
	return out.Bytes(), err
}

// engine signs canonical JSON only, which needs no contexts.
func engine() *dataintegrity.Engine { return dataintegrity.New(nil) }

// Parse reads a registry and checks its signature. With trusted keys the registry must be signed by
// one of them; without any it must be whole, and who made it stays open (Pinned is false).
func Parse(raw []byte, trusted ...ed25519.PublicKey) (*Registry, error) {
	doc, err := jsonld.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil || d.Type != documentType {
		return nil, fmt.Errorf("%w: its type is not %s", ErrMalformed, documentType)
	}
	r, err := read(d)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	signers, err := signersOf(doc, r.Issued)
	if err != nil {
		return nil, err
	}
	r.SignedBy = keys.EncodeMultikey(signers[0])
	for _, key := range signers {
		if slices.ContainsFunc(trusted, func(t ed25519.PublicKey) bool { return key.Equal(t) }) {
			r.SignedBy, r.Pinned = keys.EncodeMultikey(key), true
			return r, nil
		}
	}
	if len(trusted) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrUntrusted, r.SignedBy)
	}
	return r, nil
}

// signersOf are the keys whose signatures are in order; one that is not spoils all. Other suites
// than the one of Sign are refused before they are looked at: they would read contexts.
func signersOf(doc map[string]any, issued time.Time) ([]ed25519.PublicKey, error) {
	list, ok := doc["proof"].([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("%w: it has no list of proofs", ErrSignature)
	}
	for _, one := range list {
		if proof, _ := one.(map[string]any); proof["cryptosuite"] != dataintegrity.SuiteJCS {
			return nil, fmt.Errorf("%w: its proof is not of the suite %s", ErrSignature, dataintegrity.SuiteJCS)
		}
	}
	proofs, err := engine().Verify(context.Background(), doc, dataintegrity.VerifyOptions{Now: issued, Resolver: dataintegrity.DIDKey{}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	out := make([]ed25519.PublicKey, len(proofs))
	for i, p := range proofs {
		if _, out[i], err = keys.ParseVerificationMethod(p.VerificationMethod); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSignature, err)
		}
	}
	return out, nil
}

func written(r *Registry) document {
	d := document{
		ID: r.ID, Type: documentType, Name: r.Name, Issued: datetime.Format(r.Issued), Expires: datetime.Format(r.Expires),
		Issuers: []issuerEntry{},
	}
	for _, i := range r.Issuers {
		entry := issuerEntry{ID: i.ID, FormerIDs: i.FormerIDs, Name: i.Name, URL: i.URL, Keys: []keyEntry{}}
		for _, k := range i.Keys {
			entry.Keys = append(entry.Keys, keyEntry{
				Method: k.VerificationMethod, Multibase: k.PublicKeyMultibase,
				Created: stamp(k.Created), Retired: stamp(k.Retired), Compromised: stamp(k.Compromised),
			})
		}
		d.Issuers = append(d.Issuers, entry)
	}
	return d
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return datetime.Format(t)
}

func read(d document) (*Registry, error) {
	var times times
	r := &Registry{ID: d.ID, Name: d.Name, Issued: times.need("issued", d.Issued), Expires: times.need("expires", d.Expires)}
	for _, i := range d.Issuers {
		issuer := Issuer{ID: i.ID, FormerIDs: i.FormerIDs, Name: i.Name, URL: i.URL}
		if i.ID == "" || i.Name == "" {
			return nil, errors.New("an issuer has no id or no name")
		}
		for _, k := range i.Keys {
			issuer.Keys = append(issuer.Keys, Key{
				VerificationMethod: k.Method, PublicKeyMultibase: k.Multibase, Created: times.need("created", k.Created),
				Retired: times.may("retired", k.Retired), Compromised: times.may("compromised", k.Compromised),
			})
		}
		r.Issuers = append(r.Issuers, issuer)
	}
	if times.err != nil {
		return nil, times.err
	}
	if !r.Issued.Before(r.Expires) {
		return nil, errors.New("it ends before it begins")
	}
	return r, r.index()
}

// times keeps the first error of many times.
type times struct{ err error }

func (t *times) need(field, text string) time.Time {
	at, err := datetime.Parse(text)
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("%s: %w", field, err)
	}
	return at
}

func (t *times) may(field, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	return t.need(field, text)
}
