-- +goose Up
-- The gateway's own schema; its tables come with the migrations after this one.
SELECT 1;

-- +goose Down
SELECT 1;
