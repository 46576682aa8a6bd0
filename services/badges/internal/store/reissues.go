package store

import (
	"context"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// reissuable are the credentials that a selection is about. A Partnership School award is
// looked at in any case: it embeds badges, which may have been signed anew.
const reissuable = ` FROM credentials k WHERE k.kind IN ('BADGE', 'PARTNERSHIP') AND
	(k.kind = 'PARTNERSHIP' OR (($1 = '' OR k.issuer_name = $1) AND ($2 = '' OR k.signed_with = $2)))`

// CountReissuable counts the credentials that a selection is about.
func (s *Store) CountReissuable(ctx context.Context, sel award.Selection) (n int64, err error) {
	ctx = tenant.Everything(ctx, "credentials of every district are counted before they are signed anew")
	err = s.db.Conn(ctx).QueryRowContext(ctx, "SELECT count(*)"+reissuable, sel.IssuerName, sel.Key).Scan(&n)
	return n, err
}

// Reissuable are the next credentials of a selection after one of them, all badges before all
// Partnership School awards, and of one district.
func (s *Store) Reissuable(ctx context.Context, sel award.Selection, after string, most int) ([]award.Credential, error) {
	ctx = tenant.Everything(ctx, "credentials of every district are signed anew, district by district")
	list, err := all(ctx, s, scanCredential, "SELECT "+credentialColumns+reissuable+`
		AND ($3 = '' OR (k.kind, k.district_id, k.name) >
			(SELECT l.kind, l.district_id, l.name FROM credentials l WHERE l.name = $3))
		ORDER BY k.kind, k.district_id, k.name LIMIT $4`, sel.IssuerName, sel.Key, after, limit(most))
	for i := range list {
		if list[i].Kind != list[0].Kind || districtNode(list[i]) != districtNode(list[0]) {
			return list[:i], err
		}
	}
	return list, err
}

func districtNode(c award.Credential) string {
	district, _, _ := districtOf(c)
	return district
}

// ReissuedBy tells which of some credentials an operation signed anew.
func (s *Store) ReissuedBy(ctx context.Context, operation string, credentials []string) ([]string, error) {
	if len(credentials) == 0 {
		return nil, nil
	}
	var c condition
	c.and("v.operation = " + c.arg(operation))
	marks := make([]string, len(credentials))
	for i, name := range credentials {
		marks[i] = c.arg(name)
	}
	c.and("v.credential IN (" + strings.Join(marks, ", ") + ")")
	return all(ctx, s, func(r row) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	}, "SELECT v.credential FROM credential_versions v"+c.where()+" ORDER BY v.credential", c.args...)
}
