-- +goose Up
-- Windows, units, groups, own texts of mails; starts_at and ends_at are the local
-- times as instants, 0 for none.
ALTER TABLE campaigns ADD COLUMN start_local TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN end_local TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN starts_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN ends_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN unit BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN group_variables TEXT NOT NULL DEFAULT '[]';
ALTER TABLE campaigns ADD COLUMN messages TEXT NOT NULL DEFAULT '[]';
ALTER TABLE campaigns ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN rounds BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN district_title TEXT NOT NULL DEFAULT '';
-- Codes of recipients are made of it and the recipient's id; it goes when the campaign closes.
ALTER TABLE campaigns ADD COLUMN secret TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN mail_operation TEXT NOT NULL DEFAULT '';
ALTER TABLE campaigns ADD COLUMN invitations_sent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN reminders_sent BIGINT NOT NULL DEFAULT 0;
CREATE INDEX campaigns_start ON campaigns (state, starts_at) WHERE starts_at > 0;
CREATE INDEX campaigns_end ON campaigns (state, ends_at) WHERE ends_at > 0;

ALTER TABLE links ADD COLUMN kind BIGINT NOT NULL DEFAULT 1;
ALTER TABLE links ADD COLUMN title TEXT NOT NULL DEFAULT '';

-- Nothing in this table tells when a token was burned or by which answer: an
-- answer sets the two marks and changes neither times nor version.
CREATE TABLE recipients (
  district_id  TEXT NOT NULL,
  campaign_id  TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  school_id    TEXT NOT NULL,
  unit_key     TEXT NOT NULL,
  addressee    TEXT NOT NULL,
  email        TEXT NOT NULL,
  language     TEXT NOT NULL,
  groups       TEXT NOT NULL DEFAULT '{}',
  disposition  BIGINT NOT NULL,
  code_hash    TEXT NOT NULL UNIQUE,
  burned       BOOLEAN NOT NULL DEFAULT FALSE,
  partial      BOOLEAN NOT NULL DEFAULT FALSE,
  no_mail      BOOLEAN NOT NULL DEFAULT FALSE,
  invited_at   BIGINT NOT NULL DEFAULT 0,
  reminded_at  BIGINT NOT NULL DEFAULT 0,
  lettered_at  BIGINT NOT NULL DEFAULT 0,
  reminders    BIGINT NOT NULL DEFAULT 0,
  sending      BIGINT NOT NULL DEFAULT 0,
  tries        BIGINT NOT NULL DEFAULT 0,
  due_at       BIGINT NOT NULL DEFAULT 0,
  mail_failed  BOOLEAN NOT NULL DEFAULT FALSE,
  mail_unclear BOOLEAN NOT NULL DEFAULT FALSE,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, campaign_id, recipient_id),
  UNIQUE (district_id, campaign_id, school_id, unit_key),
  FOREIGN KEY (district_id, campaign_id) REFERENCES campaigns
);

-- Whom the surveys of a district asked: contact_hash is an HMAC of a mail address
-- or a unit of the roster, by a key of the district.
CREATE TABLE contact_keys (
  district_id TEXT NOT NULL,
  contact_key TEXT NOT NULL,
  PRIMARY KEY (district_id)
);
CREATE TABLE contacts (
  district_id  TEXT NOT NULL,
  contact_hash TEXT NOT NULL,
  campaign_id  TEXT NOT NULL,
  asked_at     BIGINT NOT NULL,
  PRIMARY KEY (district_id, contact_hash, campaign_id)
);
CREATE INDEX contacts_asked ON contacts (district_id, asked_at);
CREATE TABLE opt_outs (
  district_id  TEXT NOT NULL,
  contact_hash TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (district_id, contact_hash)
);

-- One row, of the state.
CREATE TABLE survey_policy (
  district_id          TEXT NOT NULL,
  minimum_cell         BIGINT NOT NULL,
  protect_zeros        BOOLEAN NOT NULL,
  round_size           BIGINT NOT NULL,
  asks_per_period      BIGINT NOT NULL,
  period_days          BIGINT NOT NULL,
  max_reminders        BIGINT NOT NULL,
  days_between_mails   BIGINT NOT NULL,
  epsilon_total        TEXT NOT NULL,
  top_bottom_code      BOOLEAN NOT NULL,
  practical_difference TEXT NOT NULL,
  updated_at           BIGINT NOT NULL,
  version              BIGINT NOT NULL,
  PRIMARY KEY (district_id)
);
