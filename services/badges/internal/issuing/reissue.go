package issuing

import (
	"context"
	"fmt"
	"slices"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/translog"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/tenant"
)

// reasonKey is why credentials are signed anew: the issuer has another key.
const reasonKey = "KEY"

// Reissued is what came of one batch.
type Reissued struct {
	Last     string // name of the credential looked at last; empty when none was left
	Looked   int64
	Reissued int64
}

// CountReissuable counts the credentials that a selection is about.
func (i *Issuer) CountReissuable(ctx context.Context, sel award.Selection) (int64, error) {
	return i.Store.CountReissuable(ctx, sel)
}

// ReissueBatch signs the next credentials of a selection anew with the present keys of their issuers,
// in one transaction with what done does with the outcome. What is revoked, has ended, or bears the
// present key stays as it is. An operation never signs a credential twice, however often it is begun
// again.
func (i *Issuer) ReissueBatch(
	ctx context.Context, operation string, sel award.Selection, after string, most int, done func(ctx context.Context, r Reissued) error,
) (out Reissued, err error) {
	err = i.Store.Tx(ctx, func(ctx context.Context) error {
		batch, err := i.Store.Reissuable(ctx, sel, after, most)
		if err != nil {
			return err
		}
		out = Reissued{Looked: int64(len(batch))}
		signers := desks{offices: i.Offices, known: map[string]desk{}}
		for _, c := range batch {
			own := tenant.With(ctx, names.District(c.School), tenant.State)
			anew, err := i.reissue(own, operation, sel, c, signers)
			if err != nil {
				return fmt.Errorf("sign %s anew: %w", c.Name, err)
			}
			if out.Last = c.Name; anew {
				out.Reissued++
			}
		}
		return done(ctx, out)
	})
	return out, err
}

// desk is an issuer with its key; desks remembers those of a batch, which is one transaction.
type desk struct {
	issuer issuer.Issuer
	signer keys.Signer
}

type desks struct {
	offices Offices
	known   map[string]desk
}

func (d desks) of(ctx context.Context, name string) (desk, error) {
	if found, ok := d.known[name]; ok {
		return found, nil
	}
	profile, signer, err := d.offices.Signer(ctx, name)
	if err == nil {
		d.known[name] = desk{profile, signer}
	}
	return desk{profile, signer}, err
}

// reissue signs one credential anew and tells whether it did.
func (i *Issuer) reissue(ctx context.Context, operation string, sel award.Selection, c award.Credential, signers desks) (bool, error) {
	if ended, err := i.ended(ctx, c); ended || err != nil {
		return false, err
	}
	d, err := signers.of(ctx, c.IssuerName)
	if err != nil {
		return false, err
	}
	due := c.Key != d.signer.VerificationMethod() &&
		(sel.IssuerName == "" || sel.IssuerName == c.IssuerName) && (len(sel.Keys) == 0 || slices.Contains(sel.Keys, c.Key))
	parts, err := i.Store.ReissuedBy(ctx, operation, c.Parts)
	if err != nil || !due && len(parts) == 0 {
		return false, err
	}
	document, err := i.again(ctx, c, d.issuer)
	if err != nil {
		return false, err
	}
	c.Version++
	if err := i.sign(ctx, &c, document, d.signer, i.Now()); err != nil {
		return false, err
	}
	if err := i.Store.ReissueCredential(ctx, c, award.Reissue{Operation: operation, Reason: reasonKey}); err != nil {
		return false, err
	}
	if err := i.enter(ctx, translog.Reissued, c); err != nil {
		return false, err
	}
	return true, i.Store.Record(ctx, c.IssueTime, award.CredentialReissued{Credential: c})
}

// ended tells whether a credential is over, so that signing it anew would be in vain.
func (i *Issuer) ended(ctx context.Context, c award.Credential) (bool, error) {
	if !c.ExpireTime.IsZero() && !i.Now().Before(c.ExpireTime) {
		return true, nil
	}
	if c.Award != "" {
		a, err := i.Store.Award(ctx, c.Award)
		return slices.Contains([]award.State{award.Revoked, award.Lapsed, award.Renewed}, a.State), err
	}
	state, err := i.Statuses.State(ctx, c.Name)
	return state.Revoked || c.ReplacedBy != "", err
}

// again is the content of a credential without its proof: the same but for who signs, whose
// identifier may be another one by now, and for the badges in it as they are signed now.
func (i *Issuer) again(ctx context.Context, c award.Credential, by issuer.Issuer) (map[string]any, error) {
	document, err := jsonld.Decode(c.Document)
	if err != nil {
		return nil, err
	}
	delete(document, "proof")
	profile, _ := document["issuer"].(map[string]any)
	before, _ := profile["id"].(string)
	if profile == nil || before == "" {
		return nil, fmt.Errorf("%s names no issuer", c.Name)
	}
	rename(document, before, by.DID)
	if c.Kind != award.KindPartnership {
		return document, nil
	}
	subject, _ := document["credentialSubject"].(map[string]any)
	var parts []any
	for _, part := range c.Parts {
		badge, err := i.Store.Credential(ctx, part)
		if err != nil {
			return nil, err
		}
		signed, err := jsonld.Decode(badge.Document)
		if err != nil {
			return nil, err
		}
		parts = append(parts, signed)
	}
	subject["verifiableCredential"] = parts
	return document, nil
}

// rename gives the issuer its present identifier, wherever a profile in a document has the former.
func rename(document map[string]any, before, now string) {
	profiles := []any{document["issuer"]}
	subject, _ := document["credentialSubject"].(map[string]any)
	if achievement, ok := subject["achievement"].(map[string]any); ok {
		profiles = append(profiles, achievement["creator"])
	}
	if list, ok := subject["achievement"].([]any); ok {
		for _, entry := range list {
			if achievement, ok := entry.(map[string]any); ok {
				profiles = append(profiles, achievement["creator"])
			}
		}
	}
	for _, entry := range profiles {
		if profile, ok := entry.(map[string]any); ok && profile["id"] == before {
			profile["id"] = now
		}
	}
}
