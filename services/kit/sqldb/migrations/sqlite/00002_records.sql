-- +goose Up
-- Changes as their transactions leave them, before the chainer gives each its
-- place. Rows are found by being here, so one that commits late is not missed.
CREATE TABLE audit_pending (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  district_id   TEXT NOT NULL,
  id            TEXT NOT NULL UNIQUE,
  event_time    BIGINT NOT NULL,
  actor         TEXT NOT NULL,
  on_behalf_of  TEXT NOT NULL,
  action        TEXT NOT NULL,
  resource      TEXT NOT NULL,
  before_digest TEXT NOT NULL,
  after_digest  TEXT NOT NULL,
  reason_digest TEXT NOT NULL,
  request_id    TEXT NOT NULL
);

-- One hash chain per district. Rows are added and never changed.
CREATE TABLE audit_entries (
  district_id   TEXT NOT NULL,
  sequence      BIGINT NOT NULL,
  id            TEXT NOT NULL,
  event_time    BIGINT NOT NULL,
  actor         TEXT NOT NULL,
  on_behalf_of  TEXT NOT NULL,
  action        TEXT NOT NULL,
  resource      TEXT NOT NULL,
  before_digest TEXT NOT NULL,
  after_digest  TEXT NOT NULL,
  reason_digest TEXT NOT NULL,
  request_id    TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash          TEXT NOT NULL,
  PRIMARY KEY (district_id, sequence)
) WITHOUT ROWID;
CREATE INDEX audit_entries_resource ON audit_entries (district_id, resource, sequence);

-- +goose StatementBegin
CREATE TRIGGER audit_entries_keep_update BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entries_keep_delete BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
-- +goose StatementEnd

-- Who was given identified records.
CREATE TABLE disclosures (
  district_id TEXT NOT NULL,
  id          TEXT NOT NULL,
  event_time  BIGINT NOT NULL,
  subject     TEXT NOT NULL,
  action      TEXT NOT NULL,
  resource    TEXT NOT NULL,
  records     BIGINT NOT NULL,
  purpose     TEXT NOT NULL,
  request_id  TEXT NOT NULL,
  PRIMARY KEY (district_id, id)
) WITHOUT ROWID;
CREATE INDEX disclosures_time ON disclosures (district_id, event_time, id);

-- +goose StatementBegin
CREATE TRIGGER disclosures_keep_update BEFORE UPDATE ON disclosures
BEGIN SELECT RAISE(ABORT, 'the disclosure ledger is only added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER disclosures_keep_delete BEFORE DELETE ON disclosures
BEGIN SELECT RAISE(ABORT, 'the disclosure ledger is only added to'); END;
-- +goose StatementEnd
