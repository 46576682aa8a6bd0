package store

import "github.com/tandem-badges/tandem/services/kit/records"

// Why tables are in no export of a district.
const (
	anonymous = "answers were given in confidence and are shown to nobody one by one; the published results are exported"
	codes     = "codes that open a survey, or prove an answer"
	contacts  = "digests by a key, which say nothing without the addresses they were made of"
)

// Records declares what this service keeps about people. Answers to surveys have
// no person; what they say may still name one.
func Records() records.Declaration {
	return records.Declaration{
		Tables: append(fieldWork(), []records.Table{
			{
				Name: "responses", Personal: map[string]string{"texts": "{}", "options": "{}", "groups": "{}"},
				Fields: []string{
					"assessments.Answer.option", "assessments.Answer.text", "assessments.Answer.options", "assessments.Answer.rows",
					"assessments.Answer.number", "assessments.Answer.date",
				},
				Rule: "survey", Since: "day", Treatment: records.Deleted,
				Withheld: anonymous,
			},
			{
				Name: "paper_entries", Personal: map[string]string{"first": "{}", "second": ""},
				Rule: "survey", Since: "created_at", Treatment: records.Deleted,
				Withheld: anonymous,
			},
			{Name: "drafts", None: "unfinished answers, sealed: nobody but the respondent can read them", Withheld: anonymous},
			{Name: "receipts", None: "codes by which an anonymous answer is known to have arrived", Withheld: codes},
			{Name: "invitations", None: "digests of codes that were handed out, to nobody by name", Withheld: codes},
			{Name: "links", None: "codes of a school", Withheld: codes},
			{Name: "ratings", None: "levels without who gave them; a digest keeps anybody from rating twice", Withheld: anonymous},
			{
				Name: "self_assessments", Resource: `'districts/' || district_id || '/schools/' || school_id || '/teams/' || team_id || '/selfAssessments/' || assessment_id`,
				Personal: map[string]string{"notes": "", "consensus": "null"},
				Fields:   []string{"assessments.SelfAssessment.notes", "assessments.StandardLevel.note"},
				Rule:     "journey", Since: "updated_at", Treatment: records.Pseudonymized,
			},
			{
				Name: "inventories", Resource: `'districts/' || district_id || '/inventories/' || inventory_id`,
				Personal: map[string]string{"marks": "null", "own_lines": "null"},
				Fields:   []string{"assessments.InventoryMark.note", "assessments.InventoryOwnLine.text"},
				Rule:     "journey", Since: "updated_at", Treatment: records.Pseudonymized,
			},
			{Name: "comment_marks", None: "which themes an office gave to comments, by names that lead to no answer"},
			{Name: "themes", None: "what comments of a survey are about, in the words of an office"},
			{Name: "exports", None: "which files of published counts were made"},
			{Name: "results", None: "counts that are published"},
			{Name: "releases", None: "which counts are published"},
			{Name: "state_releases", None: "which counts are published"},
			{Name: "release_tables", None: "counts that are published"},
			{Name: "release_shapes", None: "which places published tables have"},
			{Name: "release_cells", None: "counts that are published"},
			{Name: "epsilon_spent", None: "what published tables cost of a budget"},
			{Name: "release_truths", None: "counts of people in places, without who they are", Withheld: anonymous},
			{Name: "result_snapshots", None: "counts of people in schools, without who they are", Withheld: anonymous},
			{Name: "publish_plans", None: "which schools belong together"},
			{Name: "campaign_schools", None: "which schools ask"},
			{Name: "campaigns", None: "when a survey is asked", Secret: []string{"secret"}},
			{Name: "framework_versions", None: "public texts of the state"},
			{Name: "frameworks", None: "public texts of the state"},
			{Name: "instrument_versions", None: "public texts of the state"},
			{Name: "instruments", None: "public texts of the state"},
		}...),
		Passing: map[string]string{
			"assessments.ImportRecipientsRequest.csv":       "kept as Recipient",
			"assessments.Comment.text":                      "kept as Answer.text",
			"assessments.LeadershipPlanLine.title":          "read from InventoryOwnLine.text",
			"assessments.SettleSelfAssessmentRequest.notes": "kept as SelfAssessment.notes",
		},
	}
}

// fieldWork are the tables of who is asked, and how.
func fieldWork() []records.Table {
	return []records.Table{
		{
			Name: "recipients", Resource: `'districts/' || district_id || '/campaigns/' || campaign_id || '/recipients/' || recipient_id`,
			About: "unit_key", Erase: records.Deleted, // of a survey of staff the key may be the name of a person
			Personal: map[string]string{"unit_key": "", "addressee": "", "email": "", "groups": "{}"},
			Fields:   []string{"assessments.Recipient.unit_key", "assessments.Recipient.addressee", "assessments.Recipient.email", "assessments.Recipient.groups"},
			Rule:     "survey", Since: "created_at", Treatment: records.Deleted, Secret: []string{"code_hash"},
		},
		{
			Name: "contacts", Personal: map[string]string{"contact_hash": ""},
			Rule: "survey", Since: "asked_at", Treatment: records.Deleted, Withheld: contacts,
		},
		{Name: "opt_outs", None: "digests of who wants no surveys, kept so that nobody asks them again", Withheld: contacts},
		{Name: "contact_keys", None: "keys of digests", Withheld: contacts},
		{Name: "survey_policy", None: "rules of the state"},
	}
}
