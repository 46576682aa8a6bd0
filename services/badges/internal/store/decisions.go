package store

import (
	"context"

	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
)

const decisionColumns = "name, application, round, outcome, rationale, requirements, rule_met, rule_explanation, approved, " +
	"proposer, approver, approved_at, award, created_at, updated_at, version"

// InsertDecision adds a decision.
func (s *Store) InsertDecision(ctx context.Context, d decision.Decision) error {
	requirements, err := encode(d.Requirements)
	if err != nil {
		return err
	}
	return s.insert(ctx, d.Name, "decisions", decisionColumns, d.Name, d.Application, d.Round, string(d.Outcome), d.Rationale,
		requirements, d.RuleMet, d.RuleExplanation, d.Approved, d.Proposer, d.Approver, micros(d.ApproveTime), d.Award,
		micros(d.CreateTime), micros(d.UpdateTime), d.Version)
}

// UpdateDecision changes what an approval changes.
func (s *Store) UpdateDecision(ctx context.Context, d decision.Decision) error {
	return s.update(ctx, d.Name, "decisions", "approved, approver, approved_at, award, updated_at", d.Version,
		d.Approved, d.Approver, micros(d.ApproveTime), d.Award, micros(d.UpdateTime))
}

func scanDecision(r row) (d decision.Decision, err error) {
	var requirements string
	var approved, created, updated int64
	if err = r.Scan(&d.Name, &d.Application, &d.Round, &d.Outcome, &d.Rationale, &requirements, &d.RuleMet,
		&d.RuleExplanation, &d.Approved, &d.Proposer, &d.Approver, &approved, &d.Award, &created, &updated, &d.Version); err != nil {
		return d, err
	}
	d.ApproveTime, d.CreateTime, d.UpdateTime = moment(approved), moment(created), moment(updated)
	return d, decode(requirements, &d.Requirements)
}

// Decision reads one decision.
func (s *Store) Decision(ctx context.Context, name string) (decision.Decision, error) {
	return one(ctx, s, name, scanDecision, "SELECT "+decisionColumns+
		" FROM decisions WHERE district_id = $1 AND name = $2", names.District(name), name)
}

// Decisions lists the decisions on an application by name.
func (s *Store) Decisions(ctx context.Context, application string, approvedOnly bool, p decision.Slice) ([]decision.Decision, error) {
	return all(ctx, s, scanDecision, "SELECT "+decisionColumns+` FROM decisions
		WHERE district_id = $1 AND application = $2 AND name > $3 AND (approved OR NOT $4) ORDER BY name LIMIT $5`,
		names.District(application), application, p.After, approvedOnly, limit(p.Limit))
}
