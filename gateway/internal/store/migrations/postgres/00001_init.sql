-- +goose Up
-- Times are microseconds since 1970 UTC, version is what the etag is made from.
-- Identity providers and begun sign-ins are of the whole state: before anybody
-- is signed in there is no district. client_secret and id_token are sealed with a
-- key that the database does not have.
CREATE TABLE identity_providers (
  district_id   TEXT NOT NULL,
  id            TEXT NOT NULL,
  version       BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  title         TEXT NOT NULL,
  issuer        TEXT NOT NULL,
  client_id     TEXT NOT NULL,
  client_secret BYTEA NOT NULL,
  tenant        TEXT NOT NULL,
  tenant_claim  TEXT NOT NULL,
  tenant_value  TEXT NOT NULL,
  scopes        TEXT NOT NULL,
  create_people BOOLEAN NOT NULL,
  disabled      BOOLEAN NOT NULL,
  PRIMARY KEY (district_id, id)
);

-- A sign-in on its way to the issuer and back: used once, gone after minutes.
CREATE TABLE sign_ins (
  district_id  TEXT NOT NULL,
  state_hash   TEXT NOT NULL,
  browser_hash TEXT NOT NULL,
  provider     TEXT NOT NULL,
  return_to    TEXT NOT NULL,
  expires_at   BIGINT NOT NULL,
  PRIMARY KEY (district_id, state_hash)
);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

-- Where people are signed in. The browser has the token, this table its hash only.
CREATE TABLE sessions (
  district_id TEXT NOT NULL,
  id          TEXT NOT NULL,
  token_hash  TEXT NOT NULL,
  subject     TEXT NOT NULL,
  provider    TEXT NOT NULL,
  device      TEXT NOT NULL,
  id_token    BYTEA NOT NULL,
  end_session TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  used_at     BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, id)
);
CREATE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_subject ON sessions (district_id, subject, id);
CREATE INDEX sessions_provider ON sessions (provider);
CREATE INDEX sessions_used ON sessions (used_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
DROP TABLE sign_ins;
DROP TABLE identity_providers;
