package store

import (
	"context"
	"crypto/ed25519"
	"slices"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const (
	issuerColumns = "name, district, title, url, email, image_url, did_method, did, former_dids, created_at, updated_at, version"
	keyColumns    = "name, issuer, public_key, sealed, state, retired_at, compromised_at, reason, created_at, updated_at, version"
	fromIssuers   = "SELECT " + issuerColumns + " FROM issuers WHERE district_id = $1"
	fromKeys      = "SELECT " + keyColumns + " FROM issuer_keys WHERE district_id = $1"
)

// InsertIssuer adds an issuer; one per district.
func (s *Store) InsertIssuer(ctx context.Context, i issuer.Issuer) error {
	former, err := encode(i.FormerDIDs)
	if err != nil {
		return err
	}
	return s.insert(ctx, i.Name, "issuers", issuerColumns, i.Name, i.District, i.Title, i.URL, i.Email, i.ImageURL,
		string(i.Method), i.DID, former, micros(i.CreateTime), micros(i.UpdateTime), i.Version)
}

// UpdateIssuer changes the profile of an issuer and how it is identified.
func (s *Store) UpdateIssuer(ctx context.Context, i issuer.Issuer) error {
	former, err := encode(i.FormerDIDs)
	if err != nil {
		return err
	}
	return s.update(ctx, i.Name, "issuers", "title, url, email, image_url, did_method, did, former_dids, updated_at", i.Version,
		i.Title, i.URL, i.Email, i.ImageURL, string(i.Method), i.DID, former, micros(i.UpdateTime))
}

func scanIssuer(r row) (i issuer.Issuer, err error) {
	var former string
	var created, updated int64
	err = r.Scan(&i.Name, &i.District, &i.Title, &i.URL, &i.Email, &i.ImageURL, &i.Method, &i.DID, &former, &created, &updated, &i.Version)
	if err != nil {
		return i, err
	}
	i.CreateTime, i.UpdateTime = moment(created), moment(updated)
	return i, decode(former, &i.FormerDIDs)
}

// Issuer reads one issuer.
func (s *Store) Issuer(ctx context.Context, name string) (issuer.Issuer, error) {
	return one(tenant.OrNone(ctx), s, name, scanIssuer, fromIssuers+" AND name = $2", tenant.State, name)
}

// IssuerOf reads the issuer of a district, or with "" that of the state.
func (s *Store) IssuerOf(ctx context.Context, district string) (issuer.Issuer, error) {
	return one(tenant.OrNone(ctx), s, district, scanIssuer, fromIssuers+" AND district = $2", tenant.State, district)
}

// IssuerByDID finds who has or had an identifier.
func (s *Store) IssuerByDID(ctx context.Context, did string) (issuer.Issuer, error) {
	// LIKE narrows; SQLite's does not tell a from A, so the rows are looked at again.
	rows, err := all(ctx, s, scanIssuer, fromIssuers+` AND (did = $2 OR former_dids LIKE $3 ESCAPE '\') ORDER BY name`,
		tenant.State, did, `%"`+like(did)+`"%`)
	if err != nil {
		return issuer.Issuer{}, err
	}
	for _, i := range rows {
		if i.DID == did || slices.Contains(i.FormerDIDs, did) {
			return i, nil
		}
	}
	return issuer.Issuer{}, problem.NotFound(did)
}

// Issuers lists issuers by name.
func (s *Store) Issuers(ctx context.Context, p issuer.Slice) ([]issuer.Issuer, error) {
	return all(tenant.OrNone(ctx), s, scanIssuer, fromIssuers+" AND name > $2 ORDER BY name LIMIT $3", tenant.State, p.After, limit(p.Limit))
}

// InsertKey adds a key; an issuer has one current key at a time.
func (s *Store) InsertKey(ctx context.Context, k issuer.SigningKey) error {
	return s.insert(ctx, k.Name, "issuer_keys", keyColumns, k.Name, k.Issuer, keys.EncodeMultikey(k.Public), sealed(k), string(k.State),
		micros(k.RetireTime), micros(k.CompromiseTime), k.Reason, micros(k.CreateTime), micros(k.UpdateTime), k.Version)
}

// UpdateKey changes where a key stands, and its private half.
func (s *Store) UpdateKey(ctx context.Context, k issuer.SigningKey) error {
	return s.update(ctx, k.Name, "issuer_keys", "sealed, state, retired_at, compromised_at, reason, updated_at", k.Version,
		sealed(k), string(k.State), micros(k.RetireTime), micros(k.CompromiseTime), k.Reason, micros(k.UpdateTime))
}

// sealed is the private half, empty for one that was destroyed.
func sealed(k issuer.SigningKey) []byte { return append([]byte{}, k.Sealed...) }

func scanKey(r row) (k issuer.SigningKey, err error) {
	var public string
	var retired, compromised, created, updated int64
	err = r.Scan(&k.Name, &k.Issuer, &public, &k.Sealed, &k.State, &retired, &compromised, &k.Reason, &created, &updated, &k.Version)
	if err != nil {
		return k, err
	}
	if len(k.Sealed) == 0 {
		k.Sealed = nil
	}
	k.RetireTime, k.CompromiseTime = moment(retired), moment(compromised)
	k.CreateTime, k.UpdateTime = moment(created), moment(updated)
	k.Public, err = keys.DecodeMultikey(public)
	return k, err
}

// Key reads one key.
func (s *Store) Key(ctx context.Context, name string) (issuer.SigningKey, error) {
	return one(tenant.OrNone(ctx), s, name, scanKey, fromKeys+" AND name = $2", tenant.State, name)
}

// KeyByPublic finds a key by its public half.
func (s *Store) KeyByPublic(ctx context.Context, public ed25519.PublicKey) (issuer.SigningKey, error) {
	text := keys.EncodeMultikey(public)
	return one(tenant.OrNone(ctx), s, text, scanKey, fromKeys+" AND public_key = $2", tenant.State, text)
}

// CurrentKey reads the key that signs for an issuer. In a transaction nobody can replace it before
// the end: SQLite has one writer at a time, PostgreSQL locks the row against changes.
func (s *Store) CurrentKey(ctx context.Context, owner string) (issuer.SigningKey, error) {
	query := fromKeys + " AND issuer = $2 AND state = 'CURRENT'"
	if s.db.InTx(ctx) && s.db.Dialect() == sqldb.Postgres {
		query += " FOR SHARE"
		// Who locks a row of the state must be allowed to change rows of the state.
		ctx = tenant.With(ctx, tenant.State)
	}
	return one(tenant.OrNone(ctx), s, owner, scanKey, query, tenant.State, owner)
}

// Keys lists the keys of an issuer, or of everybody, newest first.
func (s *Store) Keys(ctx context.Context, owner string, p issuer.Slice) ([]issuer.SigningKey, error) {
	return all(tenant.OrNone(ctx), s, scanKey, fromKeys+" AND ($2 = '' OR issuer = $2) AND ($3 = '' OR name < $3) ORDER BY name DESC LIMIT $4",
		tenant.State, owner, p.After, limit(p.Limit))
}
