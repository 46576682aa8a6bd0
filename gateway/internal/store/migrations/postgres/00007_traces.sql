-- +goose Up
-- The trace of the request behind the event: every try of its delivery goes on with it.
ALTER TABLE webhook_deliveries ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE webhook_deliveries DROP COLUMN traceparent;
