-- +goose Up
CREATE TABLE issuers (
  district_id TEXT NOT NULL,
  name        TEXT NOT NULL,
  district    TEXT NOT NULL,
  title       TEXT NOT NULL,
  url         TEXT NOT NULL,
  email       TEXT NOT NULL,
  image_url   TEXT NOT NULL,
  did_method  TEXT NOT NULL,
  did         TEXT NOT NULL,
  former_dids TEXT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  version     BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE UNIQUE INDEX issuers_of ON issuers (district_id, district);
CREATE UNIQUE INDEX issuers_known_as ON issuers (district_id, did);

CREATE TABLE issuer_keys (
  district_id    TEXT NOT NULL,
  name           TEXT NOT NULL,
  issuer         TEXT NOT NULL,
  public_key     TEXT NOT NULL,
  sealed         BYTEA NOT NULL,
  state          TEXT NOT NULL,
  retired_at     BIGINT NOT NULL,
  compromised_at BIGINT NOT NULL,
  reason         TEXT NOT NULL,
  created_at     BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL,
  version        BIGINT NOT NULL,
  PRIMARY KEY (district_id, name)
);
CREATE UNIQUE INDEX issuer_keys_public ON issuer_keys (district_id, public_key);
CREATE UNIQUE INDEX issuer_keys_current ON issuer_keys (district_id, issuer) WHERE state = 'CURRENT';
CREATE INDEX issuer_keys_of ON issuer_keys (district_id, issuer, name);
