-- +goose Up
-- Roles of people become rows of their own, with who gave them, why and for how
-- long. An end_at of 0 is no end, an ended_at of 0 is not ended; waits is set
-- until a second person approves.
CREATE TABLE grants (
  district_id TEXT NOT NULL,
  parent      TEXT NOT NULL,
  id          TEXT NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  role       TEXT NOT NULL,
  node       TEXT NOT NULL,
  start_at   BIGINT NOT NULL,
  end_at     BIGINT NOT NULL,
  reason     TEXT NOT NULL,
  grantor    TEXT NOT NULL,
  waits      BOOLEAN NOT NULL,
  approver   TEXT NOT NULL,
  ended_at   BIGINT NOT NULL,
  ended_by   TEXT NOT NULL,
  end_reason TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);
CREATE INDEX grants_node ON grants (district_id, node);

-- What people held until now moves over. Nobody knows any more who gave it. The
-- old column stays, empty, for a program that still reads it.
INSERT INTO grants
SELECT p.district_id, CASE WHEN p.parent = '' THEN '' ELSE p.parent || '/' END || 'people/' || p.id, 'before-' || (g.key + 1), 1,
  p.created_at, p.created_at, json_extract(g.value, '$.role'), json_extract(g.value, '$.node'), p.created_at, 0,
  'Held before grants were kept one by one.', '', FALSE, '', 0, '', ''
FROM people p, json_each(NULLIF(p.grants, 'null')) g;
UPDATE people SET grants = '[]';

ALTER TABLE people ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX people_mail ON people (district_id, parent, lower(email));

-- The accounts of identity providers that people sign in with. The two keys are
-- the rules: an account is one person of a district, and a person has one account
-- of an issuer.
CREATE TABLE accounts (
  district_id TEXT NOT NULL,
  issuer      TEXT NOT NULL,
  subject     TEXT NOT NULL,
  person      TEXT NOT NULL,
  linked_at   BIGINT NOT NULL,
  PRIMARY KEY (district_id, issuer, subject)
);
CREATE UNIQUE INDEX accounts_person ON accounts (district_id, person, issuer);

-- What a district forbids. What is lifted stays, so that it is known which
-- districts ever forbade anything.
CREATE TABLE restrictions (
  district_id TEXT NOT NULL,
  parent      TEXT NOT NULL,
  id          TEXT NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  actions     TEXT NOT NULL,
  roles       TEXT NOT NULL,
  reason      TEXT NOT NULL,
  lifted      BOOLEAN NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

-- +goose Down
DROP TABLE restrictions;
DROP TABLE accounts;
DROP INDEX people_mail;
ALTER TABLE people DROP COLUMN disabled;
DROP TABLE grants;
