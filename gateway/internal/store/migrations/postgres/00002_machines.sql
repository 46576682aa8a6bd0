-- +goose Up
-- Machines of a district. Lists are JSON texts; times are microseconds since 1970
-- UTC, 0 for none; version is what the etag is made from. Keys compare by bytes.
CREATE TABLE api_clients (
  district_id  TEXT COLLATE "C" NOT NULL,
  id           TEXT COLLATE "C" NOT NULL,
  version      BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  title        TEXT NOT NULL,
  scopes       TEXT NOT NULL,
  allowed_ips  TEXT NOT NULL,
  disabled     BOOLEAN NOT NULL,
  end_at       BIGINT NOT NULL,
  approved     TEXT NOT NULL,
  approver     TEXT NOT NULL,
  creator      TEXT NOT NULL,
  proposer     TEXT NOT NULL,
  last_used_at BIGINT NOT NULL,
  PRIMARY KEY (district_id, id)
);

-- Their secrets and keys: never the value, only its SHA-256.
CREATE TABLE api_client_secrets (
  district_id  TEXT COLLATE "C" NOT NULL,
  client_id    TEXT COLLATE "C" NOT NULL,
  id           TEXT COLLATE "C" NOT NULL,
  kind         TEXT NOT NULL,
  prefix       TEXT NOT NULL,
  digest       TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  PRIMARY KEY (district_id, client_id, id),
  FOREIGN KEY (district_id, client_id) REFERENCES api_clients (district_id, id) ON DELETE CASCADE
);
CREATE INDEX api_client_secrets_digest ON api_client_secrets (digest);

-- +goose Down
DROP TABLE api_client_secrets;
DROP TABLE api_clients;
