-- The queue as an administrator steers it: deliveries held, destinations paused; which DSN told of what; keys to the API.

-- Open ones in the order of their ids, and by destination. The states are named from the other side: 'held' may be as young as this transaction.
CREATE INDEX delivery_open ON delivery (id) WHERE state NOT IN ('delivered', 'relayed', 'failed');
CREATE INDEX delivery_open_destination ON delivery (lower(split_part(recipient, '@', -1)), id) WHERE account_id IS NULL AND state NOT IN ('delivered', 'relayed', 'failed');
-- What came for an address. Entered once, when a delivery settles: each row is rewritten then, and an index of all rows would be paid for twice.
CREATE INDEX delivery_settled_recipient ON delivery (recipient, id) WHERE state IN ('delivered', 'relayed', 'failed');
CREATE INDEX envelope_reverse_path ON envelope (reverse_path, id) WHERE reverse_path <> '';

-- A delivery in state 'held' that a person stopped; one without a row here is held by policy (held_message).
CREATE TABLE delivery_hold (
  delivery_id bigint PRIMARY KEY REFERENCES delivery,
  held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  held_by text NOT NULL,
  why text NOT NULL,
  state_before delivery_state NOT NULL
);

CREATE TABLE destination_pause (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- of the recipient's address, or a mail host (MX)
  kind text NOT NULL CHECK (kind IN ('domain', 'host')),
  -- lower case, A-labels: 'xa.example', or '*.xa.example' for every name below it
  pattern text NOT NULL,
  -- null: until somebody resumes it
  until timestamptz,
  paused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  paused_by text NOT NULL,
  why text NOT NULL,
  resumed_at timestamptz,
  resumed_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX destination_pause_open ON destination_pause (kind, pattern) WHERE resumed_at IS NULL;

-- the pause that a worker met when it was this delivery's turn
ALTER TABLE delivery ADD COLUMN pause_id bigint REFERENCES destination_pause;
CREATE INDEX delivery_paused ON delivery (pause_id) WHERE pause_id IS NOT NULL;

CREATE TABLE delivery_dsn (
  delivery_id bigint NOT NULL REFERENCES delivery,
  kind text NOT NULL,
  -- of the DSN itself
  envelope_id bigint NOT NULL REFERENCES envelope,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (delivery_id, kind)
);
CREATE INDEX delivery_dsn_envelope ON delivery_dsn (envelope_id);

-- Keys of programs to the API. The key itself is 256 random bits and shown once: a plain hash cannot be guessed back.
CREATE TABLE api_token (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  sha256 bytea NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by text NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by text NOT NULL DEFAULT ''
);
