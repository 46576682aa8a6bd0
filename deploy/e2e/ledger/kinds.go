package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tandem-badges/tandem/deploy/e2e/load"
)

// schools that were registered. Nobody listens to their events but webhooks and the event stream.
func (b *books) schools(ctx context.Context, acked map[string][]string) (Count, error) {
	c := Count{What: "schools"}
	rows, err := b.names(ctx, `SELECT id FROM schools.schools WHERE district_id = $1 AND id LIKE 's-%'`, load.District)
	if err != nil {
		return c, err
	}
	return b.compare(ctx, c, acked[load.School], rows, told{service: "schools", event: "SchoolRegistered", like: "districts/" + load.District + "/schools/s-%"})
}

// assessments that teams have settled: the schools service takes them in.
func (b *books) assessments(ctx context.Context, acked map[string][]string) (Count, error) {
	c := Count{What: "self-assessments", AppliedElsewhere: true}
	rows, err := b.names(ctx, `SELECT assessment_id FROM assessments.self_assessments WHERE district_id = $1 AND assessment_id LIKE 'x-%' AND settled_at > 0`, load.District)
	if err != nil {
		return c, err
	}
	event := told{service: "assessments", event: "SelfAssessmentSettled", like: "districts/" + load.District + "/%"}
	if c, err = b.compare(ctx, c, acked[load.Settled], rows, event); err != nil {
		return c, err
	}
	applied, err := b.names(ctx, `SELECT source FROM schools.proj_self_assessments WHERE source LIKE $1`, event.like)
	c.Applied = int64(len(applied))
	c.lost = append(c.lost, missing(acked[load.Settled], applied)...)
	return c, err
}

// answers of families lead to no name: what finds them again are the words that each brought. Events
// tell how many came; several that were stored together are told of together.
func (b *books) answers(ctx context.Context, acked map[string][]string) (Count, error) {
	c := Count{What: "answers", Acknowledged: int64(len(acked[load.Answer]))}
	texts, err := b.column(ctx, `SELECT texts FROM assessments.responses WHERE district_id = $1`, load.District)
	if err != nil {
		return c, err
	}
	var words []string
	others := int64(0) // answers without words are those that begin a load
	for _, text := range texts {
		var answer map[string]string
		if err := json.Unmarshal(text, &answer); err != nil {
			return c, err
		}
		if answer["words"] == "" {
			others++
			continue
		}
		words = append(words, answer["words"])
	}
	slices.Sort(words)
	c.Rows, c.doubled = int64(len(words)), repeated(words)
	c.lost, c.unknown = missing(acked[load.Answer], words), missing(words, acked[load.Answer])

	payloads, err := b.column(ctx, `SELECT payload FROM assessments.outbox WHERE type LIKE '%ResponseCounted' AND name LIKE $1`,
		"districts/"+load.District+"/%")
	if err != nil {
		return c, err
	}
	for _, payload := range payloads {
		c.Events += counted(payload)
	}
	for _, event := range b.stream["TANDEM_ASSESSMENTS"].of("ResponseCounted", "districts/"+load.District+"/") {
		c.InStream += counted(event.data)
	}
	c.Events, c.InStream = c.Events-others, c.InStream-others
	return c, nil
}

// counted reads the field counted of a ResponseCounted; zero is one.
func counted(message []byte) int64 {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return 0
		}
		message = message[n:]
		if number == 2 && kind == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(message)
			return int64(v) //nolint:gosec // a small number
		}
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return 0
		}
		message = message[n:]
	}
	return 1
}

// told says by which events a kind of write is told.
type told struct{ service, event, like string }

// compare fills a line for writes that have one event each.
func (b *books) compare(ctx context.Context, c Count, acked, rows []string, t told) (Count, error) {
	events, err := b.names(ctx, fmt.Sprintf(`SELECT name FROM %s.outbox WHERE type LIKE $1 AND name LIKE $2`, t.service), "%"+t.event, t.like)
	if err != nil {
		return c, err
	}
	var inStream []string
	prefix := t.like[:len(t.like)-1]
	for _, event := range b.stream["TANDEM_"+upper(t.service)].of(t.event, prefix) {
		inStream = append(inStream, last(event.name))
	}
	slices.Sort(inStream)
	c.Acknowledged, c.Rows, c.Events, c.InStream = int64(len(acked)), int64(len(rows)), int64(len(events)), int64(len(inStream))
	c.lost, c.unknown, c.doubled = missing(acked, rows), missing(rows, acked), repeated(events)
	c.unstreamed, c.streamedMo = missing(events, inStream), repeated(inStream)
	return c, nil
}

func (b *books) column(ctx context.Context, query string, args ...any) ([][]byte, error) {
	rows, err := b.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all [][]byte
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, err
		}
		all = append(all, raw)
	}
	return all, rows.Err()
}
