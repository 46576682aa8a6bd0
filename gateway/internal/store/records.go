package store

import kept "github.com/tandem-badges/tandem/services/kit/records"

// Records declares what the gateway keeps about people.
func Records() kept.Declaration {
	return kept.Declaration{
		Tables: []kept.Table{
			{
				Name: "sessions", About: "subject", Erase: kept.Deleted, Subjects: []string{"subject"},
				Personal: map[string]string{"device": ""}, Fields: []string{"gateway.Session.device"},
				Rule: "session", Since: "used_at", Treatment: kept.Deleted,
				Secret: []string{"token_hash", "id_token"},
			},
			{
				Name: "api_clients", Resource: `'districts/' || district_id || '/apiClients/' || id`,
				Subjects: []string{"approver", "creator", "proposer"}, Fields: []string{"gateway.ApiClient.approver"},
				Rule: "account", Since: "end_at", Treatment: kept.Deleted,
			},
			{Name: "api_client_secrets", None: "digests of secrets", Secret: []string{"digest"}},
			{Name: "sign_ins", None: "digests of sign-ins on their way, for minutes", Withheld: "digests of sign-ins on their way, for minutes"},
			{Name: "identity_providers", None: "addresses of issuers", Secret: []string{"client_secret"}},
			{Name: "webhook_deliveries", None: "events, which hold ids and public facts"},
			{Name: "webhook_endpoints", None: "addresses of machines", Secret: []string{"secret", "old_secret"}},
			{Name: "programs", None: "what programs say about themselves", Secret: []string{"secret_digest"}},
			{
				Name: "program_tokens", About: "person", Erase: kept.Deleted, Subjects: []string{"person"},
				Rule: "session", Since: "expires_at", Treatment: kept.Deleted, Secret: []string{"signature"},
			},
			{Name: "webhook_position", None: "how far the bus was followed"},
			{Name: "dispositions", None: "what was deleted, by whom, with the certificate", Stays: true},
			{Name: "district_exports", None: "digests of exports, with who took them", Stays: true},
		},
		Passing: map[string]string{
			"records.AuditEntry.actor":               "kept in the audit log, which stays: ids only",
			"records.AuditEntry.on_behalf_of":        "kept in the audit log, which stays: ids only",
			"records.Disclosure.subject":             "kept in the disclosure ledger, which stays: ids only",
			"records.Disposition.planned_by":         "kept with the disposition, which stays: ids only",
			"records.Disposition.approved_by":        "kept with the disposition, which stays: ids only",
			"records.CollectPersonRequest.person":    "asked, not kept",
			"records.CountDueRequest.person":         "asked, not kept",
			"records.DisposeRequest.person":          "asked, not kept",
			"records.ListDisclosuresRequest.subject": "asked, not kept",
			"records.ReadDisclosuresRequest.subject": "asked, not kept",
			"records.PersonExport.person":            "read from the tables of all services",
			"records.PersonRecord.data":              "read from the tables of all services",
			"records.ExportDistrictResponse.data":    "read from the tables and files of a service",
			"records.ExportRecordsResponse.chunk":    "read from the tables and files of all services",
			"gateway.AccessHolder.subject":           "read from the grants of schools",
			"gateway.AccessHolder.display_name":      "read from schools.Person.display_name",
			"gateway.AccessHolder.grantor":           "read from schools.Grant.grantor",
			"gateway.AccessHolder.approver":          "read from schools.Grant.approver",
			"gateway.AccessHolder.reason":            "read from schools.Grant.reason",
			"gateway.ExplainAccessRequest.subject":   "asked, not kept",
			"gateway.WhoAmI.subject":                 "read from the caller",
			"gateway.WhoAmI.display_name":            "read from schools.Person.display_name",
		},
	}
}
