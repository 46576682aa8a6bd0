-- +goose Up
CREATE TABLE badge_definitions (
  district_id     TEXT NOT NULL,
  name            TEXT NOT NULL,
  title           TEXT NOT NULL,
  framework       TEXT NOT NULL,
  standard        TEXT NOT NULL,
  current_edition TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  version         BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);

CREATE TABLE editions (
  district_id       TEXT NOT NULL,
  name              TEXT NOT NULL,
  definition        TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  state             TEXT NOT NULL,
  asks              TEXT NOT NULL,
  published_at      BIGINT NOT NULL,
  created_at        BIGINT NOT NULL,
  updated_at        BIGINT NOT NULL,
  version           BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE INDEX editions_of ON editions (district_id, definition, name);

CREATE TABLE rubrics (
  district_id TEXT NOT NULL,
  name        TEXT NOT NULL,
  title       TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  version     BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);

CREATE TABLE rubric_editions (
  district_id  TEXT NOT NULL,
  name         TEXT NOT NULL,
  rubric       TEXT NOT NULL,
  state        TEXT NOT NULL,
  criteria     TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE INDEX rubric_editions_of ON rubric_editions (district_id, rubric, name);

CREATE TABLE applications (
  district_id      TEXT NOT NULL,
  name             TEXT NOT NULL,
  id               TEXT NOT NULL,
  school           TEXT NOT NULL,
  journey          TEXT NOT NULL,
  badge_definition TEXT NOT NULL,
  edition          TEXT NOT NULL,
  rubric_version   TEXT NOT NULL,
  state            TEXT NOT NULL,
  round            BIGINT NOT NULL,
  snapshot         TEXT NOT NULL,
  snapshot_digest  TEXT NOT NULL,
  attestation      TEXT NOT NULL,
  submitter        TEXT NOT NULL,
  submitted_at     BIGINT NOT NULL,
  requirements     TEXT NOT NULL,
  decision         TEXT NOT NULL,
  award            TEXT NOT NULL,
  withdraw_reason  TEXT NOT NULL,
  created_at       BIGINT NOT NULL,
  updated_at       BIGINT NOT NULL,
  version          BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE INDEX applications_listed ON applications (id, name);
CREATE INDEX applications_of ON applications (district_id, school, id);
CREATE UNIQUE INDEX applications_open ON applications (district_id, journey)
  WHERE state NOT IN ('AWARDED', 'DECLINED', 'WITHDRAWN');

CREATE TABLE snapshots (
  district_id     TEXT NOT NULL,
  name            TEXT NOT NULL,
  content         TEXT NOT NULL,
  digest          TEXT NOT NULL,
  manifest        TEXT NOT NULL,
  manifest_digest TEXT NOT NULL,
  submitter       TEXT NOT NULL,
  school_title    TEXT NOT NULL,
  district_title  TEXT NOT NULL,
  evidence        TEXT NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);

CREATE TABLE reviews (
  district_id          TEXT NOT NULL,
  name                 TEXT NOT NULL,
  id                   TEXT NOT NULL,
  school               TEXT NOT NULL,
  application          TEXT NOT NULL,
  reviewer             TEXT NOT NULL,
  state                TEXT NOT NULL,
  scores               TEXT NOT NULL,
  summary              TEXT NOT NULL,
  conflict_explanation TEXT NOT NULL,
  round                BIGINT NOT NULL,
  finalized_at         BIGINT NOT NULL,
  created_at           BIGINT NOT NULL,
  updated_at           BIGINT NOT NULL,
  version              BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE INDEX reviews_listed ON reviews (id, name);
CREATE UNIQUE INDEX reviews_once ON reviews (district_id, application, round, reviewer);
CREATE INDEX reviews_by ON reviews (reviewer, id);

CREATE TABLE decisions (
  district_id      TEXT NOT NULL,
  name             TEXT NOT NULL,
  application      TEXT NOT NULL,
  round            BIGINT NOT NULL,
  outcome          TEXT NOT NULL,
  rationale        TEXT NOT NULL,
  requirements     TEXT NOT NULL,
  rule_met         BOOLEAN NOT NULL,
  rule_explanation TEXT NOT NULL,
  approved         BOOLEAN NOT NULL,
  proposer         TEXT NOT NULL,
  approver         TEXT NOT NULL,
  approved_at      BIGINT NOT NULL,
  award            TEXT NOT NULL,
  created_at       BIGINT NOT NULL,
  updated_at       BIGINT NOT NULL,
  version          BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE INDEX decisions_of ON decisions (district_id, application, name);

CREATE TABLE awards (
  district_id       TEXT NOT NULL,
  name              TEXT NOT NULL,
  id                TEXT NOT NULL,
  school            TEXT NOT NULL,
  edition           TEXT NOT NULL,
  standard          TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  application       TEXT NOT NULL,
  decision          TEXT NOT NULL,
  journey           TEXT NOT NULL,
  credential        TEXT NOT NULL,
  state             TEXT NOT NULL,
  awarded_at        BIGINT NOT NULL,
  expires_at        BIGINT NOT NULL,
  lapses_at         BIGINT NOT NULL,
  revoke_reason     TEXT NOT NULL,
  created_at        BIGINT NOT NULL,
  updated_at        BIGINT NOT NULL,
  version           BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE UNIQUE INDEX awards_once ON awards (district_id, decision);
CREATE INDEX awards_listed ON awards (id, name);
CREATE INDEX awards_of ON awards (district_id, school, id);
CREATE INDEX awards_expiring ON awards (expires_at) WHERE state = 'ACTIVE';
CREATE INDEX awards_lapsing ON awards (lapses_at) WHERE state = 'GRACE';

CREATE TABLE credentials (
  district_id TEXT NOT NULL,
  name        TEXT NOT NULL,
  award       TEXT NOT NULL,
  document    BLOB NOT NULL,
  digest      TEXT NOT NULL,
  issued_at   BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE UNIQUE INDEX credentials_by_name ON credentials (name);
CREATE UNIQUE INDEX credentials_once ON credentials (district_id, award);

CREATE TABLE partnerships (
  district_id       TEXT NOT NULL,
  school            TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  recognized        BOOLEAN NOT NULL,
  changed_at        BIGINT NOT NULL,
  version           BIGINT NOT NULL,
  PRIMARY KEY (district_id, school, framework_version)
);

-- +goose Down
DROP TABLE partnerships;
DROP TABLE credentials;
DROP TABLE awards;
DROP TABLE decisions;
DROP TABLE reviews;
DROP TABLE snapshots;
DROP TABLE applications;
DROP TABLE rubric_editions;
DROP TABLE rubrics;
DROP TABLE editions;
DROP TABLE badge_definitions;
