package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/gateway/internal/connect"
)

var _ connect.Store = (*Store)(nil)

const tokenColumns = `kind, signature, grant_id, program, person, school, scopes, form, active, created_at, expires_at`

// InsertProgram adds a program of somebody else.
func (s *Store) InsertProgram(ctx context.Context, p connect.Program) error {
	about, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write a program: %w", err)
	}
	_, err = s.db.Exec(tenant.With(ctx, tenant.State), `INSERT INTO programs (district_id, id, secret_digest, about, created_at)
		VALUES ($1, $2, $3, $4, $5)`, tenant.State, p.ID, p.SecretDigest, string(about), sqldb.Micros(p.CreateTime))
	return sqldb.MapError(err, "programs/"+p.ID)
}

// Program reads a program.
func (s *Store) Program(ctx context.Context, id string) (connect.Program, error) {
	var about string
	var p connect.Program
	err := s.db.Conn(ctx).QueryRowContext(tenant.With(ctx, tenant.State), `SELECT about FROM programs WHERE district_id = $1 AND id = $2`,
		tenant.State, id).Scan(&about)
	if err == nil {
		err = json.Unmarshal([]byte(about), &p)
	}
	return p, sqldb.MapError(err, "programs/"+id)
}

// InsertToken adds a token. That a consent begins is a change that the audit log
// tells of; tokens come and go with every use.
func (s *Store) InsertToken(ctx context.Context, t connect.Token) error {
	scopes, err := json.Marshal(t.Scopes)
	if err != nil {
		return fmt.Errorf("write a token: %w", err)
	}
	form, err := json.Marshal(t.Form)
	if err != nil {
		return fmt.Errorf("write a token: %w", err)
	}
	return s.db.Tx(ofSubject(ctx, t.Person), func(ctx context.Context) error {
		_, err := s.db.Exec(ctx, `INSERT INTO program_tokens (district_id, `+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			districtID(t.Person), string(t.Kind), t.Signature, t.Grant, t.Program, t.Person, t.School, string(scopes), string(form), t.Active,
			sqldb.Micros(t.CreateTime), sqldb.Micros(t.ExpireTime))
		if err != nil || t.Kind != connect.Code {
			return sqldb.MapError(err, "program token")
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: consentResource(t), After: consent(t)})
	})
}

// consentResource is what the audit log calls a consent.
func consentResource(t connect.Token) string { return t.Person + "/programs/" + t.Grant }

// consent is what the audit log says of one.
func consent(t connect.Token) map[string]any {
	return map[string]any{"program": t.Program, "school": t.School, "scopes": t.Scopes}
}

// ofAnyone is for tokens: whose one is, it says itself.
func ofAnyone(ctx context.Context) context.Context {
	return tenant.Everything(ctx, "a token of a program says whose it is, and nothing is known before")
}

// Token reads a token.
func (s *Store) Token(ctx context.Context, kind connect.Kind, signature string) (connect.Token, error) {
	found, err := s.tokens(ofAnyone(ctx), `kind = $1 AND signature = $2`, string(kind), signature)
	if err == nil && len(found) == 0 {
		err = problem.NotFound("program token")
	}
	if err != nil {
		return connect.Token{}, err
	}
	return found[0], nil
}

// UseToken marks a token as used up.
func (s *Store) UseToken(ctx context.Context, kind connect.Kind, signature string) (bool, error) {
	n, err := s.db.Exec(ofAnyone(ctx), `UPDATE program_tokens SET active = FALSE WHERE kind = $1 AND signature = $2 AND active`, string(kind), signature)
	return n == 1, sqldb.MapError(err, "program token")
}

// DeleteToken removes a token.
func (s *Store) DeleteToken(ctx context.Context, kind connect.Kind, signature string) error {
	_, err := s.db.Exec(ofAnyone(ctx), `DELETE FROM program_tokens WHERE kind = $1 AND signature = $2`, string(kind), signature)
	return sqldb.MapError(err, "program token")
}

