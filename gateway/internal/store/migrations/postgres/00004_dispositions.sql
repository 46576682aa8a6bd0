-- +goose Up
-- Deletions with their certificates. They outlive the district they are about.
-- Lists are JSON texts; times are microseconds since 1970 UTC, 0 for none.
CREATE TABLE dispositions (
  district_id   TEXT NOT NULL,
  id            TEXT NOT NULL,
  version       BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  kind          BIGINT NOT NULL,
  rule          TEXT NOT NULL,
  reason        TEXT NOT NULL,
  export_sha256 TEXT NOT NULL,
  person        TEXT NOT NULL,
  state         BIGINT NOT NULL,
  planned_by    TEXT NOT NULL,
  approved_by   TEXT NOT NULL,
  lines         TEXT NOT NULL,
  done          TEXT NOT NULL,
  certificate   TEXT NOT NULL,
  completed_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, id)
);
CREATE INDEX dispositions_running ON dispositions (created_at) WHERE state = 2;

-- +goose Down
DROP TABLE dispositions;
