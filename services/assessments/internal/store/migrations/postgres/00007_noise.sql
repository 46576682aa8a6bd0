-- +goose Up
-- What releases with noise cost the answers of a campaign, in millionths; 0 is an exact
-- release. A release of the state costs every campaign that it counts.
ALTER TABLE releases ADD COLUMN epsilon BIGINT NOT NULL DEFAULT 0;
ALTER TABLE release_shapes ADD COLUMN epsilon BIGINT NOT NULL DEFAULT 0;
CREATE TABLE epsilon_spent (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  release_id  TEXT NOT NULL,
  statewide   BOOLEAN NOT NULL,
  epsilon     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, release_id)
);
CREATE INDEX epsilon_spent_release ON epsilon_spent (release_id);
