-- +goose Up
-- What people made of comments. comment_id leads to no answer.
CREATE TABLE comment_marks (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  comment_id  TEXT NOT NULL,
  themes      TEXT NOT NULL,
  redacted    BOOLEAN NOT NULL,
  version     BIGINT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, comment_id)
);
CREATE TABLE themes (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  theme_id    TEXT NOT NULL,
  title       TEXT NOT NULL,
  standard    TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, theme_id)
);

-- Files of published results. The bytes lie in the blob store until expires_at.
CREATE TABLE exports (
  district_id TEXT NOT NULL,
  release_id  TEXT NOT NULL,
  export_id   TEXT NOT NULL,
  format      BIGINT NOT NULL,
  blob_key    TEXT NOT NULL,
  size        BIGINT NOT NULL,
  sha256      TEXT NOT NULL,
  lines       BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, release_id, export_id)
);
CREATE INDEX exports_expiry ON exports (expires_at, district_id);
