-- +goose Up
CREATE TABLE inventories (
  district_id  TEXT NOT NULL,
  inventory_id TEXT NOT NULL,
  cycle        TEXT NOT NULL,
  state        BIGINT NOT NULL,
  marks        TEXT NOT NULL,
  own_lines    TEXT NOT NULL,
  submitted_at BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  PRIMARY KEY (district_id, inventory_id),
  UNIQUE (district_id, cycle)
);
CREATE INDEX inventories_submitted ON inventories (cycle, district_id) WHERE state = 2;
