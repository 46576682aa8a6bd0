package audit

import (
	"context"
	"fmt"
	"slices"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

const verifyBatch = 1000

// Chain is what Verify found about the chain of one district.
type Chain struct {
	District    string
	Entries     int64
	Head        Head
	Intact      bool
	FirstBroken int64  // sequence of the first entry that is wrong; 0 when none is
	Problem     string // what is wrong, in words
	Waiting     int64  // entries that wait to be linked
}

// Verify recomputes the chain of a district. With a head that was kept elsewhere
// it also finds a chain that was cut or written anew; a zero head asks nothing.
func Verify(ctx context.Context, db *sqldb.DB, district string, known Head) (Chain, error) {
	c := Chain{District: district, Intact: true, Head: Head{Hash: first}}
	met := known.Sequence == 0
	for after := int64(-1 << 62); ; {
		entries, err := List(ctx, db, Query{District: district, After: after, Limit: verifyBatch})
		if err != nil {
			return c, err
		}
		for _, e := range entries {
			c.check(e)
			c.Entries++
			met = met || e.Sequence == known.Sequence && e.Hash == known.Hash
			after = e.Sequence
		}
		if len(entries) < verifyBatch {
			break
		}
	}
	if !met {
		c.broken(known.Sequence, "the head that was kept elsewhere is not in the chain: it was cut or written anew")
	}
	err := db.Conn(ctx).QueryRowContext(ctx, `SELECT count(*) FROM audit_pending WHERE district_id = $1`, district).Scan(&c.Waiting)
	return c, err
}

// check holds one entry to the one before and moves the head to it.
func (c *Chain) check(e Entry) {
	hash, err := e.Seal()
	switch {
	case e.Sequence != c.Head.Sequence+1:
		c.broken(c.Head.Sequence+1, fmt.Sprintf("entry %d is missing", c.Head.Sequence+1))
	case e.PreviousHash != c.Head.Hash:
		c.broken(e.Sequence, fmt.Sprintf("entry %d does not follow the entry before it", e.Sequence))
	case err != nil || hash != e.Hash:
		c.broken(e.Sequence, fmt.Sprintf("entry %d was changed", e.Sequence))
	}
	c.Head = Head{Sequence: e.Sequence, Hash: e.Hash}
}

// broken keeps the first thing that is wrong.
func (c *Chain) broken(sequence int64, what string) {
	if !c.Intact {
		return
	}
	c.Intact, c.FirstBroken, c.Problem = false, sequence, what
}

// VerifyAll verifies the chains of all districts and of the state. A district in
// known is looked at even when nothing of its chain is left.
func VerifyAll(ctx context.Context, db *sqldb.DB, known map[string]Head) ([]Chain, error) {
	ctx = tenant.Everything(ctx, "the chains of all districts are verified together")
	districts, err := Districts(ctx, db)
	if err != nil {
		return nil, err
	}
	for district := range known {
		districts = append(districts, district)
	}
	slices.Sort(districts)
	var chains []Chain
	for _, district := range slices.Compact(districts) {
		c, err := Verify(ctx, db, district, known[district])
		if err != nil {
			return nil, err
		}
		chains = append(chains, c)
	}
	return chains, nil
}

// Districts are those that have entries, linked or waiting.
func Districts(ctx context.Context, db *sqldb.DB) (found []string, err error) {
	rows, err := db.Conn(ctx).QueryContext(ctx,
		`SELECT district_id FROM audit_entries GROUP BY district_id UNION SELECT district_id FROM audit_pending GROUP BY district_id`)
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var district string
		if err := rows.Scan(&district); err != nil {
			return nil, err
		}
		found = append(found, district)
	}
	slices.Sort(found)
	return found, rows.Err()
}
