package issuing

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// Verification is what was found out about a credential.
type Verification struct {
	openbadge.Report
	School string
	Time   time.Time
}

// Credential reads a credential that was issued here.
func (i *Issuer) Credential(ctx context.Context, name string) (award.Credential, error) {
	return i.store.Credential(ctx, name)
}

// Check verifies a credential that was issued here, by its name.
func (i *Issuer) Check(ctx context.Context, name string) (Verification, error) {
	c, err := i.store.Credential(ctx, name)
	if err != nil {
		return Verification{}, err
	}
	return i.Verify(ctx, c.Document)
}

// Verify verifies any credential. For one of our own it also looks up whether the award
// still stands, which no signature can tell.
func (i *Issuer) Verify(ctx context.Context, raw []byte) (Verification, error) {
	now := i.now()
	v := Verification{Time: now, School: school(raw), Report: i.engine.Verify(ctx, raw, openbadge.Options{
		Now: now, KnownIssuers: map[string]string{i.signer.DID(): issuerTitle},
	})}
	name, ours := strings.CutPrefix(v.ID, i.base)
	if !ours || v.IssuerID != i.signer.DID() || v.Step(openbadge.StepProof).Outcome != openbadge.Passed {
		return v, nil
	}
	outcome, reason, code, err := i.status(ctx, name)
	if err != nil {
		return Verification{}, err
	}
	at := slices.IndexFunc(v.Steps, func(s openbadge.Step) bool { return s.ID == openbadge.StepStatus })
	if at < 0 {
		return v, nil
	}
	v.Steps[at].Outcome, v.Steps[at].Reason, v.Steps[at].Code = outcome, reason, code
	v.Valid = v.Valid && outcome != openbadge.Failed
	return v, nil
}

func (i *Issuer) status(ctx context.Context, name string) (openbadge.Outcome, string, string, error) {
	c, err := i.store.Credential(ctx, name)
	if problem.Is(err, problem.KindNotFound) {
		return openbadge.Failed, "The issuer keeps no award for this badge.", "status_unknown", nil
	} else if err != nil {
		return "", "", "", err
	}
	a, err := i.store.Award(tenant.With(ctx, names.District(c.Award)), c.Award)
	if err != nil {
		return "", "", "", err
	}
	switch a.State {
	case award.Revoked:
		return openbadge.Failed, "The issuer took the badge away: " + a.RevokeReason, "status_revoked", nil
	case award.Lapsed:
		return openbadge.Failed, "The badge ended on " + day(a.ExpireTime) + " and was not renewed.", "status_lapsed", nil
	case award.Grace:
		return openbadge.Warning, "The badge ended on " + day(a.ExpireTime) + "; the school may renew it until " + day(a.LapseTime) + ".", "status_grace", nil
	default:
		return openbadge.Passed, "The issuer confirms that the badge stands.", "", nil
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// school is the name of the recipient as the document states it.
func school(raw []byte) string {
	var doc struct {
		Subject struct {
			Name string `json:"name"`
		} `json:"credentialSubject"`
	}
	if json.Unmarshal(raw, &doc) != nil {
		return ""
	}
	return doc.Subject.Name
}
