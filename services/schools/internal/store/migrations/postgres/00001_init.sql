-- +goose Up
-- A resource is found by district, name of its parent and id; '_state' stands
-- for what belongs to no district. Times are microseconds since 1970 UTC, JSON
-- is text, version is what the etag is made from.
-- Keys compare by bytes (COLLATE "C"), so that lists page alike on every locale.
CREATE TABLE districts (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  title            TEXT NOT NULL,
  state_identifier TEXT NOT NULL,
  region           TEXT NOT NULL,
  time_zone        TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE schools (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  title            TEXT NOT NULL,
  state_identifier TEXT NOT NULL,
  grade_low        TEXT NOT NULL,
  grade_high       TEXT NOT NULL,
  enrollment       BIGINT NOT NULL,
  title_one        BOOLEAN NOT NULL,
  charter          BOOLEAN NOT NULL,
  state            TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE feeder_systems (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  title       TEXT NOT NULL,
  schools     TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

-- The key is the rule: a school is in one feeder system at most.
CREATE TABLE feeder_schools (
  district_id TEXT COLLATE "C" NOT NULL,
  school      TEXT NOT NULL,
  feeder      TEXT NOT NULL,
  PRIMARY KEY (district_id, school)
);

CREATE TABLE people (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  display_name TEXT NOT NULL,
  email        TEXT NOT NULL,
  grants       TEXT NOT NULL,
  demo         BOOLEAN NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE cycles (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  title       TEXT NOT NULL,
  start_date  TEXT NOT NULL,
  end_date    TEXT NOT NULL,
  terms       TEXT NOT NULL,
  windows     TEXT NOT NULL,
  state       TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

-- What the calendar has announced, so that it announces it once.
CREATE TABLE announced_windows (
  district_id TEXT COLLATE "C" NOT NULL,
  cycle       TEXT NOT NULL,
  phase       TEXT NOT NULL,
  start_time  BIGINT NOT NULL,
  opened      BOOLEAN NOT NULL,
  closed      BOOLEAN NOT NULL,
  PRIMARY KEY (district_id, cycle, phase, start_time)
);

CREATE TABLE teams (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  title       TEXT NOT NULL,
  purpose     TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE members (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  person       TEXT NOT NULL,
  display_name TEXT NOT NULL,
  speaks_for   TEXT NOT NULL,
  lead         BOOLEAN NOT NULL,
  confirmed    BOOLEAN NOT NULL,
  departed     BOOLEAN NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE journeys (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  cycle             TEXT NOT NULL,
  past_cycles       TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  phase             TEXT NOT NULL,
  standard          TEXT NOT NULL,
  choice            TEXT NOT NULL,
  sign_off          TEXT NOT NULL,
  evidence_plan     TEXT NOT NULL,
  presentation      TEXT NOT NULL,
  sustain_plan      TEXT NOT NULL,
  application       TEXT NOT NULL,
  award             TEXT NOT NULL,
  revising          BOOLEAN NOT NULL,
  verdict_at        BIGINT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE goals (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  title                 TEXT NOT NULL,
  indicator             TEXT NOT NULL,
  improvement_plan_goal TEXT NOT NULL,
  measure               TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE steps (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  title        TEXT NOT NULL,
  goal         TEXT NOT NULL,
  owner        TEXT NOT NULL,
  due_date     TEXT NOT NULL,
  budget_cents BIGINT NOT NULL,
  completed    BOOLEAN NOT NULL,
  completed_at BIGINT NOT NULL,
  outcome      TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE reflections (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  step        TEXT NOT NULL,
  body        TEXT NOT NULL,
  speaks_for  TEXT NOT NULL,
  author      TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

CREATE TABLE notes (
  district_id TEXT COLLATE "C" NOT NULL,
  parent      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  body        TEXT NOT NULL,
  standard    TEXT NOT NULL,
  author      TEXT NOT NULL,
  PRIMARY KEY (district_id, parent, id)
);

-- Projections of other services' events. source is the resource of the owner
-- that a row tells about, from which it can be computed again; event_time is
-- the time of the newest event that it holds.
CREATE TABLE proj_survey_results (
  district_id TEXT COLLATE "C" NOT NULL,
  source      TEXT NOT NULL,
  event_time  BIGINT NOT NULL,
  school            TEXT NOT NULL,
  release           TEXT NOT NULL,
  campaign          TEXT NOT NULL,
  cycle             TEXT NOT NULL,
  wave              BIGINT NOT NULL,
  framework_version TEXT NOT NULL,
  sufficient        BOOLEAN NOT NULL,
  PRIMARY KEY (district_id, source)
);
CREATE INDEX proj_survey_results_school ON proj_survey_results (district_id, school);

CREATE TABLE proj_self_assessments (
  district_id TEXT COLLATE "C" NOT NULL,
  source      TEXT NOT NULL,
  event_time  BIGINT NOT NULL,
  team              TEXT NOT NULL,
  cycle             TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  PRIMARY KEY (district_id, source)
);
CREATE INDEX proj_self_assessments_team ON proj_self_assessments (district_id, team);

CREATE TABLE proj_evidence (
  district_id TEXT COLLATE "C" NOT NULL,
  source      TEXT NOT NULL,
  event_time  BIGINT NOT NULL,
  journey         TEXT NOT NULL,
  step            TEXT NOT NULL,
  indicator       TEXT NOT NULL,
  occur_date      TEXT NOT NULL,
  speaking_groups TEXT NOT NULL,
  sha256          TEXT NOT NULL,
  withdrawn       BOOLEAN NOT NULL,
  PRIMARY KEY (district_id, source)
);
CREATE INDEX proj_evidence_journey ON proj_evidence (district_id, journey);

CREATE TABLE proj_badge_rules (
  district_id TEXT COLLATE "C" NOT NULL,
  source      TEXT NOT NULL,
  event_time  BIGINT NOT NULL,
  badge_definition  TEXT NOT NULL,
  standard          TEXT NOT NULL,
  framework_version TEXT NOT NULL,
  rules             TEXT NOT NULL,
  PRIMARY KEY (district_id, source)
);
CREATE INDEX proj_badge_rules_standard ON proj_badge_rules (standard, framework_version, event_time);

CREATE TABLE proj_awards (
  district_id TEXT COLLATE "C" NOT NULL,
  source      TEXT NOT NULL,
  event_time  BIGINT NOT NULL,
  journey                  TEXT NOT NULL,
  application              TEXT NOT NULL,
  standard                 TEXT NOT NULL,
  badge_definition_version TEXT NOT NULL,
  credential               TEXT NOT NULL,
  state                    TEXT NOT NULL,
  PRIMARY KEY (district_id, source)
);
CREATE INDEX proj_awards_journey ON proj_awards (district_id, journey);

-- +goose Down
DROP TABLE proj_awards;
DROP TABLE proj_badge_rules;
DROP TABLE proj_evidence;
DROP TABLE proj_self_assessments;
DROP TABLE proj_survey_results;
DROP TABLE notes;
DROP TABLE reflections;
DROP TABLE steps;
DROP TABLE goals;
DROP TABLE journeys;
DROP TABLE members;
DROP TABLE teams;
DROP TABLE announced_windows;
DROP TABLE cycles;
DROP TABLE people;
DROP TABLE feeder_schools;
DROP TABLE feeder_systems;
DROP TABLE schools;
DROP TABLE districts;
