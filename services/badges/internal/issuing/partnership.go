package issuing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/credential/status"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
)

// What the Partnership School award is called and asks, in words for everybody.
const (
	partnershipTitle       = "Partnership School"
	partnershipID          = "partnership-school"
	partnershipDescription = "The school holds a badge for every standard of family-school partnership at the same time."
	partnershipCriteria    = "A badge for each of the standards of the framework version is in force or in its days of grace."
)

// Why a Partnership School award does not stand; shown to everybody who checks it.
const (
	becauseSuspended = "A badge that it rests on is suspended."
	becauseEnded     = "A badge that it rests on is no longer in force."
	becauseMore      = "The framework version has another standard now, for which the school holds no badge."
	becauseReplaced  = "A newer Partnership School award took its place, because another badge took the place of one in it."
)

// Certify keeps the Partnership School award of a school in step with its badges, in the
// transaction of the change: it is signed when the badges are together, falls with one of them and
// returns with it. It is suspended while a badge in it is suspended and revoked when one is gone
// for good; another badge in the place of one makes another award.
func (i *Issuer) Certify(ctx context.Context, s award.Standing) error {
	current, have, err := i.Store.PartnershipCredential(ctx, s.School, s.FrameworkVersion)
	if err != nil {
		return err
	}
	var stands partnershipState
	if have {
		if stands, err = i.partnershipState(ctx, current); err != nil {
			return err
		}
	}
	if !s.Recognized {
		return i.fall(ctx, s, current, stands)
	}
	six := chosen(s, current)
	parts := make([]string, len(six))
	for n, a := range six {
		parts[n] = a.Credential
	}
	if stands != gone && slices.Equal(parts, current.Parts) {
		return i.comeBack(ctx, current, stands)
	}
	return i.recognize(ctx, s, parts, current, stands)
}

// partnershipState is where a Partnership School award stands.
type partnershipState int

const (
	gone partnershipState = iota // there is none, or it is revoked
	suspended
	standing
)

func (i *Issuer) partnershipState(ctx context.Context, c award.Credential) (partnershipState, error) {
	state, err := i.Statuses.State(ctx, c.Name)
	switch {
	case err != nil || state.Revoked:
		return gone, err
	case state.Suspended:
		return suspended, nil
	default:
		return standing, nil
	}
}

// chosen are the badges that make the award, one per standard and in the order of standards: of
// several those that are in it already, else the newest.
func chosen(s award.Standing, current award.Credential) []award.Award {
	out := make([]award.Award, 0, len(s.Standards))
	for _, standard := range s.Standards {
		var best award.Award
		for _, a := range s.Awards {
			if a.Standard != standard || !a.State.Counts() {
				continue
			}
			if best = a; slices.Contains(current.Parts, a.Credential) {
				break
			}
		}
		out = append(out, best)
	}
	return out
}

// fall takes the award out of force when a badge in it is not: for a while when that badge is
// suspended, else for good.
func (i *Issuer) fall(ctx context.Context, s award.Standing, c award.Credential, stands partnershipState) error {
	if stands == gone {
		return nil
	}
	lost, why := false, becauseMore // lost for good
	for _, part := range c.Parts {
		n := slices.IndexFunc(s.Awards, func(a award.Award) bool { return a.Credential == part })
		switch {
		case n >= 0 && s.Awards[n].State.Counts():
		case n >= 0 && s.Awards[n].State == award.Suspended:
			why = becauseSuspended
		default:
			lost = true
		}
	}
	switch {
	case lost:
		return i.end(ctx, c, becauseEnded)
	case stands == standing:
		return i.mark(ctx, c, status.Suspension, true, translog.Suspended, why)
	}
	return nil
}

// comeBack ends the suspension of an award whose badges stand together again.
func (i *Issuer) comeBack(ctx context.Context, c award.Credential, stands partnershipState) error {
	if stands != suspended {
		return nil
	}
	return i.mark(ctx, c, status.Suspension, false, translog.Reinstated, "")
}

// end revokes an award.
func (i *Issuer) end(ctx context.Context, c award.Credential, reason string) error {
	return i.mark(ctx, c, status.Revocation, true, translog.Revoked, reason)
}

func (i *Issuer) mark(ctx context.Context, c award.Credential, purpose string, on bool, kind, reason string) error {
	if err := i.Statuses.Set(ctx, c.Name, purpose, on, reason); err != nil {
		return err
	}
	return i.enter(ctx, kind, c)
}

