package store

import "github.com/tandem-badges/tandem/services/kit/records"

// Records declares what this service keeps about people. What is awarded, and
// why, outlives the names of those who decided.
func Records() records.Declaration {
	kept := func(t records.Table) records.Table {
		t.Resource, t.Rule, t.Since, t.Treatment = "name", "application", "updated_at", records.Pseudonymized
		return t
	}
	snapshots := kept(records.Table{
		Name: "snapshots", Subjects: []string{"submitter", "content"},
		Personal: map[string]string{"content": "{}", "manifest": "", "evidence": "[]"},
		Fields:   []string{"badges.Snapshot.content", "badges.Snapshot.submitter", "badges.EvidenceDigest.caption"},
	})
	snapshots.Since = "created_at"
	awards := kept(records.Table{
		Name: "awards", Personal: map[string]string{"revoke_reason": "", "suspend_reason": ""},
		Fields: []string{"badges.Award.revoke_reason", "badges.Award.suspend_reason"},
	})
	awards.Rule = "award"
	return records.Declaration{
		Tables: []records.Table{
			kept(records.Table{
				Name: "reviews", Subjects: []string{"reviewer"}, Personal: map[string]string{"scores": "[]", "summary": "", "conflict_explanation": ""},
				Fields: []string{"badges.Review.reviewer", "badges.Review.summary", "badges.Score.rationale"},
			}),
			kept(records.Table{
				Name: "decisions", Subjects: []string{"proposer", "approver"}, Personal: map[string]string{"rationale": "", "requirements": "[]"},
				Fields: []string{"badges.Decision.rationale", "badges.Decision.requirements", "badges.Decision.proposer", "badges.Decision.approver"},
			}),
			kept(records.Table{
				Name: "applications", Subjects: []string{"submitter"},
				Personal: map[string]string{"attestation": "", "requirements": "[]", "withdraw_reason": ""},
				Fields:   []string{"badges.Application.attestation", "badges.Application.requirements", "badges.WithdrawApplicationRequest.reason"},
			}),
			snapshots, awards,
			{Name: "credentials", None: "public documents about schools"},
			{Name: "credential_versions", None: "public documents about schools"},
			{Name: "partnerships", None: "public facts about schools"},
			{Name: "status_lists", None: "public: which lists of bits there are"},
			{Name: "status_entries", None: "public: bits of credentials of schools"},
			{Name: "status_documents", None: "public documents"},
			{Name: "editions", None: "public texts of the state"},
			{Name: "badge_definitions", None: "public texts of the state"},
			{Name: "rubric_editions", None: "public texts of the state"},
			{Name: "rubrics", None: "public texts of the state"},
			{Name: "issuers", None: "public profiles of offices"},
			{Name: "issuer_keys", None: "keys of offices: public ones, and encrypted private ones"},
			{Name: "log_pending", None: "public entries of the log, before they have their place"},
			{Name: "log_entries", None: "public: addresses and digests of credentials and keys"},
			{Name: "log_heads", None: "public: how far the log is"},
		},
		Passing: map[string]string{
			"badges.SubmitApplicationRequest.attestation":   "kept as Application.attestation",
			"badges.ResubmitApplicationRequest.attestation": "kept as Application.attestation",
			"badges.AssignReviewersRequest.reviewers":       "kept as Review.reviewer",
			"badges.RevokeAwardRequest.reason":              "kept as Award.revoke_reason",
			"badges.SuspendAwardRequest.reason":             "kept as Award.suspend_reason",
			"badges.DeclareConflictRequest.explanation":     "kept in the review, which has a column for it",
		},
	}
}
