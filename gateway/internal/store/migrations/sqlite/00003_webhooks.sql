-- +goose Up
-- Addresses outside that get events of a district. Secrets are sealed with a key
-- that the database does not have; times are microseconds since 1970 UTC, 0 for
-- none; since_at bounds which events an endpoint gets.
CREATE TABLE webhook_endpoints (
  district_id     TEXT NOT NULL,
  id              TEXT NOT NULL,
  version         BIGINT NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  url             TEXT NOT NULL,
  description     TEXT NOT NULL,
  event_types     TEXT NOT NULL,
  disabled        BOOLEAN NOT NULL,
  disabled_reason TEXT NOT NULL,
  secret          BLOB NOT NULL,
  old_secret      BLOB NOT NULL,
  old_secret_end  BIGINT NOT NULL,
  since_at        BIGINT NOT NULL,
  last_success    BIGINT NOT NULL,
  first_failure   BIGINT NOT NULL,
  PRIMARY KEY (district_id, id)
);

-- Events on their way to them. State: 1 waits, 2 taken, 3 given up. due_at of one
-- that waits is when it is tried next or, during a try, when that counts as lost.
CREATE TABLE webhook_deliveries (
  district_id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  event_id    TEXT NOT NULL,
  event_type  TEXT NOT NULL,
  happened_at BIGINT NOT NULL,
  body        BLOB NOT NULL,
  state       INTEGER NOT NULL,
  attempts    INTEGER NOT NULL,
  status      INTEGER NOT NULL,
  error       TEXT NOT NULL,
  due_at      BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, endpoint_id, event_id),
  FOREIGN KEY (district_id, endpoint_id) REFERENCES webhook_endpoints (district_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (district_id, endpoint_id, due_at) WHERE state = 1;
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (district_id, endpoint_id, happened_at, event_id);
CREATE INDEX webhook_deliveries_old ON webhook_deliveries (updated_at) WHERE state <> 1;

-- How far the bus was followed: one row, of the state.
CREATE TABLE webhook_position (
  district_id TEXT NOT NULL PRIMARY KEY,
  bus_cursor  TEXT NOT NULL,
  begun_at    BIGINT NOT NULL
);

-- +goose Down
DROP TABLE webhook_position;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_endpoints;
