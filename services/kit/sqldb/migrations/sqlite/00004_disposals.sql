-- +goose Up
-- What a disposition did to each table, counted in the transaction that did it.
CREATE TABLE disposals (
  district_id TEXT NOT NULL,
  disposition TEXT NOT NULL,
  table_name  TEXT NOT NULL,
  treatment   TEXT NOT NULL,
  records     BIGINT NOT NULL,
  PRIMARY KEY (district_id, disposition, table_name)
);
