package application

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/gowebpki/jcs"

	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Submission is what a principal hands in.
type Submission struct {
	Name, Etag, Attestation string
	Person                  string
	Step                    Step // Submit or Resubmit
}

// Submit freezes what the application rests on and hands it in. The other services are asked
// before the transaction, which then only checks that nobody was faster.
func (d *Desk) Submit(ctx context.Context, s Submission) (Application, error) {
	a, err := d.store.Application(ctx, s.Name)
	if err != nil {
		return Application{}, err
	}
	if err := etag.Check(s.Etag, a.Version, s.Name); err != nil {
		return Application{}, err
	}
	if err := a.Allow(s.Step); err != nil {
		return Application{}, err
	}
	edition, err := d.edition(ctx, a.BadgeDefinition)
	if err != nil {
		return Application{}, err
	}
	picture, err := d.picture(ctx, a, s.Step)
	if err != nil {
		return Application{}, err
	}
	if err := matches(edition, picture.Journey); err != nil {
		return Application{}, err
	}
	snapshot, err := d.freeze(ctx, a, edition, picture, s)
	if err != nil {
		return Application{}, err
	}
	return d.handIn(ctx, a, edition, snapshot, s)
}

// picture reads the journey and refuses one that is not ready, with every unmet rule.
func (d *Desk) picture(ctx context.Context, a Application, step Step) (Picture, error) {
	p, err := d.sources.Picture(ctx, a.Journey)
	if err != nil {
		return Picture{}, err
	}
	want := PhasePresented
	if step == Resubmit {
		want = PhaseApplied
	}
	if p.Journey.Phase != want {
		return Picture{}, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: a.Journey, Rule: "journey_phase",
			Fix: fmt.Sprintf("The journey is %s; %s is allowed when it is %s.", p.Journey.Phase, step, want),
		})
	}
	var unmet []problem.Violation
	for _, o := range p.Outcomes {
		if !o.Met {
			unmet = append(unmet, problem.Violation{Field: a.Journey, Rule: o.Rule, Fix: o.Reason + ". " + o.Fix})
		}
	}
	if len(unmet) == 0 && !p.Eligible {
		unmet = []problem.Violation{{Field: a.Journey, Rule: "eligible", Fix: "Ask the journey's eligibility what is missing."}}
	}
	if len(unmet) > 0 {
		return Picture{}, problem.Precondition(problem.ReasonNotEligible, unmet...)
	}
	return p, nil
}

func (d *Desk) freeze(ctx context.Context, a Application, e inForce, p Picture, s Submission) (Snapshot, error) {
	manifest, err := d.sources.Freeze(ctx, a.Journey)
	if err != nil {
		return Snapshot{}, err
	}
	results := make([]any, 0, len(p.SurveyResults))
	for _, name := range p.SurveyResults {
		r, err := d.sources.Result(ctx, name)
		if err != nil {
			return Snapshot{}, err
		}
		results = append(results, r)
	}
	about, err := d.sources.About(ctx, names.School(a.Name), p.Journey.FrameworkVersion, p.Journey.Standard)
	if err != nil {
		return Snapshot{}, err
	}
	content, digest, err := canonical(map[string]any{
		"application": a.Name, "round": a.Round + 1, "attestation": s.Attestation,
		"badgeDefinitionVersion": e.Name, "rubricVersion": e.Asks.RubricVersion,
		"journey": p.Content, "results": results, "manifest": manifest.Content,
	})
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{
		Name:    names.Child(a.Name, "snapshots", strconv.Itoa(a.Round+1)),
		Content: content, Digest: digest, Manifest: manifest.Name, ManDigest: manifest.Digest,
		Submitter: s.Person, SchoolTitle: p.SchoolTitle, DistrictTitle: p.DistrictTitle,
		About: about, Evidence: manifest.Entries, CreateTime: d.now(),
	}, nil
}

// canonical returns the RFC 8785 form of a value and its SHA-256, hex.
func canonical(value any) ([]byte, string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, "", fmt.Errorf("snapshot: %w", err)
	}
	content, err := jcs.Transform(raw)
	if err != nil {
		return nil, "", fmt.Errorf("snapshot: %w", err)
	}
	sum := sha256.Sum256(content)
	return content, hex.EncodeToString(sum[:]), nil
}

func (d *Desk) handIn(ctx context.Context, read Application, e inForce, snap Snapshot, s Submission) (a Application, err error) {
	err = d.store.Tx(ctx, func(ctx context.Context) error {
		if a, err = d.store.Application(ctx, read.Name); err != nil {
			return err
		}
		if a.Version != read.Version {
			return problem.Conflict(a.Name + " changed while it was being submitted")
		}
		if err := a.Move(s.Step); err != nil {
			return err
		}
		a.Edition, a.RubricVersion, a.Round = e.Name, e.Asks.RubricVersion, a.Round+1
		a.Snapshot, a.SnapshotDigest = snap.Name, snap.Digest
		a.Attestation, a.Submitter, a.SubmitTime = s.Attestation, s.Person, snap.CreateTime
		a.Requirements, a.Decision = nil, ""
		a.UpdateTime, a.Version = snap.CreateTime, a.Version+1
		if err := d.store.UpdateApplication(ctx, a); err != nil {
			return err
		}
		if err := d.store.InsertSnapshot(ctx, snap); err != nil {
			return err
		}
		return d.store.Record(ctx, snap.CreateTime, Submitted{Application: a})
	})
	return a, err
}
