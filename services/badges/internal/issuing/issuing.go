// Package issuing stands between the awards of this service and the credential library: it makes
// the Open Badges credential of an award, and adds to a verification what only the issuer
// knows, whether the badge still stands.
//
// Package decision calls Issue inside the transaction of an approval; nothing else issues. The
// library below services/badges/credential knows nothing of awards, and works offline.
package issuing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/rule"
)

// IssuerName is the resource name of the one issuer of a deployment.
const IssuerName = "issuers/state"

// issuerTitle is what credentials call the issuer.
const issuerTitle = "State Office of Family-School Partnerships"

// Profile is who issues.
type Profile struct {
	Name, Title, DID, URL string
	VerificationMethods   []string
}

// Store knows the credentials that were issued.
type Store interface {
	Credential(ctx context.Context, name string) (award.Credential, error)
	Award(ctx context.Context, name string) (award.Award, error)
}

// Issuer signs and verifies. It is safe for concurrent use.
//
// What a credential says about time is system time, since its verifiers compare
// it with their own clocks: the product's clock, by which awards are made, may be
// ahead in development mode, and a badge from the future would be refused.
type Issuer struct {
	engine *openbadge.Engine
	signer keys.Signer
	store  Store
	base   string // where the API is reached, with /v1/ at the end
	site   string
	now    func() time.Time // system time
}

// New returns the issuer that signs with the signer for a platform at publicURL;
// now is system time.
func New(engine *openbadge.Engine, signer keys.Signer, store Store, publicURL string, now func() time.Time) *Issuer {
	return &Issuer{engine: engine, signer: signer, store: store, base: publicURL + "/v1/", site: publicURL, now: now}
}

// Profile tells who issues, for people and verifiers.
func (i *Issuer) Profile() Profile {
	return Profile{
		Name: IssuerName, Title: issuerTitle, DID: i.signer.DID(), URL: i.site,
		VerificationMethods: []string{i.signer.VerificationMethod()},
	}
}

// Issue makes and signs the credential of an award.
func (i *Issuer) Issue(ctx context.Context, f decision.Facts) (award.Credential, error) {
	now := i.now()
	document, err := openbadge.Build(i.badge(f, now))
	if err != nil {
		return award.Credential{}, fmt.Errorf("credential of %s: %w", f.Award.Name, err)
	}
	signed, err := i.engine.Issue(ctx, document, i.signer, now)
	if err != nil {
		return award.Credential{}, fmt.Errorf("credential of %s: %w", f.Award.Name, err)
	}
	sum := sha256.Sum256(signed)
	return award.Credential{
		Name: f.Award.Credential, Award: f.Award.Name, Document: signed,
		Digest: hex.EncodeToString(sum[:]), IssueTime: f.Award.AwardTime,
	}, nil
}

func (i *Issuer) badge(f decision.Facts, now time.Time) openbadge.Badge {
	school := names.School(f.Award.Name)
	achievement := i.base + f.Edition.Name
	return openbadge.Badge{
		ID: i.base + f.Award.Credential, Name: f.Definition.Title, Description: f.Edition.Asks.Description,
		Issuer:    openbadge.Issuer{ID: i.signer.DID(), Name: issuerTitle, URL: i.site},
		ValidFrom: now, ValidUntil: now.Add(f.Award.ExpireTime.Sub(f.Award.AwardTime)), AwardedDate: now,
		School: openbadge.School{
			ID: i.base + school, Name: f.Snapshot.SchoolTitle,
			Identifiers: []openbadge.Identifier{{Type: "systemId", Value: school}},
		},
		Achievement: openbadge.Achievement{
			ID: achievement, Name: f.Definition.Title, Description: f.Edition.Asks.Description,
			CriteriaNarrative: f.Edition.Asks.Criteria, Version: names.ID(f.Edition.Name),
			Alignments: []openbadge.Alignment{{
				TargetName: f.Definition.Title, TargetURL: i.base + f.Edition.Asks.FrameworkVersion + "#" + f.Definition.Standard,
				TargetCode: f.Definition.Standard, TargetFramework: f.Edition.Asks.FrameworkVersion,
			}},
			ResultDescription: descriptions(achievement, f.Guide),
		},
		Results: results(achievement, f.Guide, f.Scores), Evidence: evidence(f),
	}
}

func descriptions(achievement string, g definition.Guide) []openbadge.ResultDescription {
	out := make([]openbadge.ResultDescription, len(g.Criteria))
	for i, c := range g.Criteria {
		out[i] = openbadge.ResultDescription{ID: criterionID(achievement, c), Name: c.Title}
		for _, l := range c.Levels {
			points := strconv.Itoa(l.Points)
			out[i].Levels = append(out[i].Levels, openbadge.RubricLevel{
				ID: levelID(achievement, c, l), Name: l.Title, Level: points, Points: points, Description: l.Anchor,
			})
		}
	}
	return out
}

// results are the levels reached: the median of the reviews, rounded down to a level.
func results(achievement string, g definition.Guide, s rule.Scores) []openbadge.Result {
	out := make([]openbadge.Result, len(g.Criteria))
	for i, c := range g.Criteria {
		level := c.LevelAt(s.Criteria[i].Median)
		out[i] = openbadge.Result{
			ResultDescription: criterionID(achievement, c), AchievedLevel: levelID(achievement, c, level),
			Value: strconv.Itoa(level.Points),
		}
	}
	return out
}

func criterionID(achievement string, c definition.Criterion) string { return achievement + "#" + c.ID }

func levelID(achievement string, c definition.Criterion, l definition.Level) string {
	return criterionID(achievement, c) + "-" + strconv.Itoa(l.Points)
}

// evidence shows what lay behind the award by number and digest: a credential is public and
// cannot be taken back, and captions are a team's own words, which may name people. The files stay with the
// school.
func evidence(f decision.Facts) []openbadge.Evidence {
	out := make([]openbadge.Evidence, len(f.Snapshot.Evidence))
	for i, e := range f.Snapshot.Evidence {
		out[i] = openbadge.Evidence{
			Name: "Evidence " + strconv.Itoa(i+1), MediaType: e.MediaType, SHA256: e.SHA256,
			Narrative: "SHA-256 " + e.SHA256,
		}
	}
	return out
}
