package store

import (
	"context"
	"strings"
	"time"

	bits "github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const credentialColumns = "name, award, kind, school, title, issuer, issuer_name, signed_with, framework_version, parts, replaced_by, " +
	"document, digest, revision, issued_at, expires_at"

// issued is the reason of a credential's first version.
const issued = "ISSUED"

// InsertCredential adds a credential with its first version; one per award, of which the audit
// log tells, since the name of a credential says nothing of a district.
func (s *Store) InsertCredential(ctx context.Context, c award.Credential) error {
	district, parts, err := districtOf(c)
	if err != nil {
		return err
	}
	err = audit.Added(ctx, s.db, subject(c), s.credentialRow(district, c.Name), func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, "INSERT INTO credentials (district_id, "+credentialColumns+
			") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
			district, c.Name, c.Award, string(c.Kind), c.School, c.Title, c.Issuer, c.IssuerName, c.Key, c.FrameworkVersion,
			parts, c.ReplacedBy, c.Document, c.Digest, c.Version, micros(c.IssueTime), micros(c.ExpireTime))
		if err != nil {
			return err
		}
		return s.insertVersion(ctx, district, c, award.Reissue{Reason: issued})
	})
	return sqldb.MapError(err, c.Name)
}

// ReissueCredential keeps a credential as it was signed anew, with one more version. The operation
// that did has no other version of it, or the credential is refused as existing already.
func (s *Store) ReissueCredential(ctx context.Context, c award.Credential, r award.Reissue) error {
	district, _, err := districtOf(c)
	if err != nil {
		return err
	}
	err = audit.Changed(ctx, s.db, subject(c), s.credentialRow(district, c.Name), func(ctx context.Context) error {
		n, err := s.db.Exec(ctx, `UPDATE credentials SET issuer = $3, signed_with = $4, document = $5, digest = $6, revision = $7, issued_at = $8
			WHERE district_id = $1 AND name = $2 AND revision = $7 - 1`,
			district, c.Name, c.Issuer, c.Key, c.Document, c.Digest, c.Version, micros(c.IssueTime))
		if err == nil && n == 0 {
			return problem.Stale(c.Name)
		} else if err != nil {
			return err
		}
		return s.insertVersion(ctx, district, c, r)
	})
	return sqldb.MapError(err, c.Name)
}

