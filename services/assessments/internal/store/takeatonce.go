package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/outbox"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
)

// atOnceColumns are what atOnce reads of each answer.
var atOnceColumns = []string{
	"district_id", "campaign_id", "school_id", "response_id", "language", "day", "options", "texts", "groups", "mode",
	"receipt_key", "receipt", "late", "invitation", "recipient", "partial", "draft", "nth",
}

// atOnceCounted says which of the events happened. Each answer brings one that says: it
// is the nth of its campaign, and so many were taken. True is that of each campaign
// whose number is right.
const atOnceCounted = `e.place IN (SELECT g.place FROM given g JOIN (
    SELECT district_id, campaign_id, count(*) AS answers FROM taken GROUP BY district_id, campaign_id
  ) t ON t.district_id = g.district_id AND t.campaign_id = g.campaign_id WHERE CAST(g.nth AS BIGINT) = t.answers)`

// atOnce is all that taking answers does, as one statement: %[1]s is the table of the
// answers, %[2]s the clause of the outbox. What a part changes, the next learns from
// its RETURNING alone. A token is burned by whoever gets its row first, a receipt
// stored by whoever gets its key first; the last line undoes everything where a
// token was fresh though its receipt is there, which the key, made of the token,
// rules out.
const atOnce = `
WITH given AS (SELECT g.* FROM %[1]s),
open AS (
  SELECT g.* FROM given g JOIN campaigns c ON c.district_id = g.district_id AND c.campaign_id = g.campaign_id
  WHERE c.state = 2 OR g.late = 'true' AND c.state > 2
), invited AS (
  UPDATE invitations w SET burned = TRUE FROM open g
  WHERE g.invitation <> '' AND w.district_id = g.district_id AND w.campaign_id = g.campaign_id AND w.school_id = g.school_id
    AND w.code_hash = g.invitation AND NOT w.burned
  RETURNING g.place
), named AS (
  UPDATE recipients w SET burned = TRUE, partial = (g.partial = 'true') FROM open g
  WHERE g.recipient <> '' AND w.district_id = g.district_id AND w.campaign_id = g.campaign_id
    AND w.recipient_id = g.recipient AND NOT w.burned
  RETURNING g.place
), fresh AS (
  INSERT INTO receipts (district_id, campaign_id, receipt_key, receipt, day)
  SELECT g.district_id, g.campaign_id, g.receipt_key, g.receipt, CAST(g.day AS BIGINT) FROM open g
  WHERE (g.invitation = '' OR g.place IN (SELECT place FROM invited)) AND (g.recipient = '' OR g.place IN (SELECT place FROM named))
  ON CONFLICT (district_id, campaign_id, receipt_key) DO NOTHING
  RETURNING district_id, campaign_id, receipt_key
), taken AS (
  SELECT g.* FROM given g JOIN fresh f ON f.district_id = g.district_id AND f.campaign_id = g.campaign_id AND f.receipt_key = g.receipt_key
), stored AS (
  INSERT INTO responses (district_id, campaign_id, school_id, response_id, language, day, options, texts, groups, mode)
  SELECT g.district_id, g.campaign_id, g.school_id, g.response_id, g.language, CAST(g.day AS BIGINT), g.options, g.texts, g.groups, g.mode
  FROM taken g ORDER BY g.response_id
), counted AS (
  %[2]s
), ended AS (
  DELETE FROM drafts d USING taken g
  WHERE g.draft <> '' AND d.district_id = g.district_id AND d.campaign_id = g.campaign_id AND d.draft_key = g.draft
)
SELECT place FROM taken
UNION ALL
SELECT 0 / (CASE WHEN (SELECT count(*) FROM invited) + (SELECT count(*) FROM named)
  = (SELECT count(*) FROM taken WHERE invitation <> '' OR recipient <> '') THEN 1 ELSE 0 END)`

// takeAtOnce is one statement and one way to the server and back: between two
// commits there is nothing to wait for but the disk.
func (s *Responses) takeAtOnce(ctx context.Context, records []response.Record) (map[string]bool, error) {
	if len(records) == 0 {
		return map[string]bool{}, nil
	}
	shuffled := make([]response.Record, len(records))
	for i, at := range rand.Perm(len(records)) { //nolint:gosec // hides an order, guards no secret
		shuffled[at] = records[i]
	}
	nth := counting(shuffled)
	args, err := atOnceArgs(shuffled, nth)
	if err != nil {
		return nil, err
	}
	events := make([]proto.Message, len(shuffled))
	for i, r := range shuffled {
		events[i] = &assessmentsv1.ResponseCounted{Name: campaign.Name(r.District, r.Campaign), Counted: nth[i]}
	}
	counted, more, err := outbox.Clause(ctx, s.clock.Now(), len(args)+1, atOnceCounted, events)
	if err != nil {
		return nil, err
	}
	arrays := make([]string, len(args))
	for i := range arrays {
		arrays[i] = fmt.Sprintf("$%d::text[]", i+1)
	}
	given := "unnest(" + strings.Join(arrays, ", ") + ") WITH ORDINALITY AS g (" + strings.Join(atOnceColumns, ", ") + ", place)"
	var taken map[string]bool
	err = s.db.Alone(ctx, fmt.Sprintf(atOnce, given, counted), append(args, more...),
		func() { taken = make(map[string]bool, len(shuffled)) },
		func(rows *sql.Rows) error {
			var place int64
			err := rows.Scan(&place)
			if err == nil && place > 0 {
				taken[shuffled[place-1].ID] = true
			}
			return err
		})
	if err == nil {
		s.db.AfterCommit(ctx, func() { outbox.Added(s.db) })
	}
	return taken, err
}

// atOnceArgs are the answers by columns.
func atOnceArgs(records []response.Record, nth []int32) ([]any, error) {
	columns := make([][]string, len(atOnceColumns))
	for i, r := range records {
		t, err := textsOf(r)
		if err != nil {
			return nil, err
		}
		for c, text := range []string{
			r.District, r.Campaign, r.School, r.ID, r.Language, micros(r), t.options, t.words, t.groups, mode(r),
			r.ReceiptKey, r.Receipt, strconv.FormatBool(r.Late), r.Invitation, r.Recipient, strconv.FormatBool(r.Partial), r.Draft,
			strconv.Itoa(int(nth[i])),
		} {
			columns[c] = append(columns[c], text)
		}
	}
	args := make([]any, len(columns))
	for i, c := range columns {
		args[i] = c
	}
	return args, nil
}
