// Package issuing stands between the awards of this service and the credential library: it makes
// and signs the credentials of awards, and keeps them.
//
// A badge is signed when a decision is approved (Issue, called by package decision in the
// transaction of the approval; nothing else issues a badge), the Partnership School award when six
// badges stand together (Certify, called by package award in the transaction of every change of an
// award). Signed anew with another key (Reissue, driven by package work) a credential keeps its
// name, its content and its place in the status lists, and gets one more version. Badges from
// elsewhere are verified and kept for their school (Import).
//
// Each of these is one transaction with its rows, its events and its entry in the public log. The
// library below services/badges/credential knows nothing of awards, and works offline.
package issuing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/caller"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
)

// Store keeps credentials and all their versions.
type Store interface {
	Tx(ctx context.Context, fn func(ctx context.Context) error) error
	Award(ctx context.Context, name string) (award.Award, error)
	Credential(ctx context.Context, name string) (award.Credential, error)
	// InsertCredential refuses a second credential of an award, and a second copy of a document from
	// elsewhere.
	InsertCredential(ctx context.Context, c award.Credential) error
	// ReissueCredential adds a version, once per operation.
	ReissueCredential(ctx context.Context, c award.Credential, r award.Reissue) error
	ReplaceCredential(ctx context.Context, c award.Credential, by string) error
	PartnershipCredential(ctx context.Context, school, frameworkVersion string) (award.Credential, bool, error)
	ExternalCredential(ctx context.Context, school, digest string) (award.Credential, bool, error)
	Credentials(ctx context.Context, s caller.Scope, since time.Time, p award.CredentialSlice) ([]award.Credential, error)
	// Marks tells which of some credentials are revoked or suspended.
	Marks(ctx context.Context, credentials []string) (map[string]status.State, error)
	CountReissuable(ctx context.Context, sel award.Selection) (int64, error)
	// Reissuable are the next credentials of a selection, badges first, of one kind and district.
	Reissuable(ctx context.Context, sel award.Selection, after string, most int) ([]award.Credential, error)
	ReissuedBy(ctx context.Context, operation string, credentials []string) ([]string, error)
	Record(ctx context.Context, at time.Time, event any) error
}

// Offices knows who issues for whom, and signs in their names.
type Offices interface {
	SignerFor(ctx context.Context, district string) (issuer.Issuer, keys.Signer, error)
	Signer(ctx context.Context, name string) (issuer.Issuer, keys.Signer, error)
}

// Statuses gives credentials their places in the status lists and sets their bits.
type Statuses interface {
	Allocate(ctx context.Context, issuer, credential string) ([]openbadge.Status, error)
	Set(ctx context.Context, credential, purpose string, on bool, reason string) error
	State(ctx context.Context, credential string) (status.State, error)
}

// Log is the public log of what was signed.
type Log interface {
	Append(ctx context.Context, e translog.Entry) error
}

// Parts is what an Issuer is put together from.
type Parts struct {
	Engine   *openbadge.Engine
	Offices  Offices
	Statuses Statuses
	Log      Log
	Store    Store
	Checker  *Checker // verifies what is imported
	Schools  Schools
	// PublicURL is where the public reaches the platform, without a slash at the end.
	PublicURL string
	Now       func() time.Time // system time
	NewID     func() string
}

// Issuer signs credentials and keeps them. It is safe for concurrent use.
//
// What a credential says about time is system time, since its verifiers compare
// it with their own clocks: the product's clock, by which awards are made, may be
// ahead in development mode, and a badge from the future would be refused.
type Issuer struct {
	Parts
	base string // where the API is reached, with /v1/ at the end
}

// New returns an issuer.
func New(p Parts) *Issuer { return &Issuer{Parts: p, base: p.PublicURL + "/v1/"} }

// Credential reads a credential as it was signed last.
func (i *Issuer) Credential(ctx context.Context, name string) (award.Credential, error) {
	return i.Store.Credential(ctx, name)
}

// Issue makes and signs the credential of an award, in the transaction of ctx.
func (i *Issuer) Issue(ctx context.Context, f decision.Facts) (award.Credential, error) {
	profile, signer, err := i.Offices.SignerFor(ctx, names.DistrictNode(f.Award.Name))
	if err != nil {
		return award.Credential{}, err
	}
	places, err := i.Statuses.Allocate(ctx, profile.Name, f.Award.Credential)
	if err != nil {
		return award.Credential{}, err
	}
	now := i.Now()
	badge, err := i.badge(f, profile, places, now)
	if err != nil {
		return award.Credential{}, err
	}
	document, err := openbadge.Build(badge)
	if err != nil {
		return award.Credential{}, fmt.Errorf("credential of %s: %w", f.Award.Name, err)
	}
	c := award.Credential{
		Name: f.Award.Credential, Award: f.Award.Name, Kind: award.KindBadge, School: names.School(f.Award.Name), Title: badge.Name,
		IssuerName: profile.Name, FrameworkVersion: f.Award.FrameworkVersion, Version: 1, ExpireTime: badge.ValidUntil,
	}
	if err := i.sign(ctx, &c, document, signer, now); err != nil {
		return award.Credential{}, err
	}
	return c, i.enter(ctx, translog.Issued, c)
}

// sign puts a signed document into a credential.
func (i *Issuer) sign(ctx context.Context, c *award.Credential, document map[string]any, signer keys.Signer, now time.Time) error {
	signed, err := i.Engine.Issue(ctx, document, signer, now)
	if err != nil {
		return fmt.Errorf("sign %s: %w", c.Name, err)
	}
	c.Document, c.Digest, c.IssueTime = signed, digest(signed), now
	c.Issuer, c.Key = signer.DID(), signer.VerificationMethod()
	return nil
}

// enter writes into the public log what happened to a credential.
func (i *Issuer) enter(ctx context.Context, kind string, c award.Credential) error {
	return i.Log.Append(ctx, translog.Entry{
		Kind: kind, Issuer: c.Issuer, Subject: i.base + c.Name, Digest: c.Digest, Time: i.Now(),
	})
}

// credentialIn is the name of a credential in its id, wherever the platform is or was reached.
func credentialIn(id string) (name string, ok bool) {
	_, name, ok = strings.Cut(id, "/v1/")
	return name, ok
}

func digest(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}