// UseGrant marks the refresh tokens of a consent as used up.
func (s *Store) UseGrant(ctx context.Context, grant string) error {
	_, err := s.db.Exec(ofAnyone(ctx), `UPDATE program_tokens SET active = FALSE WHERE grant_id = $1 AND kind = $2`, grant, string(connect.Refresh))
	return sqldb.MapError(err, "program token")
}

// EndGrant removes tokens of a consent.
func (s *Store) EndGrant(ctx context.Context, grant string, kinds ...connect.Kind) error {
	ctx = ofAnyone(ctx)
	return s.db.Tx(ctx, func(ctx context.Context) error {
		found, err := s.tokens(ctx, `grant_id = $1`, grant)
		if err != nil || len(found) == 0 {
			return err
		}
		args := []any{grant}
		for _, kind := range kinds {
			args = append(args, string(kind))
		}
		if _, err := s.db.Exec(ctx, `DELETE FROM program_tokens WHERE grant_id = $1 AND kind IN (`+marks(2, len(kinds))+`)`, args...); err != nil {
			return sqldb.MapError(err, "program token")
		}
		if !slices.Contains(kinds, connect.Refresh) { // access tokens end with every refresh
			return nil
		}
		return audit.Record(ctx, s.db, audit.Change{Resource: consentResource(found[0]), Before: consent(found[0])})
	})
}

// marks writes n placeholders from a number on.
func marks(from, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = "$" + strconv.Itoa(from+i)
	}
	return strings.Join(all, ", ")
}

// Connections lists what a person connected.
func (s *Store) Connections(ctx context.Context, person string, now time.Time) ([]connect.Connection, error) {
	found, err := s.tokens(ofSubject(ctx, person), `district_id = $1 AND person = $2 AND active AND expires_at > $3 AND kind IN ($4, $5)
		ORDER BY created_at DESC, expires_at DESC`, districtID(person), person, sqldb.Micros(now), string(connect.Access), string(connect.Refresh))
	var out []connect.Connection
	for _, t := range found {
		c := connect.Connection{Grant: t.Grant, Program: t.Program, School: t.School, Scopes: t.Scopes, CreateTime: t.CreateTime, ExpireTime: t.ExpireTime}
		if !slices.ContainsFunc(out, func(o connect.Connection) bool { return o.Grant == c.Grant }) {
			out = append(out, c)
		}
	}
	return out, err
}

// Clean removes what is over.
func (s *Store) Clean(ctx context.Context, expired, unused time.Time) error {
	ctx = ofAnyone(ctx)
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.db.Exec(ctx, `DELETE FROM program_tokens WHERE expires_at <= $1`, sqldb.Micros(expired)); err != nil {
			return sqldb.MapError(err, "program token")
		}
		_, err := s.db.Exec(ctx, `DELETE FROM programs WHERE created_at <= $1 AND id NOT IN (SELECT program FROM program_tokens)`, sqldb.Micros(unused))
		return sqldb.MapError(err, "programs")
	})
}

func (s *Store) tokens(ctx context.Context, where string, args ...any) ([]connect.Token, error) {
	rows, err := s.db.Conn(ctx).QueryContext(ctx, `SELECT `+tokenColumns+` FROM program_tokens WHERE `+where, args...)
	if err != nil {
		return nil, sqldb.MapError(err, "program token")
	}
	defer func() { _ = rows.Close() }()
	var found []connect.Token
	for rows.Next() {
		var t connect.Token
		var scopes, form string
		var created, expires int64
		err := rows.Scan(&t.Kind, &t.Signature, &t.Grant, &t.Program, &t.Person, &t.School, &scopes, &form, &t.Active, &created, &expires)
		if err == nil {
			err = json.Unmarshal([]byte(scopes), &t.Scopes)
		}
		if err == nil {
			err = json.Unmarshal([]byte(form), &t.Form)
		}
		if err != nil {
			return nil, fmt.Errorf("read a token: %w", err)
		}
		t.CreateTime, t.ExpireTime = sqldb.Time(created), sqldb.Time(expires)
		found = append(found, t)
	}
	return found, rows.Err()
}
