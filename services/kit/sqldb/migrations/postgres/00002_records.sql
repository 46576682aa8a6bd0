-- +goose Up
-- Changes as their transactions leave them, before the chainer gives each its
-- place. Rows are found by being here, so one that commits late is not missed.
CREATE TABLE audit_pending (
  seq           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
);
CREATE INDEX audit_entries_resource ON audit_entries (district_id, resource, sequence);

-- +goose StatementBegin
CREATE FUNCTION only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_entries_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();


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
);
CREATE INDEX disclosures_time ON disclosures (district_id, event_time, id);
CREATE TRIGGER disclosures_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON disclosures
  FOR EACH STATEMENT EXECUTE FUNCTION only_added_to();
