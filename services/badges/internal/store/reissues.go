package store

import (
	"context"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// reissuable is the condition for credentials that a selection is about. A Partnership School award
// is looked at in any case: it embeds badges, which may have been signed anew.
func reissuable(c *condition, sel award.Selection) {
	var badges condition
	badges.args = c.args
	badges.and("k.kind = 'BADGE'")
	if sel.IssuerName != "" {
		badges.and("k.issuer_name = " + badges.arg(sel.IssuerName))
	}
	if len(sel.Keys) > 0 {
		badges.and("k.signed_with IN (" + badges.list(sel.Keys) + ")")
	}
	c.args = badges.args
	c.and("(k.kind = 'PARTNERSHIP' OR (" + strings.Join(badges.parts, " AND ") + "))")
}

// CountReissuable counts the credentials that a selection is about.
func (s *Store) CountReissuable(ctx context.Context, sel award.Selection) (n int64, err error) {
	ctx = tenant.Everything(ctx, "credentials of every district are counted before they are signed anew")
	var c condition
	reissuable(&c, sel)
	err = s.db.Conn(ctx).QueryRowContext(ctx, "SELECT count(*) FROM credentials k"+c.where(), c.args...).Scan(&n)
	return n, err
}

// Reissuable are the next credentials of a selection after one of them, all badges before all
// Partnership School awards, and of one district.
func (s *Store) Reissuable(ctx context.Context, sel award.Selection, after string, most int) ([]award.Credential, error) {
	ctx = tenant.Everything(ctx, "credentials of every district are signed anew, district by district")
	var c condition
	reissuable(&c, sel)
	if after != "" {
		c.and("(k.kind, k.district_id, k.name) > (SELECT l.kind, l.district_id, l.name FROM credentials l WHERE l.name = " + c.arg(after) + ")")
	}
	list, err := all(ctx, s, scanCredential, "SELECT "+credentialColumns+" FROM credentials k"+c.where()+
		" ORDER BY k.kind, k.district_id, k.name LIMIT "+c.arg(limit(most)), c.args...)
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
	c.and("v.credential IN (" + c.list(credentials) + ")")
	return all(ctx, s, func(r row) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	}, "SELECT v.credential FROM credential_versions v"+c.where()+" ORDER BY v.credential", c.args...)
}
