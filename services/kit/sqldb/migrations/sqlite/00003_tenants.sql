-- +goose Up
-- What belongs to a district says so; on PostgreSQL row-level security follows.
ALTER TABLE operations ADD COLUMN district_id TEXT NOT NULL DEFAULT '_state';
UPDATE operations SET district_id = substr(name, 11, instr(substr(name, 11) || '/', '/') - 1) WHERE name LIKE 'districts/%';
ALTER TABLE dead_letters ADD COLUMN district_id TEXT NOT NULL DEFAULT '_state';
UPDATE dead_letters SET district_id = substr(name, 11, instr(substr(name, 11) || '/', '/') - 1) WHERE name LIKE 'districts/%';
