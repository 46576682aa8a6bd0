-- +goose Up
CREATE TABLE frameworks (
  district_id  TEXT NOT NULL,
  family_id    TEXT NOT NULL,
  title        TEXT NOT NULL,
  description  TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, family_id)
);
CREATE TABLE framework_versions (
  district_id  TEXT NOT NULL,
  family_id    TEXT NOT NULL,
  version_id   TEXT NOT NULL,
  title        TEXT NOT NULL,
  body         TEXT NOT NULL,
  state        BIGINT NOT NULL,
  published_at BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, family_id, version_id),
  FOREIGN KEY (district_id, family_id) REFERENCES frameworks
);
CREATE TABLE instruments (
  district_id  TEXT NOT NULL,
  family_id    TEXT NOT NULL,
  title        TEXT NOT NULL,
  description  TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, family_id)
);
CREATE TABLE instrument_versions (
  district_id  TEXT NOT NULL,
  family_id    TEXT NOT NULL,
  version_id   TEXT NOT NULL,
  title        TEXT NOT NULL,
  body         TEXT NOT NULL,
  state        BIGINT NOT NULL,
  published_at BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, family_id, version_id),
  FOREIGN KEY (district_id, family_id) REFERENCES instruments
);

CREATE TABLE campaigns (
  district_id        TEXT NOT NULL,
  campaign_id        TEXT NOT NULL,
  title              TEXT NOT NULL,
  instrument_id      TEXT NOT NULL,
  instrument_version TEXT NOT NULL,
  framework_version  TEXT NOT NULL,
  cycle              TEXT NOT NULL,
  wave               BIGINT NOT NULL,
  mode               BIGINT NOT NULL,
  state              BIGINT NOT NULL,
  all_schools        BOOLEAN NOT NULL,
  release_id         TEXT NOT NULL,
  operation          TEXT NOT NULL DEFAULT '',
  opened_at          BIGINT NOT NULL,
  closed_at          BIGINT NOT NULL,
  created_at         BIGINT NOT NULL,
  updated_at         BIGINT NOT NULL,
  version            BIGINT NOT NULL,
  PRIMARY KEY (district_id, campaign_id)
);
CREATE INDEX campaigns_wave ON campaigns (district_id, instrument_id, cycle, wave);
CREATE TABLE campaign_schools (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  school_id   TEXT NOT NULL,
  title       TEXT NOT NULL,
  position    BIGINT NOT NULL,
  paper       BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (district_id, campaign_id, school_id),
  FOREIGN KEY (district_id, campaign_id) REFERENCES campaigns
);
CREATE TABLE links (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  link_id     TEXT NOT NULL,
  school_id   TEXT NOT NULL,
  code        TEXT NOT NULL UNIQUE,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, link_id),
  FOREIGN KEY (district_id, campaign_id) REFERENCES campaigns
);
-- Nothing in this table tells when a token was burned or by which answer.
CREATE TABLE invitations (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  school_id   TEXT NOT NULL,
  code_hash   TEXT NOT NULL UNIQUE,
  burned      BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (district_id, campaign_id, school_id, code_hash),
  FOREIGN KEY (district_id, campaign_id) REFERENCES campaigns
);

-- response_id is random and day is a day, so that neither leads to a token or a
-- receipt; on SQLite there is no row number either.
CREATE TABLE responses (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  school_id   TEXT NOT NULL,
  response_id TEXT NOT NULL,
  language    TEXT NOT NULL,
  day         BIGINT NOT NULL,
  options     TEXT NOT NULL,
  texts       TEXT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, school_id, response_id)
);
CREATE TABLE receipts (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  receipt_key TEXT NOT NULL,
  receipt     TEXT NOT NULL,
  day         BIGINT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, receipt_key)
);

CREATE TABLE releases (
  district_id  TEXT NOT NULL,
  release_id   TEXT NOT NULL,
  campaign_id  TEXT NOT NULL,
  schools      BIGINT NOT NULL,
  minimum_cell BIGINT NOT NULL,
  digest       TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (district_id, release_id),
  UNIQUE (district_id, campaign_id)
);
-- A result without a release is being made and cannot be read yet.
CREATE TABLE results (
  district_id       TEXT NOT NULL,
  school_id         TEXT NOT NULL,
  result_id         TEXT NOT NULL,
  campaign_id       TEXT NOT NULL,
  release_id        TEXT NOT NULL DEFAULT '',
  cycle             TEXT NOT NULL,
  wave              BIGINT NOT NULL,
  framework_version TEXT NOT NULL,
  sufficient        BOOLEAN NOT NULL,
  body              TEXT NOT NULL,
  digest            TEXT NOT NULL,
  created_at        BIGINT NOT NULL,
  PRIMARY KEY (district_id, school_id, result_id),
  UNIQUE (district_id, campaign_id, school_id)
);
CREATE INDEX results_newest ON results (district_id, school_id, created_at, result_id);

CREATE TABLE self_assessments (
  district_id       TEXT NOT NULL,
  school_id         TEXT NOT NULL,
  team_id           TEXT NOT NULL,
  assessment_id     TEXT NOT NULL,
  cycle             TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  state             BIGINT NOT NULL,
  consensus         TEXT NOT NULL,
  notes             TEXT NOT NULL,
  settled_at        BIGINT NOT NULL,
  created_at        BIGINT NOT NULL,
  updated_at        BIGINT NOT NULL,
  version           BIGINT NOT NULL,
  PRIMARY KEY (district_id, school_id, team_id, assessment_id)
);
CREATE UNIQUE INDEX self_assessments_rating ON self_assessments (district_id, school_id, team_id, cycle) WHERE state = 1;
CREATE TABLE ratings (
  district_id   TEXT NOT NULL,
  school_id     TEXT NOT NULL,
  team_id       TEXT NOT NULL,
  assessment_id TEXT NOT NULL,
  rating_id     TEXT NOT NULL,
  rater_hash    TEXT NOT NULL,
  levels        TEXT NOT NULL,
  group_number  BIGINT NOT NULL,
  day           BIGINT NOT NULL,
  PRIMARY KEY (district_id, school_id, team_id, assessment_id, rating_id),
  UNIQUE (district_id, school_id, team_id, assessment_id, rater_hash),
  FOREIGN KEY (district_id, school_id, team_id, assessment_id) REFERENCES self_assessments
);
