package issuer

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	registryPurpose = "registry"
	// registryLife is how long a copy of the registry may be relied on: a verifier without a network
	// hears of a compromised key this late at the most.
	registryLife = 30 * 24 * time.Hour
	// registryStep is how often an unchanged registry is dated anew.
	registryStep = time.Hour
)

// DidDocument is what others look up an issuer's keys in.
func (o *Office) DidDocument(ctx context.Context, name string) ([]byte, error) {
	i, err := o.Store.Issuer(ctx, name)
	if err != nil {
		return nil, err
	}
	all, err := o.Store.Keys(ctx, name, Slice{})
	if err != nil {
		return nil, err
	}
	if i.Method == Key {
		return did.ForKey(all[0].Public).JSON() // the newest key is the identifier
	}
	doc := &did.Document{
		ID: i.DID, AlsoKnownAs: i.FormerDIDs,
		Services: []did.Service{{ID: i.DID + "#profile", Type: "Profile", Endpoint: o.address(i.Name)}},
	}
	for _, k := range all {
		doc.Methods = append(doc.Methods, published(i, k))
	}
	return doc.JSON()
}

// published is a key as the issuer's document lists it. A retired key still vouches for what it
// signed, but nobody signs in with it any more. A compromised one is named with the moment since
// when, and listed for nothing: a verifier who knows no such moments must refuse all its proofs.
func published(i Issuer, k SigningKey) did.Method {
	m := did.Method{ID: i.method(k), Controller: i.DID, Key: k.Public, Revoked: k.CompromiseTime}
	switch k.State {
	case Current:
		m.Purposes = []string{did.AssertionMethod, did.Authentication}
	case Retired:
		m.Purposes = []string{did.AssertionMethod}
	case Compromised:
	}
	return m
}

// signedRegistry is the registry as it was signed last, and of what.
type signedRegistry struct {
	content string
	raw     []byte
}

// RegistryAddress is where the registry is served.
func (o *Office) RegistryAddress() string { return o.PublicURL + "/v1/issuers:registry" }

// Registry is the signed registry. Replicas give the same answer: what it says follows from the
// store and the hour, and the signature from both.
func (o *Office) Registry(ctx context.Context) ([]byte, error) {
	// The list is public, and whole for everybody who may ask.
	r, content, err := o.registry(tenant.OrNone(ctx))
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	last := o.signed
	o.mu.Unlock()
	if last.content == content {
		return last.raw, nil
	}
	key, err := o.Keyring.Platform(ctx, registryPurpose)
	if err != nil {
		return nil, err
	}
	raw, err := registry.Sign(ctx, r, key)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.signed = signedRegistry{content: content, raw: raw}
	return raw, nil
}

// registry is what is to be signed, and the same as text to compare.
func (o *Office) registry(ctx context.Context) (*registry.Registry, string, error) {
	issuers, err := o.Store.Issuers(ctx, Slice{})
	if err != nil {
		return nil, "", err
	}
	all, err := o.Store.Keys(ctx, "", Slice{})
	if err != nil {
		return nil, "", err
	}
	r := &registry.Registry{ID: o.RegistryAddress(), Issued: o.Now().UTC().Truncate(registryStep)}
	for _, i := range issuers {
		if i.Name == State {
			r.Name = i.Title
		}
		entry := registry.Issuer{ID: i.DID, FormerIDs: i.FormerDIDs, Name: i.Title, URL: i.URL}
		r.Issued = latest(r.Issued, i.UpdateTime)
		for _, k := range all {
			if k.Issuer == i.Name {
				entry.Keys = append(entry.Keys, listed(i, k))
				r.Issued = latest(r.Issued, k.UpdateTime)
			}
		}
		r.Issuers = append(r.Issuers, entry)
	}
	r.Issued = r.Issued.Truncate(time.Second)
	r.Expires = r.Issued.Add(registryLife)
	content, err := json.Marshal(r)
	return r, string(content), err
}

func listed(i Issuer, k SigningKey) registry.Key {
	return registry.Key{
		VerificationMethod: i.method(k), PublicKeyMultibase: keys.EncodeMultikey(k.Public),
		Created: k.CreateTime, Retired: k.RetireTime, Compromised: k.CompromiseTime,
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
