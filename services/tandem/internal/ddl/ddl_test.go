package ddl_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/ddl"
)

// judged checks files of a dialect, which follow each other, and returns the rules that
// are broken.
func judged(t *testing.T, dialect string, files ...string) (broken []string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for i, text := range files {
		if !strings.Contains(text, "-- +goose Up") {
			text = "-- +goose Up\n" + text
		}
		fsys[dialect+"/0000"+string(rune('1'+i))+"_x.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	found, err := ddl.Check(fsys, dialect)
	require.NoError(t, err)
	for _, f := range found {
		broken = append(broken, f.Rule)
	}
	return broken
}

const alone = "-- +goose NO TRANSACTION\n-- +goose Up\n"

func TestWhatStopsOrBreaksARunningProgramIsFound(t *testing.T) {
	for rule, bad := range map[string][]string{
		"drop": {
			"DROP TABLE t;", "DROP VIEW v;", "DROP TYPE y;", "ALTER TABLE t DROP COLUMN c;", "ALTER TABLE t DROP CONSTRAINT k;",
			"-- not a contract\nDROP TABLE t;", "-- contract:\nDROP TABLE t;",
		},
		"rename":   {"ALTER TABLE t RENAME TO u;", "ALTER TABLE t RENAME COLUMN c TO d;", "-- contract: v2\nALTER TABLE t RENAME c TO d;"},
		"not null": {"ALTER TABLE t ADD COLUMN c TEXT NOT NULL;"},
		"default": {
			"ALTER TABLE t ADD COLUMN c TEXT DEFAULT gen_random_uuid();", "ALTER TABLE t ADD COLUMN c BIGINT DEFAULT nextval('s');",
			"ALTER TABLE t ADD COLUMN c FLOAT NOT NULL DEFAULT random();", "ALTER TABLE t ADD COLUMN c BIGSERIAL;",
			"ALTER TABLE t ADD COLUMN c BIGINT GENERATED ALWAYS AS IDENTITY;", "ALTER TABLE t ADD COLUMN c INT GENERATED ALWAYS AS (a + 1) STORED;",
			"ALTER TABLE t ADD COLUMN c TEXT DEFAULT now() || 'x';",
		},
		"type":         {"ALTER TABLE t ALTER COLUMN c TYPE BIGINT;", "ALTER TABLE t ALTER c SET DATA TYPE TEXT;"},
		"set not null": {"ALTER TABLE t ALTER COLUMN c SET NOT NULL;"},
		"index":        {"CREATE INDEX i ON t (c);", "CREATE UNIQUE INDEX i ON t (c) WHERE d;"},
		"concurrently": {"CREATE INDEX CONCURRENTLY i ON t (c);", "DROP INDEX CONCURRENTLY i;"},
		"leftover": {
			alone + "CREATE INDEX CONCURRENTLY i ON t (c);",
			alone + "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (c);",
			alone + "DROP INDEX CONCURRENTLY IF EXISTS other; CREATE INDEX CONCURRENTLY i ON t (c);",
		},
		"drop index": {"DROP INDEX i;", "DROP INDEX IF EXISTS i;"},
		"constraint": {
			"ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0);", "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (c) REFERENCES u;",
			"ALTER TABLE t ADD CONSTRAINT k UNIQUE (c);", "ALTER TABLE t ADD PRIMARY KEY (c);", "ALTER TABLE t ADD COLUMN c TEXT UNIQUE;",
			"ALTER TABLE t ADD COLUMN c INT CHECK (c > 0);", "ALTER TABLE t ADD COLUMN c TEXT REFERENCES u;",
			"ALTER TABLE t ADD CONSTRAINT k EXCLUDE USING gist (c WITH &&);",
		},
		"validate": {"ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k;"},
		"rows":     {"UPDATE t SET c = 1;", "UPDATE t SET c = 1 WHERE d;", "DELETE FROM t;", "-- bounded:\nDELETE FROM t WHERE c;"},
		"lock":     {"TRUNCATE t;", "LOCK TABLE t;"},
		"unknown": {
			"DO $$ BEGIN UPDATE t SET c = 1; END $$;", "ALTER TABLE t SET TABLESPACE s;", "VACUUM FULL t;", "CLUSTER t USING i;", "REINDEX TABLE t;",
			"ALTER TABLE t SET UNLOGGED;", "REFRESH MATERIALIZED VIEW v;", "ALTER TABLE t DISABLE ROW LEVEL SECURITY;",
		},
	} {
		for _, text := range bad {
			require.Equal(t, []string{rule}, judged(t, ddl.Postgres, text), text)
		}
	}
}

func TestWhatNobodyNoticesIsFine(t *testing.T) {
	for _, good := range []string{
		"CREATE TABLE t (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, c TEXT NOT NULL UNIQUE); CREATE INDEX i ON t (c); INSERT INTO t (c) SELECT c FROM u;",
		"CREATE TABLE t (c TEXT); ALTER TABLE t ALTER c SET NOT NULL; UPDATE t SET c = ''; ALTER TABLE t RENAME TO u; DROP TABLE t;",
		"ALTER TABLE t ADD COLUMN c TEXT;", "ALTER TABLE t ADD COLUMN c TEXT NOT NULL DEFAULT '';", "ALTER TABLE t ADD COLUMN c BIGINT NOT NULL DEFAULT -1;",
		"ALTER TABLE t ADD COLUMN c TIMESTAMPTZ DEFAULT now();", "ALTER TABLE t ADD COLUMN c TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP;",
		"ALTER TABLE t ADD COLUMN c JSONB NOT NULL DEFAULT '{}'::jsonb;", "ALTER TABLE t ADD COLUMN c TEXT[] DEFAULT ARRAY[]::TEXT[];",
		"ALTER TABLE t ALTER c SET DEFAULT gen_random_uuid();", "ALTER TABLE t ALTER c DROP NOT NULL;",
		"ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;",
		"ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0) NOT VALID;", "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i;", "ALTER TABLE t VALIDATE CONSTRAINT k;",
		alone + "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY i ON t (c);",
		"-- contract: not used since v1.4\nDROP TABLE t;", "-- Why.\n-- contract: not used since v1.4\nALTER TABLE t DROP COLUMN c;",
		"-- bounded: one row for each kind\nUPDATE t SET c = 1 WHERE kind = 'x';",
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN TRUNCATE t; END $$; CREATE TRIGGER g BEFORE UPDATE ON t EXECUTE FUNCTION f();",
		"-- +goose Up\nCREATE TABLE t (c TEXT);\n-- +goose Down\nDROP TABLE t; TRUNCATE u; this is not read at all",
		"-- DROP TABLE t;\nINSERT INTO u VALUES ('DROP TABLE t;');",
	} {
		require.Empty(t, judged(t, ddl.Postgres, good), good)
	}
}

func TestNotNullIsFineOnceAConstraintProvesIt(t *testing.T) {
	steps := []string{
		"ALTER TABLE t ADD CONSTRAINT k CHECK (c IS NOT NULL) NOT VALID;", "ALTER TABLE t VALIDATE CONSTRAINT k;", "ALTER TABLE t ALTER c SET NOT NULL;",
	}
	require.Empty(t, judged(t, ddl.Postgres, steps...))
	require.Equal(t, []string{"set not null"}, judged(t, ddl.Postgres, steps[0], steps[2]), "not validated")
	require.Equal(t, []string{"set not null"}, judged(t, ddl.Postgres, steps[0], steps[1], "ALTER TABLE t ALTER d SET NOT NULL;"), "of another column")
	require.Equal(t, []string{"set not null"}, judged(t, ddl.Postgres, steps[0], steps[1], "ALTER TABLE u ALTER c SET NOT NULL;"), "of another table")
}

func TestInSQLiteOnlyWhatAnOlderProgramWouldMissCounts(t *testing.T) {
	for rule, bad := range map[string][]string{
		"drop":     {"DROP TABLE t;", "drop table if exists t;", "ALTER TABLE t DROP COLUMN c;", "ALTER TABLE t DROP c;"},
		"rename":   {"ALTER TABLE t RENAME TO u;", "ALTER TABLE t RENAME COLUMN c TO d;", "-- contract: v2\nALTER TABLE t\n  RENAME c TO d;"},
		"not null": {"ALTER TABLE t ADD COLUMN c TEXT NOT NULL;", "ALTER TABLE t ADD c TEXT /* DEFAULT */ NOT NULL;", "ALTER TABLE t ADD c TEXT NOT NULL CHECK (c <> 'DEFAULT');"},
	} {
		for _, text := range bad {
			require.Equal(t, []string{rule}, judged(t, ddl.SQLite, text), text)
		}
	}
	for _, good := range []string{
		"CREATE INDEX i ON t (c);", "UPDATE t SET c = 1;", "ALTER TABLE t ADD COLUMN c TEXT NOT NULL DEFAULT '';", "-- contract: v1.4\nDROP TABLE t;",
		"CREATE TABLE t (c TEXT);\nDROP TABLE t;", "INSERT INTO u VALUES ('x; DROP TABLE t;', 'it''s; DROP TABLE t;');", "-- DROP TABLE t;", "/* ; DROP TABLE t; */",
		"-- +goose StatementBegin\nCREATE TRIGGER g BEFORE UPDATE ON t BEGIN SELECT 1; DROP TABLE t; END;\n-- +goose StatementEnd",
		"-- +goose Up\n-- +goose Down\nDROP TABLE t;",
	} {
		require.Empty(t, judged(t, ddl.SQLite, good), good)
	}
}

func TestAFindingSaysWhereWhatAndHow(t *testing.T) {
	text := "-- +goose Up\nCREATE TABLE u (c TEXT);\n\n-- Found quickly.\nCREATE INDEX t_c\n  ON t (c);\n"
	found, err := ddl.Check(fstest.MapFS{"postgres/00001_x.sql": &fstest.MapFile{Data: []byte(text)}}, ddl.Postgres)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "postgres/00001_x.sql: index: t_c", found[0].Key())
	require.Equal(t, "postgres/00001_x.sql:5: index (t_c): It holds back all writes of the table until the index is made. "+
		"Instead: a file of its own with `-- +goose NO TRANSACTION`: DROP INDEX CONCURRENTLY IF EXISTS name; CREATE INDEX CONCURRENTLY name ON ...", found[0].String())
	_, err = ddl.Check(fstest.MapFS{"postgres/00001_x.sql": &fstest.MapFile{Data: []byte("CREATE TABEL t;")}}, ddl.Postgres)
	require.ErrorContains(t, err, "postgres/00001_x.sql")
}
