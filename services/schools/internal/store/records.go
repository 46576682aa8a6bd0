package store

import "github.com/tandem-badges/tandem/services/kit/records"

// named is SQL for the name of a row's resource in a collection.
func named(collection string) string {
	return `CASE WHEN parent = '' THEN '' ELSE parent || '/' END || '` + collection + `/' || id`
}

// Records declares what this service keeps about people.
func Records() records.Declaration {
	tables := append(ofPeople(), ofTeams()...)
	for _, t := range []struct{ name, why string }{
		{"feeder_schools", "which schools belong together"},
		{"feeder_systems", "which schools belong together"},
		{"schools", "public facts of a school"},
		{"districts", "public facts of a district"},
		{"cycles", "the calendar of the state"},
		{"announced_windows", "the calendar of the state"},
		{"proj_survey_results", "names of published results"},
		{"proj_self_assessments", "names of settled self-assessments"},
		{"proj_evidence", "names, dates and digests of evidence"},
		{"proj_badge_rules", "rules of the state"},
		{"proj_awards", "names of awards"},
	} {
		tables = append(tables, records.Table{Name: t.name, None: t.why})
	}
	return records.Declaration{Tables: tables, Passing: map[string]string{
		"schools.SignOffPlanRequest.statement":       "kept as SignOff.statement",
		"schools.CompleteStepRequest.outcome":        "kept as Step.outcome",
		"schools.SustainJourneyRequest.sustain_plan": "kept as Journey.sustain_plan",
		"schools.EndGrantRequest.reason":             "kept as Grant.end_reason",
		"schools.Subject.display_name":               "read from Person.display_name",
		"schools.Holder.display_name":                "read from Person.display_name",
		"schools.Holder.person":                      "read from the name of the person",
		"schools.SignInAccountRequest.email":         "kept as Person.email",
		"schools.SignInAccountRequest.display_name":  "kept as Person.display_name",
		"schools.SignInAccountResponse.person":       "read from the account",
	}}
}

func ofPeople() []records.Table {
	return []records.Table{
		{
			Name: "accounts", About: "person", Erase: records.Deleted, Subjects: []string{"person"},
			Personal: map[string]string{"subject": ""}, Fields: []string{"schools.SignInAccountRequest.subject"},
			Rule: "account", Since: "linked_at", Treatment: records.Deleted,
		},
		{
			Name: "grants", Resource: named("grants"), About: "parent", Erase: records.Pseudonymized,
			Subjects: []string{"parent", "grantor", "approver", "ended_by"}, Personal: map[string]string{"reason": "", "end_reason": ""},
			Fields: []string{"schools.Grant.reason", "schools.Grant.end_reason", "schools.Grant.grantor", "schools.Grant.approver", "schools.Grant.ended_by"},
			Rule:   "account", Since: "ended_at", Treatment: records.Deleted,
		},
		{
			Name: "restrictions", Resource: named("restrictions"), Personal: map[string]string{"reason": ""},
			Fields: []string{"schools.Restriction.reason"}, Rule: "account", Since: "updated_at", Treatment: records.Pseudonymized,
		},
		{
			Name: "people", Resource: named("people"), About: named("people"), Erase: records.Pseudonymized,
			Personal: map[string]string{"display_name": "", "email": ""},
			Fields:   []string{"schools.Person.display_name", "schools.Person.email"},
			Rule:     "account", Since: "updated_at", Treatment: records.Pseudonymized,
		},
	}
}

// ofTeams are the working papers of teams and their journeys.
func ofTeams() []records.Table {
	paper := func(t records.Table) records.Table {
		t.Rule, t.Since, t.Treatment = "journey", "updated_at", records.Pseudonymized
		t.Resource = named(t.Resource)
		return t
	}
	return []records.Table{
		paper(records.Table{
			Name: "members", Resource: "members", About: "person", Erase: records.Pseudonymized, Subjects: []string{"person"},
			Personal: map[string]string{"display_name": ""}, Fields: []string{"schools.Member.display_name", "schools.Member.person"},
		}),
		paper(records.Table{
			Name: "notes", Resource: "notes", Subjects: []string{"author"}, Personal: map[string]string{"body": ""},
			Fields: []string{"schools.Note.text", "schools.Note.author"},
		}),
		paper(records.Table{
			Name: "reflections", Resource: "reflections", Subjects: []string{"author"}, Personal: map[string]string{"body": ""},
			Fields: []string{"schools.Reflection.text", "schools.Reflection.author"},
		}),
		paper(records.Table{
			Name: "steps", Resource: "steps", Subjects: []string{"owner"}, Personal: map[string]string{"title": "", "outcome": ""},
			Fields: []string{"schools.Step.title", "schools.Step.outcome", "schools.Step.owner"},
		}),
		paper(records.Table{
			Name: "goals", Resource: "goals", Personal: map[string]string{"title": "", "improvement_plan_goal": "", "measure": ""},
			Fields: []string{"schools.Goal.title", "schools.Goal.improvement_plan_goal", "schools.Goal.measure"},
		}),
		paper(records.Table{
			Name: "journeys", Resource: "journeys", Subjects: []string{"choice", "sign_off"},
			Personal: map[string]string{"choice": "null", "sign_off": "null", "evidence_plan": "", "presentation": "null", "sustain_plan": ""},
			Fields: []string{
				"schools.Journey.evidence_plan", "schools.Journey.sustain_plan", "schools.Choice.reasons", "schools.Choice.data_summary",
				"schools.Choice.chosen_by", "schools.SignOff.signer", "schools.SignOff.statement", "schools.Presentation.summary",
			},
		}),
		paper(records.Table{
			Name: "teams", Resource: "teams", Personal: map[string]string{"purpose": ""}, Fields: []string{"schools.Team.purpose"},
		}),
	}
}
