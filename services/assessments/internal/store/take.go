package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/tandem-badges/tandem/services/kit/outbox"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/response"
)

// errHalf undoes a transaction that burned a token whose answer is stored already,
// which the receipt key, made of the token, rules out.
var errHalf = errors.New("a token was fresh though its receipt is there")

// Take stores all answers that may be stored, together and with one commit. What
// finds no room is left out: answers to campaigns that are closed, with tokens that
// were burned, with receipts that are there. Rows get an order of their own in each
// table, so that those that lie side by side do not belong together.
func (s *Responses) Take(ctx context.Context, records []response.Record) ([]bool, error) {
	if tenant.From(ctx) == nil { // answers of several districts, joined on their way here
		ctx = tenant.With(ctx, districts(records)...)
	}
	take := s.takeBySteps
	if s.db.Dialect() == sqldb.Postgres {
		take = s.takeAtOnce
	}
	ids, err := take(ctx, firsts(records))
	if err != nil {
		return nil, sqldb.MapError(err, "responses")
	}
	taken := make([]bool, len(records))
	for i, r := range records {
		taken[i] = ids[r.ID]
	}
	return taken, nil
}

// takeBySteps is a transaction of a few statements. The database is in the process.
func (s *Responses) takeBySteps(ctx context.Context, records []response.Record) (map[string]bool, error) {
	var taken map[string]bool
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		taken = map[string]bool{} // anew in each attempt
		left := records
		for _, step := range []func(context.Context, []response.Record) ([]response.Record, error){
			s.whereOpen, s.whereInvited, s.whereNamed, s.whereNew,
		} {
			var err error
			if left, err = step(ctx, left); err != nil || len(left) == 0 {
				return err
			}
		}
		for _, r := range left {
			taken[r.ID] = true
		}
		if err := s.Save(ctx, left); err != nil {
			return err
		}
		return s.endDrafts(ctx, left)
	})
	return taken, err
}

func districts(records []response.Record) []string {
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = r.District
	}
	return out
}

// firsts leaves out what has the token or the receipt key of another before it.
func firsts(records []response.Record) []response.Record {
	seen := make(map[[2]string]bool, 2*len(records))
	return filter(records, func(r response.Record) bool {
		marks := [][2]string{{"key", r.ReceiptKey}}
		if r.Invitation != "" {
			marks = append(marks, [2]string{"invitation", r.Invitation})
		}
		if r.Recipient != "" {
			marks = append(marks, [2]string{campaign.Name(r.District, r.Campaign), r.Recipient})
		}
		fresh := !slices.ContainsFunc(marks, func(m [2]string) bool { return seen[m] })
		for _, m := range marks {
			seen[m] = fresh || seen[m]
		}
		return fresh
	})
}

// whereOpen keeps answers to campaigns that take them.
func (s *Responses) whereOpen(ctx context.Context, records []response.Record) ([]response.Record, error) {
	states, err := ask(ctx, s.base, records, []string{"district_id", "campaign_id"},
		func(r response.Record) []string { return []string{r.District, r.Campaign} },
		`SELECT DISTINCT c.district_id, c.campaign_id, c.state FROM %s
			JOIN campaigns c ON c.district_id = g.district_id AND c.campaign_id = g.campaign_id`,
		func(row scanner) (name string, st campaign.State, err error) {
			var district, id string
			err = row.Scan(&district, &id, &st)
			return campaign.Name(district, id), st, err
		})
	return filter(records, func(r response.Record) bool {
		st := states[campaign.Name(r.District, r.Campaign)]
		return st == campaign.Open || r.Late && st > campaign.Open
	}), err
}

// whereInvited burns the tokens of nobody by name, and keeps answers whose token was
// fresh. A mark is all that is changed.
func (s *Responses) whereInvited(ctx context.Context, records []response.Record) ([]response.Record, error) {
	with := filter(records, func(r response.Record) bool { return r.Invitation != "" })
	burned, err := ask(ctx, s.base, with, []string{"district_id", "campaign_id", "school_id", "code_hash"},
		func(r response.Record) []string { return []string{r.District, r.Campaign, r.School, r.Invitation} },
		`UPDATE invitations SET burned = TRUE FROM %s WHERE invitations.district_id = g.district_id
			AND invitations.campaign_id = g.campaign_id AND invitations.school_id = g.school_id
			AND invitations.code_hash = g.code_hash AND NOT invitations.burned RETURNING invitations.code_hash`, mark)
	return filter(records, func(r response.Record) bool { return r.Invitation == "" || burned[r.Invitation] }), err
}

// whereNamed burns the tokens of recipients likewise, and marks those who answered
// less than half.
func (s *Responses) whereNamed(ctx context.Context, records []response.Record) ([]response.Record, error) {
	with := filter(records, func(r response.Record) bool { return r.Recipient != "" })
	burned, err := ask(ctx, s.base, with, []string{"district_id", "campaign_id", "recipient_id", "partial"},
		func(r response.Record) []string {
			return []string{r.District, r.Campaign, r.Recipient, strconv.FormatBool(r.Partial)}
		},
		`UPDATE recipients SET burned = TRUE, partial = (g.partial = 'true') FROM %s WHERE recipients.district_id = g.district_id
			AND recipients.campaign_id = g.campaign_id AND recipients.recipient_id = g.recipient_id
			AND NOT recipients.burned RETURNING recipients.district_id || '/' || recipients.campaign_id || '/' || recipients.recipient_id`, mark)
	return filter(records, func(r response.Record) bool {
		return r.Recipient == "" || burned[r.District+"/"+r.Campaign+"/"+r.Recipient]
	}), err
}

