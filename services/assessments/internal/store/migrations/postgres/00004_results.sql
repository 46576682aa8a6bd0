-- +goose Up
-- A campaign is published again when late answers came: one release for each round.
UPDATE campaigns SET rounds = 1 WHERE release_id <> '';
ALTER TABLE releases DROP CONSTRAINT releases_district_id_campaign_id_key;
ALTER TABLE releases ADD COLUMN round BIGINT NOT NULL DEFAULT 1;
CREATE UNIQUE INDEX releases_round ON releases (district_id, campaign_id, round);
ALTER TABLE results DROP CONSTRAINT results_district_id_campaign_id_school_id_key;
ALTER TABLE results ADD COLUMN minimum_cell BIGINT NOT NULL DEFAULT 10;
CREATE UNIQUE INDEX results_round ON results (district_id, campaign_id, school_id, release_id);

-- What was counted in a round of a campaign: exact numbers, read by publishing alone.
CREATE TABLE result_snapshots (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  round       BIGINT NOT NULL,
  body        TEXT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, round)
);
-- What a publication needs of the schools service, asked in the name of who began it.
CREATE TABLE publish_plans (
  district_id TEXT NOT NULL,
  operation   TEXT NOT NULL,
  body        TEXT NOT NULL,
  PRIMARY KEY (district_id, operation)
);
-- Statewide releases, of district _state.
CREATE TABLE state_releases (
  district_id        TEXT NOT NULL,
  release_id         TEXT NOT NULL,
  wave_key           TEXT NOT NULL,
  instrument_id      TEXT NOT NULL,
  instrument_version TEXT NOT NULL,
  framework_version  TEXT NOT NULL,
  cycle              TEXT NOT NULL,
  wave               BIGINT NOT NULL,
  round              BIGINT NOT NULL,
  districts          BIGINT NOT NULL,
  schools            BIGINT NOT NULL,
  minimum_cell       BIGINT NOT NULL,
  digest             TEXT NOT NULL,
  audit              TEXT NOT NULL,
  created_at         BIGINT NOT NULL,
  PRIMARY KEY (district_id, release_id),
  UNIQUE (district_id, wave_key, round)
);
CREATE INDEX state_releases_newest ON state_releases (district_id, created_at, release_id);

-- The tables of a release, a row for each place: summary is a line of a dashboard.
CREATE TABLE release_tables (
  district_id  TEXT NOT NULL,
  release_id   TEXT NOT NULL,
  table_id     TEXT NOT NULL,
  level        BIGINT NOT NULL,
  parent_table TEXT NOT NULL,
  summary      TEXT NOT NULL,
  body         TEXT NOT NULL,
  PRIMARY KEY (district_id, release_id, table_id)
);
CREATE INDEX release_tables_parent ON release_tables (district_id, release_id, parent_table, table_id);
CREATE INDEX release_tables_level ON release_tables (district_id, release_id, level, table_id);

-- What the release engine let through, as the audit reads it, and the places of its
-- tables: of everybody, and of groups.
CREATE TABLE release_shapes (
  district_id TEXT NOT NULL,
  release_id  TEXT NOT NULL,
  wave_key    TEXT NOT NULL,
  rule        TEXT NOT NULL,
  places      TEXT NOT NULL,
  top_places  TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, release_id)
);
CREATE INDEX release_shapes_wave ON release_shapes (wave_key, created_at);
CREATE TABLE release_cells (
  district_id TEXT NOT NULL,
  release_id  TEXT NOT NULL,
  part        BIGINT NOT NULL,
  body        TEXT NOT NULL,
  PRIMARY KEY (district_id, release_id, part)
);
-- The exact counts behind them, which nothing but a later publication reads.
CREATE TABLE release_truths (
  district_id TEXT NOT NULL,
  release_id  TEXT NOT NULL,
  part        BIGINT NOT NULL,
  body        TEXT NOT NULL,
  PRIMARY KEY (district_id, release_id, part)
);
