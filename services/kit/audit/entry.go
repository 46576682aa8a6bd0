package audit

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// first is the previous hash of the first entry of a chain.
var first = strings.Repeat("0", 64)

// Entry is one linked change. Its JSON, fields in alphabetical order as RFC 8785
// wants them, is the form in which it is exported and hashed.
type Entry struct {
	Action       string    `json:"action"`
	Actor        string    `json:"actor"`
	AfterDigest  string    `json:"after_digest"`
	BeforeDigest string    `json:"before_digest"`
	District     string    `json:"district"`
	Time         time.Time `json:"event_time"`
	Hash         string    `json:"hash,omitempty"`
	ID           string    `json:"id"`
	OnBehalfOf   string    `json:"on_behalf_of"`
	PreviousHash string    `json:"previous_hash"`
	ReasonDigest string    `json:"reason_digest"`
	RequestID    string    `json:"request_id"`
	Resource     string    `json:"resource"`
	Sequence     int64     `json:"sequence"`
	Service      string    `json:"service"`
}

// Canonical is what is hashed: the entry as JSON without its own hash, the hash
// of the entry before included.
func (e Entry) Canonical() ([]byte, error) {
	e.Hash = ""
	e.Time = e.Time.UTC()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return nil, fmt.Errorf("entry %s: %w", e.ID, err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// Seal is the hash of the entry.
func (e Entry) Seal() (string, error) {
	text, err := e.Canonical()
	if err != nil {
		return "", err
	}
	return sum(text), nil
}

const (
	facts   = `id, event_time, actor, on_behalf_of, action, resource, before_digest, after_digest, reason_digest, request_id`
	columns = `district_id, sequence, ` + facts + `, previous_hash, hash`
)

// Query selects linked entries of one chain.
type Query struct {
	District string // id, or tenant.State
	After    int64  // entries with a greater sequence
	Limit    int
	Resource string // only this resource and what lies below it
}

// List reads entries in the order of their chain.
func List(ctx context.Context, db *sqldb.DB, q Query) ([]Entry, error) {
	args := []any{q.District, q.After}
	where := `district_id = $1 AND sequence > $2`
	if q.Resource != "" {
		args = append(args, q.Resource, q.Resource+"/") // not LIKE: ids may hold its wildcards, and collations differ
		where += ` AND (resource = $3 OR substr(resource, 1, length($4)) = $4)`
	}
	rows, err := db.Conn(ctx).QueryContext(ctx, fmt.Sprintf(
		`SELECT %s FROM audit_entries WHERE %s ORDER BY sequence LIMIT %d`, columns, where, q.Limit), args...)
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	return scan(rows, db.Schema())
}

func scan(rows *sql.Rows, service string) (found []Entry, err error) {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		e, at := Entry{Service: service}, int64(0)
		if err := rows.Scan(&e.District, &e.Sequence, &e.ID, &at, &e.Actor, &e.OnBehalfOf, &e.Action, &e.Resource,
			&e.BeforeDigest, &e.AfterDigest, &e.ReasonDigest, &e.RequestID, &e.PreviousHash, &e.Hash); err != nil {
			return nil, fmt.Errorf("audit log: %w", err)
		}
		e.Time = sqldb.Time(at)
		found = append(found, e)
	}
	return found, rows.Err()
}