// whereNew stores receipts and keeps answers whose receipt was not there.
func (s *Responses) whereNew(ctx context.Context, records []response.Record) ([]response.Record, error) {
	fresh, err := ask(ctx, s.base, records, []string{"district_id", "campaign_id", "receipt_key", "receipt", "day"},
		func(r response.Record) []string {
			return []string{r.District, r.Campaign, r.ReceiptKey, r.Receipt, micros(r)}
		},
		`INSERT INTO receipts (district_id, campaign_id, receipt_key, receipt, day)
			SELECT g.district_id, g.campaign_id, g.receipt_key, g.receipt, CAST(g.day AS BIGINT) FROM %s WHERE TRUE
			ON CONFLICT (district_id, campaign_id, receipt_key) DO NOTHING RETURNING receipt_key`, mark)
	if err != nil {
		return nil, err
	}
	left := filter(records, func(r response.Record) bool { return fresh[r.ReceiptKey] })
	if len(filter(left, hasToken)) < len(filter(records, hasToken)) {
		return nil, errHalf
	}
	return left, nil
}

func hasToken(r response.Record) bool { return r.Invitation != "" || r.Recipient != "" }

// Save stores answers as they are, and one event for those of each campaign. Answers are anonymous, so
// that there is nobody to name in the audit log, and an entry for each would put
// them in order.
func (s *Responses) Save(ctx context.Context, records []response.Record) error {
	written := make(map[string]texts, len(records))
	for _, r := range records {
		t, err := textsOf(r)
		if err != nil {
			return err
		}
		written[r.ID] = t
	}
	_, err := ask(ctx, s.base, records, []string{"district_id", "campaign_id", "school_id", "response_id", "language", "day", "options", "texts", "groups", "mode"},
		func(r response.Record) []string {
			t := written[r.ID]
			return []string{r.District, r.Campaign, r.School, r.ID, r.Language, micros(r), t.options, t.words, t.groups, mode(r)}
		},
		`INSERT INTO responses (district_id, campaign_id, school_id, response_id, language, day, options, texts, groups, mode)
			SELECT g.district_id, g.campaign_id, g.school_id, g.response_id, g.language, CAST(g.day AS BIGINT), g.options, g.texts, g.groups, g.mode
			FROM %s WHERE TRUE RETURNING response_id`, mark)
	if err != nil {
		return err
	}
	return outbox.AddAll(ctx, s.db, s.clock.Now(), counted(records))
}

// endDrafts deletes the unfinished answers that end with these.
func (s *Responses) endDrafts(ctx context.Context, records []response.Record) error {
	with := filter(records, func(r response.Record) bool { return r.Draft != "" })
	_, err := ask(ctx, s.base, with, []string{"district_id", "campaign_id", "draft_key"},
		func(r response.Record) []string { return []string{r.District, r.Campaign, r.Draft} },
		`DELETE FROM drafts WHERE (district_id, campaign_id, draft_key) IN (SELECT g.district_id, g.campaign_id, g.draft_key FROM %s)
			RETURNING draft_key`, mark)
	return err
}

// ask runs one statement about all records, in random order, and returns what it
// answers by key. In the statement %s stands for the table of the columns.
func ask[V any](ctx context.Context, b base, records []response.Record, columns []string, row func(response.Record) []string, statement string,
	scan func(scanner) (string, V, error),
) (map[string]V, error) {
	out := make(map[string]V, len(records))
	if len(records) == 0 {
		return out, nil
	}
	rows := make([][]string, len(records))
	for i, at := range rand.Perm(len(records)) { //nolint:gosec // hides an order, guards no secret
		rows[at] = row(records[i])
	}
	table, args, err := b.given(columns, rows)
	if err != nil {
		return nil, err
	}
	type pair struct {
		key   string
		value V
	}
	list, err := all(ctx, b, func(row scanner) (p pair, err error) {
		p.key, p.value, err = scan(row)
		return p, err
	}, fmt.Sprintf(statement, table), args...)
	for _, p := range list {
		out[p.key] = p.value
	}
	return out, err
}

// mark reads a key that is there.
func mark(row scanner) (key string, there bool, err error) {
	err = row.Scan(&key)
	return key, err == nil, err
}

func filter(records []response.Record, keep func(response.Record) bool) []response.Record {
	out := make([]response.Record, 0, len(records))
	for _, r := range records {
		if keep(r) {
			out = append(out, r)
		}
	}
	return out
}

func micros(r response.Record) string { return strconv.FormatInt(sqldb.Micros(r.Day), 10) }

func mode(r response.Record) string {
	if r.Mode == "" {
		return string(response.ByWeb)
	}
	return string(r.Mode)
}

// texts are what is written of an answer, as JSON objects: options by question, which
// are counted, and words by item, which are not. A question is an item or a row of one.
type texts struct{ options, words, groups string }

func textsOf(r response.Record) (t texts, err error) {
	counted, said := map[string]any{}, map[string]string{}
	for _, a := range r.Answers {
		switch {
		case a.Option != "":
			counted[a.Item] = a.Option
		case len(a.Options) > 0:
			counted[a.Item] = a.Options
		case a.Number != nil:
			counted[a.Item] = *a.Number
		case a.Text != "":
			said[a.Item] = a.Text
		case a.Date != "":
			said[a.Item] = a.Date
		}
		for row, option := range a.Rows {
			counted[a.Item+"/"+row] = option
		}
	}
	if t.options, err = encode(counted); err != nil {
		return t, err
	}
	if t.words, err = encode(said); err != nil {
		return t, err
	}
	t.groups = "{}"
	if len(r.Groups) > 0 {
		t.groups, err = encode(r.Groups)
	}
	return t, err
}
