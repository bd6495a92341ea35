-- Policies as they were put in force, and what each decided. Both are evidence: a version is never changed or deleted.

CREATE TABLE policy_version (
  version bigint PRIMARY KEY,
  -- the whole file as it was read
  yaml text NOT NULL,
  sha256 text NOT NULL,
  -- the configured file was found changed at a start, or a command
  source text NOT NULL CHECK (source IN ('file', 'command')),
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_by text NOT NULL,
  why text NOT NULL
);

-- One row, or none before the first start.
CREATE TABLE policy_in_force (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version bigint NOT NULL REFERENCES policy_version
);

-- No reference to policy_version: every acceptance would lock the one row in force.
CREATE TABLE policy_decision (
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  -- null: refused, nothing was stored
  envelope_id bigint,
  message_id text NOT NULL,
  reverse_path text NOT NULL,
  policy_version bigint NOT NULL,
  rule_id text NOT NULL,
  verdict text NOT NULL,
  -- compressed and sealed like contents: subjects are in it
  facts bytea NOT NULL,
  -- read and forgotten in the order of time; every message writes here, so there is no other index than is needed
  PRIMARY KEY (at, id)
);
ALTER TABLE policy_decision ALTER facts SET STORAGE EXTERNAL;
CREATE INDEX policy_decision_envelope ON policy_decision (envelope_id) WHERE envelope_id IS NOT NULL;
