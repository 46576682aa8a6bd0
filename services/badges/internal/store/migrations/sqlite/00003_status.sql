-- +goose Up
-- Suspension and renewal of awards.
ALTER TABLE awards ADD COLUMN suspend_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE awards ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE awards ADD COLUMN renews TEXT NOT NULL DEFAULT '';
ALTER TABLE awards ADD COLUMN renewed_by TEXT NOT NULL DEFAULT '';
-- 0: from before there were renewals; six months before the end.
ALTER TABLE awards ADD COLUMN renewal_opens_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE awards ADD COLUMN renewal_announced BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX awards_by_credential ON awards (credential);
CREATE INDEX awards_renewable ON awards (renewal_opens_at) WHERE state = 'ACTIVE' AND NOT renewal_announced;

-- Lists of bits that tell which credentials are revoked or suspended. They belong to no district: a list has
-- credentials of many.
CREATE TABLE status_lists (
  district_id TEXT NOT NULL,
  name        TEXT NOT NULL,
  issuer      TEXT NOT NULL,
  purpose     TEXT NOT NULL,
  ordinal     BIGINT NOT NULL,
  filled      BOOLEAN NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE UNIQUE INDEX status_lists_once ON status_lists (district_id, issuer, purpose, ordinal);

-- One row is one bit.
CREATE TABLE status_entries (
  district_id TEXT NOT NULL,
  list        TEXT NOT NULL,
  idx         BIGINT NOT NULL,
  credential  TEXT NOT NULL,
  purpose     TEXT NOT NULL,
  value       BOOLEAN NOT NULL,
  reason      TEXT NOT NULL,
  changed_at  BIGINT NOT NULL,
  version     BIGINT NOT NULL,
  PRIMARY KEY (district_id, list, idx)
);
CREATE UNIQUE INDEX status_entries_of ON status_entries (district_id, credential, purpose);
CREATE INDEX status_entries_set ON status_entries (district_id, list, idx) WHERE value;
CREATE INDEX status_entries_changed ON status_entries (district_id, list, changed_at) WHERE version > 1;

-- What was signed last, the same bytes for all replicas.
CREATE TABLE status_documents (
  district_id TEXT NOT NULL,
  list        TEXT NOT NULL,
  document    BLOB NOT NULL,
  etag        TEXT NOT NULL,
  bits        TEXT NOT NULL,
  method      TEXT NOT NULL,
  signed_at   BIGINT NOT NULL,
  version     BIGINT NOT NULL,
  PRIMARY KEY (district_id, list)
);

-- +goose Down
DROP TABLE status_documents;
DROP TABLE status_entries;
DROP TABLE status_lists;
DROP INDEX awards_renewable;
DROP INDEX awards_by_credential;
ALTER TABLE awards DROP COLUMN renewal_announced;
ALTER TABLE awards DROP COLUMN renewal_opens_at;
ALTER TABLE awards DROP COLUMN renewed_by;
ALTER TABLE awards DROP COLUMN renews;
ALTER TABLE awards DROP COLUMN suspended_at;
ALTER TABLE awards DROP COLUMN suspend_reason;
