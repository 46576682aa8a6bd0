-- +goose Up
-- Programs of others that registered themselves for the Open Badges API, and the
-- tokens that people gave them. Lists are JSON texts; times are microseconds since
-- 1970 UTC. A token's value is nowhere: its signature finds it.
CREATE TABLE programs (
  district_id   TEXT NOT NULL,
  id            TEXT NOT NULL,
  secret_digest TEXT NOT NULL,
  about         TEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  PRIMARY KEY (district_id, id)
);
CREATE INDEX programs_age ON programs (created_at);

CREATE TABLE program_tokens (
  district_id TEXT NOT NULL,
  kind        TEXT NOT NULL,
  signature   TEXT NOT NULL,
  grant_id    TEXT NOT NULL,
  program     TEXT NOT NULL,
  person      TEXT NOT NULL,
  school      TEXT NOT NULL,
  scopes      TEXT NOT NULL,
  form        TEXT NOT NULL,
  active      BOOLEAN NOT NULL,
  created_at  BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,
  PRIMARY KEY (district_id, kind, signature)
);
CREATE INDEX program_tokens_found ON program_tokens (kind, signature);
CREATE INDEX program_tokens_grant ON program_tokens (grant_id);
CREATE INDEX program_tokens_person ON program_tokens (district_id, person);
CREATE INDEX program_tokens_program ON program_tokens (program);
CREATE INDEX program_tokens_expiry ON program_tokens (expires_at);

-- +goose Down
DROP TABLE program_tokens;
DROP TABLE programs;
