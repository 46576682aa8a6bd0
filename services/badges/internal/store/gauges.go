package store

import (
	"fmt"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/kit/counted"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Gauges tell operators how much work waits for panels.
func Gauges(db *sqldb.DB) []counted.Gauge {
	return []counted.Gauge{{
		Name: "tandem.submissions.waiting", Description: "Applications for a badge that wait for reviewers or a decision.",
		Read: counted.Rows(db, fmt.Sprintf(`SELECT count(*) FROM applications WHERE state IN ('%s', '%s', '%s')`,
			application.InSubmission, application.InReview, application.Reviewed)),
	}}
}
