-- +goose Up
-- What a credential is about, beside its document, so that lists need not read documents.
ALTER TABLE credentials ADD COLUMN kind TEXT NOT NULL DEFAULT 'BADGE';
ALTER TABLE credentials ADD COLUMN school TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN issuer_name TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN signed_with TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN framework_version TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE credentials ADD COLUMN replaced_by TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE credentials ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;

UPDATE credentials SET
  issuer_name = 'issuers/state',
  school = coalesce((SELECT w.school FROM awards w
    WHERE w.district_id = credentials.district_id AND w.name = credentials.award), ''),
  framework_version = coalesce((SELECT w.framework_version FROM awards w
    WHERE w.district_id = credentials.district_id AND w.name = credentials.award), ''),
  expires_at = coalesce((SELECT w.expires_at FROM awards w
    WHERE w.district_id = credentials.district_id AND w.name = credentials.award), 0),
  title = coalesce(convert_from(document, 'UTF8')::jsonb ->> 'name', ''),
  issuer = coalesce(convert_from(document, 'UTF8')::jsonb -> 'issuer' ->> 'id', ''),
  signed_with = coalesce(convert_from(document, 'UTF8')::jsonb -> 'proof' -> 0 ->> 'verificationMethod', '');

-- One badge per award; other credentials have none.
DROP INDEX credentials_once;
CREATE UNIQUE INDEX credentials_once ON credentials (district_id, award) WHERE award <> '';
-- A document from elsewhere is kept once per school.
CREATE UNIQUE INDEX credentials_external ON credentials (district_id, school, digest) WHERE kind = 'EXTERNAL';
CREATE INDEX credentials_of ON credentials (district_id, school, issued_at, name);
CREATE INDEX credentials_signed ON credentials (kind, district_id, name);

-- Every form in which a credential was signed; the newest is also in credentials.
CREATE TABLE credential_versions (
  district_id TEXT NOT NULL,
  credential  TEXT NOT NULL,
  revision    BIGINT NOT NULL,
  document    BYTEA NOT NULL,
  digest      TEXT NOT NULL,
  signed_with TEXT NOT NULL,
  reason      TEXT NOT NULL,
  operation   TEXT NOT NULL,
  issued_at   BIGINT NOT NULL,
  PRIMARY KEY (district_id, credential, revision)
);
-- An operation signs each credential once.
CREATE UNIQUE INDEX credential_versions_once ON credential_versions (district_id, credential, operation) WHERE operation <> '';
CREATE INDEX credential_versions_digest ON credential_versions (digest);

INSERT INTO credential_versions (district_id, credential, revision, document, digest, signed_with, reason, operation, issued_at)
SELECT district_id, name, 1, document, digest, signed_with, 'ISSUED', '', issued_at FROM credentials;

-- What the school was called elsewhere and what its standard asked, at the submission, for the credential.
ALTER TABLE snapshots ADD COLUMN about TEXT NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE snapshots DROP COLUMN about;
DROP TABLE credential_versions;
DROP INDEX credentials_signed;
DROP INDEX credentials_of;
DROP INDEX credentials_external;
DROP INDEX credentials_once;
DELETE FROM credentials WHERE award = '';
CREATE UNIQUE INDEX credentials_once ON credentials (district_id, award);
ALTER TABLE credentials DROP COLUMN expires_at;
ALTER TABLE credentials DROP COLUMN revision;
ALTER TABLE credentials DROP COLUMN replaced_by;
ALTER TABLE credentials DROP COLUMN parts;
ALTER TABLE credentials DROP COLUMN framework_version;
ALTER TABLE credentials DROP COLUMN signed_with;
ALTER TABLE credentials DROP COLUMN issuer_name;
ALTER TABLE credentials DROP COLUMN issuer;
ALTER TABLE credentials DROP COLUMN title;
ALTER TABLE credentials DROP COLUMN school;
ALTER TABLE credentials DROP COLUMN kind;
