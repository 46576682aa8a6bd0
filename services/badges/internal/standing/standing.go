// Package standing tells the world what becomes of an award: it is the witness that package award calls in the
// transaction of every change, sets the bits of the credential in the status lists (package status), and has the change
// entered in the public log (package logbook). Either all three are kept or none.
//
// The bits always say what the state says: revocation is set while an award is revoked, suspension while it is
// suspended. A lapse and a renewal set none, since the credential itself says when it ends.
package standing

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
)

// Statuses keeps the bits of credentials.
type Statuses interface {
	Set(ctx context.Context, credential, purpose string, on bool, reason string) error
}

// Log is the public, append-only log.
type Log interface {
	Append(ctx context.Context, e translog.Entry) error
}

// Credentials reads what was issued.
type Credentials interface {
	Credential(ctx context.Context, name string) (award.Credential, error)
}

// Witness implements award.Witness.
type Witness struct {
	statuses    Statuses
	log         Log
	credentials Credentials
	now         func() time.Time
}

// New returns the witness; now is system time, which readers of the log compare with their own.
func New(statuses Statuses, log Log, credentials Credentials, now func() time.Time) *Witness {
	return &Witness{statuses: statuses, log: log, credentials: credentials, now: now}
}

// Changed tells what became of an award, in the transaction of ctx.
func (w *Witness) Changed(ctx context.Context, a award.Award, was award.State) error {
	for purpose, state := range map[string]award.State{status.Revocation: award.Revoked, status.Suspension: award.Suspended} {
		if (a.State == state) == (was == state) {
			continue
		}
		if err := w.statuses.Set(ctx, a.Credential, purpose, a.State == state, ""); err != nil {
			return fmt.Errorf("status of %s: %w", a.Name, err)
		}
	}
	kind := entry(a.State, was)
	if kind == "" {
		return nil
	}
	c, err := w.credentials.Credential(ctx, a.Credential)
	if err != nil {
		return err
	}
	var doc struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(c.Document, &doc); err != nil {
		return fmt.Errorf("read %s: %w", c.Name, err)
	}
	return w.log.Append(ctx, translog.Entry{Kind: kind, Issuer: c.Issuer, Subject: doc.ID, Digest: c.Digest, Time: w.now()})
}

// entry is the kind of the log's entry about a change; an end by time has none.
func entry(is, was award.State) string {
	switch {
	case is == award.Revoked:
		return translog.Revoked
	case is == award.Suspended:
		return translog.Suspended
	case was == award.Suspended:
		return translog.Reinstated
	}
	return ""
}
