-- +goose Up
-- How many events wait, and since when, is asked for with every look at metrics: from this small index, and
-- not from rows with their payloads.
CREATE INDEX outbox_waiting ON outbox (occurred_at) WHERE sent_at IS NULL;
