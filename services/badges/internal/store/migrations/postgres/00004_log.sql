-- +goose Up
-- What waits to be entered in the log, in the order of seq.
CREATE TABLE log_pending (
  seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  district_id TEXT NOT NULL,
  entered_at  BIGINT NOT NULL,
  leaf        BYTEA NOT NULL
);

-- The log itself: leaf is what is hashed, the other columns are to find it by.
CREATE TABLE log_entries (
  district_id TEXT NOT NULL,
  position    BIGINT NOT NULL,
  kind        TEXT NOT NULL,
  subject     TEXT NOT NULL,
  digest      TEXT NOT NULL,
  leaf        BYTEA NOT NULL,
  PRIMARY KEY (district_id, position)
);
CREATE INDEX log_entries_of ON log_entries (district_id, subject, position);
CREATE INDEX log_entries_digest ON log_entries (district_id, digest, position);

-- One row: how far the log is, and the newest checkpoint that anybody may have seen.
CREATE TABLE log_heads (
  district_id TEXT NOT NULL,
  origin      TEXT NOT NULL,
  size        BIGINT NOT NULL,
  root        TEXT NOT NULL,
  published   BIGINT NOT NULL,
  checkpoint  BYTEA NOT NULL,
  version     BIGINT NOT NULL,
  PRIMARY KEY (district_id)
);

-- +goose Down
DROP TABLE log_heads;
DROP TABLE log_entries;
DROP TABLE log_pending;