func (s *Store) insertVersion(ctx context.Context, district string, c award.Credential, r award.Reissue) error {
	_, err := s.db.Exec(ctx, `INSERT INTO credential_versions
		(district_id, credential, revision, document, digest, signed_with, reason, operation, issued_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		district, c.Name, c.Version, c.Document, c.Digest, c.Key, r.Reason, r.Operation, micros(c.IssueTime))
	return err
}

// ReplaceCredential says which credential took the place of another.
func (s *Store) ReplaceCredential(ctx context.Context, c award.Credential, by string) error {
	district, _, err := districtOf(c)
	if err != nil {
		return err
	}
	err = audit.Changed(ctx, s.db, subject(c), s.credentialRow(district, c.Name), func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, "UPDATE credentials SET replaced_by = $3 WHERE district_id = $1 AND name = $2", district, c.Name, by)
		return err
	})
	return sqldb.MapError(err, c.Name)
}

// districtOf is the district of a credential's row, with its parts as text.
func districtOf(c award.Credential) (district, parts string, err error) {
	parts, err = encode(append([]string{}, c.Parts...))
	return names.District(subject(c)), parts, err
}

// subject is what a credential is kept for: its award, or the school.
func subject(c award.Credential) string {
	if c.Award != "" {
		return c.Award
	}
	return c.School
}

func (s *Store) credentialRow(district, name string) func(context.Context) (map[string]any, error) {
	return audit.Row(s.db, "credentials", "district_id = $1 AND name = $2", district, name)
}

func scanCredential(r row) (c award.Credential, err error) {
	var parts string
	var signed, expires int64
	if err = r.Scan(&c.Name, &c.Award, &c.Kind, &c.School, &c.Title, &c.Issuer, &c.IssuerName, &c.Key, &c.FrameworkVersion, &parts,
		&c.ReplacedBy, &c.Document, &c.Digest, &c.Version, &signed, &expires); err != nil {
		return c, err
	}
	c.IssueTime, c.ExpireTime = moment(signed), moment(expires)
	if parts != "[]" {
		err = decode(parts, &c.Parts)
	}
	return c, err
}

func scanListed(r row) (award.Credential, error) {
	c, err := scanCredential(r)
	c.Document = nil
	return c, err
}

// Credential reads one credential as it was signed last. Its name says nothing of a district: it is public.
func (s *Store) Credential(ctx context.Context, name string) (award.Credential, error) {
	ctx = tenant.Everything(ctx, "a credential is public, and its name says nothing of a district")
	return one(ctx, s, name, scanCredential, "SELECT "+credentialColumns+" FROM credentials WHERE name = $1", name)
}

// Document tells of which credential, and of which version of it, a document with this digest is.
func (s *Store) Document(ctx context.Context, digest string) (name string, version int, err error) {
	ctx = tenant.Everything(ctx, "which public document has a digest is no secret of a district")
	err = s.db.Conn(ctx).QueryRowContext(ctx, `SELECT credential, revision FROM credential_versions
		WHERE digest = $1 ORDER BY issued_at DESC LIMIT 1`, digest).Scan(&name, &version)
	return name, version, sqldb.MapError(err, digest)
}

// listedColumns are those of a credential without its document.
var listedColumns = strings.Replace(credentialColumns, "document,", "substr(document, 1, 0),", 1)

// Credentials lists the credentials of schools that a person may see, the newest first, without
// their documents.
func (s *Store) Credentials(ctx context.Context, sc caller.Scope, since time.Time, p award.CredentialSlice) ([]award.Credential, error) {
	var c condition
	c.under("k", sc.Parent)
	c.and(c.shown("k", sc.Readable))
	if !since.IsZero() {
		c.and("k.issued_at >= " + c.arg(micros(since)))
	}
	if !p.Before.IsZero() {
		c.and("(k.issued_at, k.name) < (" + c.arg(micros(p.Before)) + ", " + c.arg(p.Name) + ")")
	}
	return all(ctx, s, scanListed, "SELECT "+listedColumns+" FROM credentials k"+c.where()+
		" ORDER BY k.issued_at DESC, k.name DESC LIMIT "+c.arg(limit(p.Limit)), c.args...)
}

// PartnershipCredential is the newest Partnership School award of a school under a framework version.
func (s *Store) PartnershipCredential(ctx context.Context, school, frameworkVersion string) (c award.Credential, ok bool, err error) {
	c, err = scanCredential(s.db.Conn(ctx).QueryRowContext(ctx, "SELECT "+credentialColumns+` FROM credentials
		WHERE district_id = $1 AND school = $2 AND kind = 'PARTNERSHIP' AND framework_version = $3 AND replaced_by = ''
		ORDER BY issued_at DESC, name DESC LIMIT 1`, names.District(school), school, frameworkVersion))
	ok, err = found(err)
	return c, ok, err
}

// ExternalCredential is the credential from elsewhere with a digest that a school keeps.
func (s *Store) ExternalCredential(ctx context.Context, school, digest string) (c award.Credential, ok bool, err error) {
	c, err = scanCredential(s.db.Conn(ctx).QueryRowContext(ctx, "SELECT "+credentialColumns+` FROM credentials
		WHERE district_id = $1 AND school = $2 AND kind = 'EXTERNAL' AND digest = $3`, names.District(school), school, digest))
	ok, err = found(err)
	return c, ok, err
}

// Marks tells which of some credentials are revoked or suspended.
func (s *Store) Marks(ctx context.Context, credentials []string) (map[string]status.State, error) {
	out := map[string]status.State{}
	if len(credentials) == 0 {
		return out, nil
	}
	var c condition
	c.and("e.district_id = " + c.arg(tenant.State))
	c.and("e.value AND e.credential IN (" + c.list(credentials) + ")")
	set, err := all(ctx, s, func(r row) (e status.Entry, err error) {
		err = r.Scan(&e.Credential, &e.Purpose)
		return e, err
	}, "SELECT e.credential, e.purpose FROM status_entries e"+c.where(), c.args...)
	for _, e := range set {
		state := out[e.Credential]
		state.Revoked = state.Revoked || e.Purpose == bits.Revocation
		state.Suspended = state.Suspended || e.Purpose == bits.Suspension
		out[e.Credential] = state
	}
	return out, err
}
