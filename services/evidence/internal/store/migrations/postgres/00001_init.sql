-- +goose Up
CREATE TABLE artifacts (
  district_id  TEXT NOT NULL,
  school_id    TEXT NOT NULL,
  artifact_id  TEXT NOT NULL,
  journey      TEXT NOT NULL,
  step         TEXT NOT NULL,
  indicator    TEXT NOT NULL,
  occur_date   TEXT NOT NULL,
  group_list   TEXT NOT NULL,
  caption      TEXT NOT NULL,
  file_name    TEXT NOT NULL,
  state        BIGINT NOT NULL,
  media_type   TEXT NOT NULL,
  size_bytes   BIGINT NOT NULL,
  sha256       TEXT NOT NULL,
  uploader     TEXT NOT NULL,
  accepted_at  BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, school_id, artifact_id)
);
CREATE INDEX artifacts_by_journey ON artifacts (district_id, journey, state);
CREATE INDEX artifacts_by_content ON artifacts (district_id, sha256);

-- Every content the blob store has, or may have, for a district.
CREATE TABLE contents (
  district_id  TEXT NOT NULL,
  sha256       TEXT NOT NULL,
  size_bytes   BIGINT NOT NULL,
  state        BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, sha256)
);
CREATE INDEX contents_by_state ON contents (state, updated_at);

-- A portfolio is derived from its artifacts; here is only how often it changed.
CREATE TABLE portfolios (
  district_id  TEXT NOT NULL,
  journey      TEXT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, journey)
);

CREATE TABLE manifests (
  district_id     TEXT NOT NULL,
  journey         TEXT NOT NULL,
  manifest_id     TEXT NOT NULL,
  sequence        BIGINT NOT NULL,
  entries         TEXT NOT NULL,
  digest          TEXT NOT NULL,
  previous_digest TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (district_id, journey, manifest_id)
);
CREATE UNIQUE INDEX manifests_in_sequence ON manifests (district_id, journey, sequence);

-- What keeps a content: some manifest lists it.
CREATE TABLE frozen_contents (
  district_id  TEXT NOT NULL,
  sha256       TEXT NOT NULL,
  PRIMARY KEY (district_id, sha256)
);
