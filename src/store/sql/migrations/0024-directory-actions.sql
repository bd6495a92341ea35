-- People who moved, left, handed an account over: what was done, so that it can be read and, where that is possible, taken back.
CREATE TABLE directory_action (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('move', 'leave', 'handOver')),
  -- a person's id, an account's address at that time
  subject text NOT NULL,
  -- of the person or account, before
  unit_code text NOT NULL,
  steps jsonb NOT NULL,
  done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  undone_at timestamptz
);
CREATE INDEX directory_action_subject ON directory_action (subject, id);
