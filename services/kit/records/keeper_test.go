package records_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/records"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

const papersTable = `-- +goose Up
CREATE TABLE papers (
  district_id TEXT NOT NULL,
  id          TEXT NOT NULL,
  author      TEXT NOT NULL,
  body        TEXT NOT NULL,
  door_key    TEXT NOT NULL,
  updated_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, id)
);
CREATE TABLE codes (
  district_id TEXT NOT NULL,
  id          TEXT NOT NULL,
  PRIMARY KEY (district_id, id)
);
`

// files lose their last deletions when they break.
type files struct {
	left   map[string]int
	broken bool
}

func (f *files) Each(context.Context, string, func(string, io.Reader) error) error { return nil }

func (f *files) Count(_ context.Context, district string) (int64, error) {
	return int64(f.left[district]), nil
}

func (f *files) Remove(_ context.Context, district string) error {
	if f.broken {
		f.left[district], f.broken = 1, false
		return errors.New("power cut")
	}
	f.left[district] = 0
	return nil
}

// each runs a test with a keeper of three papers in aspen and one in birch.
func each(t *testing.T, test func(t *testing.T, k *records.Keeper, f *files)) {
	t.Helper()
	folder := fstest.MapFS{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		folder[dialect+"/00001_papers.sql"] = &fstest.MapFile{Data: []byte(papersTable)}
	}
	kittest.Databases(t, "schools", folder, func(t *testing.T, db *sqldb.DB) {
		f := &files{left: map[string]int{"aspen": 5}}
		paper := records.Table{
			Name: "papers", Resource: `'papers/' || id`, About: "author", Erase: records.Pseudonymized, Subjects: []string{"author"},
			Personal: map[string]string{"body": ""}, Rule: "journey", Since: "updated_at", Treatment: records.Pseudonymized, Secret: []string{"door_key"},
		}
		for i, row := range []string{"aspen ann", "aspen bob", "aspen ann", "birch ann"} {
			district, author, _ := strings.Cut(row, " ")
			_, err := db.Exec(kittest.All(t), `INSERT INTO papers (district_id, id, author, body, door_key, updated_at) VALUES ($1, $2, $3, 'text', 'sesame', $4)`,
				district, string(rune('a'+i)), author, sqldb.Micros(kittest.Start().AddDate(-2*i, 0, 0)))
			require.NoError(t, err)
		}
		_, err := db.Exec(kittest.All(t), `INSERT INTO codes (district_id, id) VALUES ('aspen', 'c')`)
		require.NoError(t, err)
		test(t, &records.Keeper{DB: db, Clock: clock.NewFake(kittest.Start()), Declaration: records.Declaration{
			Files: f, Tables: []records.Table{paper, {Name: "codes", None: "codes", Withheld: "they open doors"}},
		}}, f)
	})
}

func TestADisposalThatWasInterruptedTellsAllThatWent(t *testing.T) {
	each(t, func(t *testing.T, k *records.Keeper, f *files) {
		f.broken = true
		scope := records.Scope{Kind: records.District, District: "aspen"}
		_, err := k.Dispose(t.Context(), scope, "districts/aspen/dispositions/d")
		require.ErrorContains(t, err, "power cut", "rows and some files are gone, and nobody was told")
		want := []records.Line{
			{Table: "codes", Records: 1, Treatment: records.Deleted},
			{Table: "files", Records: 5, Treatment: records.Deleted},
			{Table: "papers", Records: 3, Treatment: records.Deleted},
		}
		for range 2 { // and once more, as when the answer was lost
			lines, err := k.Dispose(t.Context(), scope, "districts/aspen/dispositions/d")
			require.NoError(t, err)
			require.Equal(t, want, lines)
		}
		other, err := k.Dispose(t.Context(), scope, "districts/aspen/dispositions/e")
		require.NoError(t, err)
		require.Empty(t, other, "what an earlier one did is not this one's")
		left, err := k.Due(t.Context(), records.Scope{Kind: records.District, District: "birch"})
		require.NoError(t, err)
		require.Len(t, left, 1)
	})
}

func TestRetentionEndsWhatIsDueAndErasingWhatIsAboutAPerson(t *testing.T) {
	each(t, func(t *testing.T, k *records.Keeper, _ *files) {
		due := records.Scope{Kind: records.Retention, District: "birch", Rule: "journey"}
		for name, c := range map[string]struct {
			scope records.Scope
			want  int64
		}{
			"after five years":    {due, 1},
			"of another rule":     {records.Scope{Kind: records.Retention, District: "birch", Rule: "survey"}, 0},
			"before":              {records.Scope{Kind: records.Retention, District: "aspen", Rule: "journey"}, 0},
			"of a person":         {records.Scope{Kind: records.Person, District: "aspen", Person: "bob"}, 1},
			"of a person nowhere": {records.Scope{Kind: records.Person, District: "aspen", Person: "cy"}, 0},
		} {
			lines, err := k.Due(t.Context(), c.scope)
			require.NoError(t, err)
			var n int64
			for _, l := range lines {
				n += l.Records
				require.Equal(t, records.Pseudonymized, l.Treatment)
			}
			require.Equal(t, c.want, n, name)
		}
		lines, err := k.Dispose(t.Context(), due, "districts/birch/dispositions/d")
		require.NoError(t, err)
		require.Equal(t, []records.Line{{Table: "papers", Records: 1, Treatment: records.Pseudonymized}}, lines)
		found, err := k.Collect(t.Context(), "ann")
		require.NoError(t, err)
		require.Len(t, found, 3, "the rows stay")
		for _, r := range found {
			require.NotContains(t, r.Row, "door_key")
			require.Equal(t, r.Row["district_id"] == "aspen", r.Row["body"] == "text", r.Resource)
		}
	})
}

func TestAnExportHoldsTheRowsOfItsDistrictWithoutSecretsAndCodes(t *testing.T) {
	each(t, func(t *testing.T, k *records.Keeper, _ *files) {
		var resources []string
		require.NoError(t, k.Export(t.Context(), "aspen", func(r records.Record) error {
			require.NotContains(t, r.Row, "door_key")
			require.Equal(t, "papers", r.Table)
			resources = append(resources, r.Resource)
			return nil
		}))
		require.ElementsMatch(t, []string{"papers/a", "papers/b", "papers/c"}, resources)
	})
}
