-- +goose Up
-- Programs of others that registered themselves for the Open Badges API, and the
-- tokens that people gave them. Lists are JSON texts; times are microseconds since
-- 1970 UTC. A token's value is nowhere: its signature finds it.
CREATE TABLE programs (
  district_id   TEXT COLLATE "C" NOT NULL,
  id            TEXT COLLATE "C" NOT NULL,
  secret_digest TEXT COLLATE "C" NOT NULL,
  about         TEXT COLLATE "C" NOT NULL,
  created_at    BIGINT NOT NULL,
  PRIMARY KEY (district_id, id)
);
CREATE INDEX programs_age ON programs (created_at);

CREATE TABLE program_tokens (
  district_id TEXT COLLATE "C" NOT NULL,
  kind        TEXT COLLATE "C" NOT NULL,
  signature   TEXT COLLATE "C" NOT NULL,
  grant_id    TEXT COLLATE "C" NOT NULL,
  program     TEXT COLLATE "C" NOT NULL,
  person      TEXT COLLATE "C" NOT NULL,
  school      TEXT COLLATE "C" NOT NULL,
  scopes      TEXT COLLATE "C" NOT NULL,
  form        TEXT COLLATE "C" NOT NULL,
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
