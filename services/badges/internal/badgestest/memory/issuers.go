package memory

import (
	"context"
	"crypto/ed25519"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// InsertIssuer adds an issuer; one per district.
func (s *Store) InsertIssuer(_ context.Context, i issuer.Issuer) error {
	if len(all(s, func(o issuer.Issuer) bool { return o.District == i.District || o.DID == i.DID })) > 0 {
		return problem.AlreadyExists(i.Name)
	}
	return s.insert("issuers", i.Name, i)
}

// UpdateIssuer replaces an issuer.
func (s *Store) UpdateIssuer(_ context.Context, i issuer.Issuer) error {
	return s.update("issuers", i.Name, func(r any) int64 { return r.(issuer.Issuer).Version }, i.Version, i)
}

// Issuer reads an issuer.
func (s *Store) Issuer(_ context.Context, name string) (issuer.Issuer, error) {
	return get[issuer.Issuer](s, "issuers", name)
}

// IssuerOf reads the issuer of a district.
func (s *Store) IssuerOf(_ context.Context, district string) (issuer.Issuer, error) {
	return one(district, all(s, func(i issuer.Issuer) bool { return i.District == district }))
}

// IssuerByDID finds who has or had an identifier.
func (s *Store) IssuerByDID(_ context.Context, did string) (issuer.Issuer, error) {
	return one(did, all(s, func(i issuer.Issuer) bool { return i.Has(did) }))
}

// Issuers lists issuers by name.
func (s *Store) Issuers(context.Context, issuer.Slice) ([]issuer.Issuer, error) {
	out := all(s, func(issuer.Issuer) bool { return true })
	slices.SortFunc(out, func(a, b issuer.Issuer) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// InsertKey adds a key; an issuer has one current key.
func (s *Store) InsertKey(_ context.Context, k issuer.SigningKey) error {
	if len(all(s, func(o issuer.SigningKey) bool {
		return o.Public.Equal(k.Public) || o.Issuer == k.Issuer && o.State == issuer.Current
	})) > 0 {
		return problem.AlreadyExists(k.Name)
	}
	return s.insert("keys", k.Name, k)
}

// UpdateKey replaces a key.
func (s *Store) UpdateKey(_ context.Context, k issuer.SigningKey) error {
	return s.update("keys", k.Name, func(r any) int64 { return r.(issuer.SigningKey).Version }, k.Version, k)
}

// Key reads a key.
func (s *Store) Key(_ context.Context, name string) (issuer.SigningKey, error) {
	return get[issuer.SigningKey](s, "keys", name)
}

// KeyByPublic finds a key by its public half.
func (s *Store) KeyByPublic(_ context.Context, public ed25519.PublicKey) (issuer.SigningKey, error) {
	return one("key", all(s, func(k issuer.SigningKey) bool { return k.Public.Equal(public) }))
}

// CurrentKey reads the key that signs for an issuer.
func (s *Store) CurrentKey(_ context.Context, owner string) (issuer.SigningKey, error) {
	return one(owner, all(s, func(k issuer.SigningKey) bool { return k.Issuer == owner && k.State == issuer.Current }))
}

// Keys lists the keys of an issuer, or of everybody, newest first.
func (s *Store) Keys(_ context.Context, owner string, _ issuer.Slice) ([]issuer.SigningKey, error) {
	out := all(s, func(k issuer.SigningKey) bool { return owner == "" || k.Issuer == owner })
	slices.Reverse(out)
	return out, nil
}

// one is the only row of a list.
func one[T any](name string, rows []T) (out T, err error) {
	if len(rows) == 0 {
		return out, problem.NotFound(name)
	}
	return rows[0], nil
}

// PutKey writes a row as somebody with access to the database could.
func (s *Store) PutKey(k issuer.SigningKey) { s.rows["keys "+k.Name] = k }
