-- +goose Up
-- groups are values of the roster that are counted with an answer, never whose they
-- are; mode is how the answer came: web, kiosk, paper or phone.
ALTER TABLE responses ADD COLUMN groups TEXT NOT NULL DEFAULT '{}';
ALTER TABLE responses ADD COLUMN mode TEXT NOT NULL DEFAULT 'web';

-- Unfinished answers, sealed with a key that the respondent alone has; draft_key is
-- a digest of that key and the code. Submitting the answer deletes the row.
CREATE TABLE drafts (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  draft_key   TEXT NOT NULL,
  day         BIGINT NOT NULL,
  sealed      BYTEA NOT NULL,
  PRIMARY KEY (district_id, campaign_id, draft_key)
);

-- Sheets keyed in once, or twice and differently. The row goes when the answer is
-- stored. salt keeps digests of the row, which the audit log keeps for ever, from
-- being compared with answers.
CREATE TABLE paper_entries (
  district_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  school_id   TEXT NOT NULL,
  sheet_id    TEXT NOT NULL,
  entry_id    TEXT NOT NULL,
  state       BIGINT NOT NULL,
  first_by    TEXT NOT NULL,
  second_by   TEXT NOT NULL DEFAULT '',
  first       TEXT NOT NULL,
  second      TEXT NOT NULL DEFAULT '',
  different   TEXT NOT NULL DEFAULT '[]',
  salt        TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  version     BIGINT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, school_id, sheet_id),
  UNIQUE (district_id, campaign_id, entry_id)
);
