-- +goose Up
CREATE TABLE outbox (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  district_id TEXT NOT NULL,
  subject     TEXT NOT NULL,
  type        TEXT NOT NULL,
  name        TEXT NOT NULL,
  occurred_at BIGINT NOT NULL,
  payload     BLOB NOT NULL,
  traceparent TEXT NOT NULL DEFAULT '',
  sent_at     BIGINT
);
CREATE INDEX outbox_unsent ON outbox (seq) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

CREATE TABLE inbox (
  consumer   TEXT NOT NULL,
  event_id   TEXT NOT NULL,
  applied_at BIGINT NOT NULL,
  PRIMARY KEY (consumer, event_id)
) WITHOUT ROWID;

CREATE TABLE inbox_state (
  consumer   TEXT NOT NULL,
  source     TEXT NOT NULL,
  event_time BIGINT NOT NULL,
  applied_at BIGINT NOT NULL,
  PRIMARY KEY (consumer, source)
) WITHOUT ROWID;

CREATE TABLE dead_letters (
  consumer   TEXT NOT NULL,
  event_id   TEXT NOT NULL,
  subject    TEXT NOT NULL,
  type       TEXT NOT NULL,
  name       TEXT NOT NULL,
  event_time BIGINT NOT NULL,
  payload    BLOB NOT NULL,
  cause      TEXT NOT NULL,
  attempts   BIGINT NOT NULL,
  dead_at    BIGINT NOT NULL,
  retry      BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (consumer, event_id)
) WITHOUT ROWID;

CREATE TABLE leases (
  name       TEXT PRIMARY KEY,
  holder     TEXT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE requests (
  subject    TEXT NOT NULL,
  method     TEXT NOT NULL,
  request_id TEXT NOT NULL,
  body_hash  TEXT NOT NULL,
  response   BLOB,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (subject, method, request_id)
) WITHOUT ROWID;
CREATE INDEX requests_created ON requests (created_at);

CREATE TABLE operations (
  name       TEXT PRIMARY KEY,
  type       TEXT NOT NULL,
  metadata   BLOB NOT NULL,
  done       BOOLEAN NOT NULL DEFAULT FALSE,
  response   BLOB,
  failure    BLOB,
  attempts   BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX operations_pending ON operations (created_at) WHERE NOT done;
