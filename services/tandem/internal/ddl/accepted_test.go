package ddl_test

// Why statements of the past are left as they are. All of them ran before the first release: no
// installation had rows that anybody waited for, and no program of a version before was running. New
// statements keep the rules instead of being added here.
const (
	smallThen = "ran before the first release, when the table had no rows that anybody waited for"
	noneThen  = "ran before the first release, when no program of a version before used what it takes away"
)

// accepted are exceptions by folder, file, rule and object.
var accepted = map[string]string{
	"services/assessments/internal/store/migrations/postgres/00002_campaigns.sql: index: campaigns_end":                                      smallThen,
	"services/assessments/internal/store/migrations/postgres/00002_campaigns.sql: index: campaigns_start":                                    smallThen,
	"services/assessments/internal/store/migrations/postgres/00004_results.sql: drop: releases.releases_district_id_campaign_id_key":         noneThen,
	"services/assessments/internal/store/migrations/postgres/00004_results.sql: drop: results.results_district_id_campaign_id_school_id_key": noneThen,
	"services/assessments/internal/store/migrations/postgres/00004_results.sql: index: releases_round":                                       smallThen,
	"services/assessments/internal/store/migrations/postgres/00004_results.sql: index: results_round":                                        smallThen,
	"services/assessments/internal/store/migrations/postgres/00004_results.sql: rows: campaigns":                                             smallThen,
	"services/assessments/internal/store/migrations/sqlite/00004_results.sql: drop: releases":                                                noneThen,
	"services/assessments/internal/store/migrations/sqlite/00004_results.sql: drop: results":                                                 noneThen,
	"services/badges/internal/store/migrations/postgres/00003_status.sql: index: awards_by_credential":                                       smallThen,
	"services/badges/internal/store/migrations/postgres/00003_status.sql: index: awards_renewable":                                           smallThen,
	"services/badges/internal/store/migrations/postgres/00005_credentials.sql: drop index: credentials_once":                                 smallThen,
	"services/badges/internal/store/migrations/postgres/00005_credentials.sql: index: credentials_external":                                  smallThen,
	"services/badges/internal/store/migrations/postgres/00005_credentials.sql: index: credentials_of":                                        smallThen,
	"services/badges/internal/store/migrations/postgres/00005_credentials.sql: index: credentials_once":                                      smallThen,
	"services/badges/internal/store/migrations/postgres/00005_credentials.sql: index: credentials_signed":                                    smallThen,
	"services/badges/internal/store/migrations/postgres/00005_credentials.sql: rows: credentials":                                            smallThen,
	"services/kit/sqldb/migrations/postgres/00003_tenants.sql: rows: dead_letters":                                                           smallThen,
	"services/kit/sqldb/migrations/postgres/00003_tenants.sql: rows: operations":                                                             smallThen,
	"services/schools/internal/store/migrations/postgres/00002_access.sql: index: people_mail":                                               smallThen,
	"services/schools/internal/store/migrations/postgres/00002_access.sql: rows: people":                                                     smallThen,
}
