-- +goose Up
-- Exports of districts that were taken whole, by the SHA-256 of their file: the
-- proof that a district had its records before they were deleted.
CREATE TABLE district_exports (
  district_id TEXT NOT NULL,
  sha256      TEXT NOT NULL,
  taken_at    BIGINT NOT NULL,
  taken_by    TEXT NOT NULL,
  PRIMARY KEY (district_id, sha256)
);

-- +goose Down
DROP TABLE district_exports;
