-- +goose Up
ALTER TABLE artifacts ADD COLUMN public_summary TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE artifacts DROP COLUMN public_summary;
