package e2e

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the databases of the instance are read as they lie on the disk

	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// heard are the events that the schools service applies.
const heard = `'tandem.assessments.v1.ResultsReleased', 'tandem.assessments.v1.SelfAssessmentSettled',
	'tandem.evidence.v1.ArtifactAccepted', 'tandem.evidence.v1.ArtifactChanged', 'tandem.evidence.v1.ArtifactWithdrawn',
	'tandem.badges.v1.BadgeDefined', 'tandem.badges.v1.ApplicationSubmitted', 'tandem.badges.v1.ApplicationWithdrawn',
	'tandem.badges.v1.RevisionRequested', 'tandem.badges.v1.DecisionMade', 'tandem.badges.v1.BadgeAwarded',
	'tandem.badges.v1.BadgeRevoked', 'tandem.badges.v1.BadgeLapsed'`

// projections pairs what schools keeps of another service with the same facts
// computed from the tables of their owner.
var projections = []struct{ name, owner, projected, recomputed string }{
	{
		"survey results", "assessments",
		`SELECT source, school, release, campaign, cycle, wave, framework_version, sufficient FROM proj_survey_results ORDER BY source`,
		`SELECT s || '/results/' || result_id AS source, s, d || '/releases/' || release_id, d || '/campaigns/' || campaign_id,
			cycle, wave, framework_version, sufficient
		 FROM (SELECT *, 'districts/' || district_id AS d, 'districts/' || district_id || '/schools/' || school_id AS s FROM results)
		 WHERE release_id <> '' ORDER BY source`,
	},
	{
		"self-assessments", "assessments",
		`SELECT source, team, cycle, framework_version FROM proj_self_assessments ORDER BY source`,
		`SELECT t || '/selfAssessments/' || assessment_id AS source, t, cycle, framework_version
		 FROM (SELECT *, 'districts/' || district_id || '/schools/' || school_id || '/teams/' || team_id AS t FROM self_assessments)
		 WHERE settled_at > 0 ORDER BY source`,
	},
	{
		"evidence", "evidence",
		`SELECT source, journey, step, indicator, occur_date, sha256, json_array_length(speaking_groups) FROM proj_evidence WHERE NOT withdrawn ORDER BY source`,
		`SELECT 'districts/' || district_id || '/schools/' || school_id || '/artifacts/' || artifact_id AS source,
			journey, step, indicator, occur_date, sha256, json_array_length(group_list)
		 FROM artifacts WHERE state = 2 ORDER BY source`,
	},
	{
		"awards", "badges",
		`SELECT source, journey, application, standard, badge_definition_version, credential FROM proj_awards WHERE state = 'awarded' ORDER BY source`,
		`SELECT name, journey, application, standard, edition, credential FROM awards WHERE state = 'ACTIVE' ORDER BY name`,
	},
}

func (i *instance) open(t *testing.T, service string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(i.data, service+".db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func table(t *testing.T, db *sql.DB, query string) [][]any {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err, query)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var all [][]any
	for rows.Next() {
		row, targets := make([]any, len(columns)), make([]any, len(columns))
		for c := range row {
			targets[c] = &row[c]
		}
		require.NoError(t, rows.Scan(targets...))
		all = append(all, row)
	}
	require.NoError(t, rows.Err())
	return all
}

func count(t *testing.T, db *sql.DB, query string) int64 {
	t.Helper()
	var n int64
	require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&n), query)
	return n
}

// checkProjections compares every projection with a recomputation from its
// owner's tables, and what each year must have left behind exactly once.
func (i *instance) checkProjections(t *testing.T, years []walkthrough.Result) {
	t.Helper()
	schools := i.open(t, "schools")
	for _, p := range projections {
		want := table(t, i.open(t, p.owner), p.recomputed)
		require.NotEmpty(t, want, p.name)
		require.Equal(t, want, table(t, schools, p.projected), p.name)
	}
	n := int64(len(years))
	require.Equal(t, n, count(t, schools, `SELECT count(*) FROM journeys WHERE phase = 'awarded'`), "journeys with their badge")
	require.Equal(t, 4*n, count(t, schools, `SELECT count(*) FROM reflections`), "reflections")
	require.Equal(t, 2*36*n, count(t, i.open(t, "assessments"), `SELECT count(*) FROM responses`), "answers of families")
	require.Equal(t, 2*n, count(t, i.open(t, "evidence"), `SELECT count(*) FROM artifacts WHERE state = 2`), "pieces of evidence")
	badges := i.open(t, "badges")
	require.Equal(t, n, count(t, badges, `SELECT count(*) FROM awards`), "awards")
	require.Equal(t, n, count(t, badges, `SELECT count(*) FROM credentials`), "credentials")
}

// checkOutboxes looks that every event was published and had exactly one effect.
func (i *instance) checkOutboxes(t *testing.T) {
	t.Helper()
	schools := i.open(t, "schools")
	applied := map[any]int{}
	for _, row := range table(t, schools, `SELECT event_id FROM inbox WHERE consumer = 'schools'`) {
		applied[row[0]]++
	}
	total := 0
	for _, service := range []string{"schools", "assessments", "evidence", "badges"} {
		db := i.open(t, service)
		require.Zero(t, count(t, db, `SELECT count(*) FROM outbox WHERE sent_at IS NULL`), "unsent events of %s", service)
		require.Zero(t, count(t, db, `SELECT count(*) FROM dead_letters`), "dead letters of %s", service)
		for _, row := range table(t, db, `SELECT id FROM outbox WHERE type IN (`+heard+`)`) {
			require.Equal(t, 1, applied[row[0]], "effects of event %v of %s", row[0], service)
			total++
		}
	}
	require.Len(t, applied, total, "no effect without its event")
}

// awaitQuiet waits until every event has been sent and applied.
func (i *instance) awaitQuiet(t *testing.T) {
	t.Helper()
	schools := i.open(t, "schools")
	var state string
	defer func() {
		if t.Failed() {
			t.Log(state)
		}
	}()
	await(t, "all events to be applied", func() bool {
		var unsent, events int64
		state = ""
		for _, service := range []string{"schools", "assessments", "evidence", "badges"} {
			db := i.open(t, service)
			u := count(t, db, `SELECT count(*) FROM outbox WHERE sent_at IS NULL`)
			e := count(t, db, `SELECT count(*) FROM outbox WHERE type IN (`+heard+`)`)
			state += fmt.Sprintf("%s: %d events to apply, %d unsent; ", service, e, u)
			unsent, events = unsent+u, events+e
			require.NoError(t, db.Close())
		}
		applied := count(t, schools, `SELECT count(*) FROM inbox WHERE consumer = 'schools'`)
		state += fmt.Sprintf("%d applied, %d dead", applied, count(t, schools, `SELECT count(*) FROM dead_letters`))
		return unsent == 0 && events == applied
	})
}

// forge changes one letter of what was signed.
func forge(document []byte) []byte {
	return bytes.Replace(document, []byte("Walkthrough School"), []byte("Walkthrough Schoal"), 1)
}
