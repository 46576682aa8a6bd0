package rollup

import (
	"context"
	"math"

	"github.com/tandem-badges/tandem/services/kit/problem"
	"github.com/tandem-badges/tandem/services/kit/tenant"

	"github.com/tandem-badges/tandem/services/assessments/disclosure/release"
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/policy"
)

// shares is how many noisy releases a campaign's answers may be in: each costs one
// share of the total. A district may use all but the last, so that it cannot keep the
// state from publishing.
const shares = 3

// Charge is what a noisy release costs a campaign. Releases of the same answers add
// up, by the district and by the state; those of other campaigns do not, as no answer
// is in two.
type Charge struct {
	District  string // of the campaign
	Campaign  string
	Statewide bool // spent by a release of the state
	Epsilon   release.Epsilon
}

// Spent is what a campaign's noisy releases cost so far.
type Spent struct {
	All release.Epsilon
	Own release.Epsilon // of it, by releases of its district
}

// Kinds tells which kinds of releases there are about a wave.
type Kinds struct{ Exact, Noisy bool }

// Ledger keeps what noisy releases cost.
type Ledger interface {
	// Kinds are those of all releases about a wave with tables, of whichever district.
	Kinds(ctx context.Context, w Wave) (Kinds, error)
	Spent(ctx context.Context, district, campaign string) (Spent, error)
	// Spend adds the charges of a release.
	Spend(ctx context.Context, release string, charges []Charge) error
	// SpentOn is the most that any campaign in a release has spent so far, in all
	// releases; 0 for an exact one.
	SpentOn(ctx context.Context, release string) (release.Epsilon, error)
}

// total is the budget of a campaign; 0 for exact releases.
func total(p policy.Policy) release.Epsilon {
	return release.Epsilon(math.Round(p.EpsilonTotal * float64(release.One)))
}

// charges are what a noisy release of the district, or of the state, costs; none of an
// exact one.
func charges(district string, campaigns []campaign.Campaign, p policy.Policy) []Charge {
	share := total(p) / shares
	if share == 0 {
		return nil
	}
	out := make([]Charge, len(campaigns))
	for i, c := range campaigns {
		out[i] = Charge{District: c.District, Campaign: c.ID, Statewide: district == tenant.State, Epsilon: share}
	}
	return out
}

// affordable refuses a release whose wave was released in the other way, and a noisy
// one that a campaign has no budget left for. It returns the most that a campaign will
// have spent.
func affordable(ctx context.Context, ledger Ledger, w Wave, charges []Charge, total release.Epsilon) (most release.Epsilon, err error) {
	kinds, err := ledger.Kinds(ctx, w)
	if err != nil {
		return 0, err
	}
	if noisy := len(charges) > 0; noisy && kinds.Exact || !noisy && kinds.Noisy {
		return 0, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
			Field: "instruments/" + w.Instrument, Rule: "one_kind_of_release",
			Fix: "Publish all of a wave in one way, exact or noisy: both together would tell more than either promises. Set the epsilon total of the survey policy as it was when the wave was first published.",
		})
	}
	for _, c := range charges {
		spent, err := ledger.Spent(ctx, c.District, c.Campaign)
		if err != nil {
			return 0, err
		}
		if spent.All+c.Epsilon > total || !c.Statewide && spent.Own+c.Epsilon > total-total/shares {
			return 0, problem.Precondition(problem.ReasonStateWrong, problem.Violation{
				Field: campaign.Name(c.District, c.Campaign), Rule: "epsilon_spent",
				Fix: "Publish no more of this campaign: its releases have spent the privacy budget that the state allows. A greater epsilon total in the survey policy allows more.",
			})
		}
		most = max(most, spent.All+c.Epsilon)
	}
	return most, nil
}

// Affordable refuses early what keeping the release would refuse.
func (m *Maker) Affordable(ctx context.Context, district string, w Wave, campaigns []campaign.Campaign) error {
	p, err := m.Policy(ctx)
	if err != nil {
		return err
	}
	_, err = affordable(ctx, m.store, w, charges(district, campaigns, p), total(p))
	return err
}

func campaignsOf(parts []Part) []campaign.Campaign {
	out := make([]campaign.Campaign, len(parts))
	for i, p := range parts {
		out[i] = p.Campaign
	}
	return out
}
