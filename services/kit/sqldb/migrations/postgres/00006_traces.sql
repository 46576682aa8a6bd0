-- +goose Up
-- The trace of the request that began the work, or whose event could not be applied: what is done later
-- goes on with it.
ALTER TABLE operations ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