// recognize signs a new award, in the place of the one before when there was one.
func (i *Issuer) recognize(ctx context.Context, s award.Standing, parts []string, before award.Credential, stands partnershipState) error {
	c := award.Credential{
		Name: names.Child("", "credentials", i.NewID()), Kind: award.KindPartnership, School: s.School, Title: partnershipTitle,
		FrameworkVersion: s.FrameworkVersion, Parts: parts, Version: 1,
	}
	if before.Name != "" {
		if stands != gone {
			if err := i.end(ctx, before, becauseReplaced); err != nil {
				return err
			}
		}
		if err := i.Store.ReplaceCredential(ctx, before, c.Name); err != nil {
			return err
		}
	}
	profile, signer, err := i.Offices.SignerFor(ctx, names.DistrictNode(s.School))
	if err != nil {
		return err
	}
	places, err := i.Statuses.Allocate(ctx, profile.Name, c.Name)
	if err != nil {
		return err
	}
	now := i.Now()
	document, ends, err := i.partnership(ctx, c, profile, places, now)
	if err != nil {
		return err
	}
	c.IssuerName, c.ExpireTime = profile.Name, ends
	if err := i.sign(ctx, &c, document, signer, now); err != nil {
		return err
	}
	if err := i.Store.InsertCredential(ctx, c); err != nil {
		return err
	}
	if err := i.enter(ctx, translog.Issued, c); err != nil {
		return err
	}
	return i.Store.Record(ctx, s.At, award.CredentialIssued{Credential: c})
}

// partnership writes the award with its badges as they are signed now. It is valid as long as all
// of them are.
func (i *Issuer) partnership(
	ctx context.Context, c award.Credential, profile issuer.Issuer, places []openbadge.Status, from time.Time,
) (document map[string]any, ends time.Time, err error) {
	achievement := i.partnershipAchievement(c, profile)
	clr := openbadge.CLR{
		ID: i.base + c.Name, Name: c.Title, Description: partnershipDescription, Issuer: profileOf(profile), ValidFrom: from, AwardedDate: from,
		Status: places, RefreshURL: i.base + c.Name + ":refresh", Achievement: &achievement,
	}
	for n, part := range c.Parts {
		badge, err := i.Store.Credential(ctx, part)
		if err != nil {
			return nil, ends, err
		}
		signed, err := jsonld.Decode(badge.Document)
		if err != nil {
			return nil, ends, fmt.Errorf("read %s: %w", part, err)
		}
		if n == 0 {
			clr.School = recipient(signed)
		}
		clr.Badges = append(clr.Badges, signed)
		if ends.IsZero() || !badge.ExpireTime.IsZero() && badge.ExpireTime.Before(ends) {
			ends = badge.ExpireTime
		}
	}
	clr.ValidUntil = ends
	document, err = openbadge.BuildCLR(clr)
	if err != nil {
		return nil, ends, fmt.Errorf("Partnership School award of %s: %w", c.School, err)
	}
	return document, ends, nil
}

// partnershipAchievement is what it takes to be a Partnership School under a framework version.
func (i *Issuer) partnershipAchievement(c award.Credential, profile issuer.Issuer) openbadge.Achievement {
	id, creator := i.base+c.FrameworkVersion+"#"+partnershipID, profileOf(profile)
	return openbadge.Achievement{
		ID: id, Type: "Award", Name: partnershipTitle, Description: partnershipDescription, CriteriaID: id, CriteriaNarrative: partnershipCriteria,
		InLanguage: language, Image: i.picture(partnershipID, "Partnership School award"), Tags: []string{theme}, Creator: &creator,
		Alignments: []openbadge.Alignment{{
			TargetName: partnershipTitle, TargetURL: i.base + c.FrameworkVersion, TargetFramework: c.FrameworkVersion,
		}},
	}
}

// recipient is the school as one of its badges names it.
func recipient(badge map[string]any) openbadge.School {
	subject, _ := badge["credentialSubject"].(map[string]any)
	text := func(o map[string]any, key string) string { s, _ := o[key].(string); return s }
	out := openbadge.School{ID: text(subject, "id"), Name: text(subject, "name")}
	list, _ := subject["identifier"].([]any)
	for _, entry := range list {
		if o, ok := entry.(map[string]any); ok {
			out.Identifiers = append(out.Identifiers, openbadge.Identifier{Type: text(o, "identityType"), Value: text(o, "identityHash")})
		}
	}
	return out
}
