-- +goose Up
-- What belongs to a district says so, and row-level security follows.
ALTER TABLE operations ADD COLUMN district_id TEXT NOT NULL DEFAULT '_state';
UPDATE operations SET district_id = split_part(name, '/', 2) WHERE name LIKE 'districts/%';
ALTER TABLE dead_letters ADD COLUMN district_id TEXT NOT NULL DEFAULT '_state';
UPDATE dead_letters SET district_id = split_part(name, '/', 2) WHERE name LIKE 'districts/%';
