-- Notifications of automated systems: what they asked for, for whom, and what became of it. The tables are the queue: a campaign worker asks them what is due.

-- A token that sends speaks for one account, as this person or organization.
ALTER TABLE api_token ADD COLUMN account_id bigint REFERENCES account, ADD COLUMN principal_id text REFERENCES principal, ADD COLUMN webhook_url text,
  -- sealed
  ADD COLUMN webhook_secret bytea, ADD CHECK ((webhook_url IS NULL) = (webhook_secret IS NULL));
CREATE INDEX api_token_account ON api_token (account_id) WHERE account_id IS NOT NULL;

CREATE TABLE notification_template (
  name text NOT NULL,
  version int NOT NULL CHECK (version > 0),
  -- as text keeps the order of the fields
  document json NOT NULL,
  -- of the shipped file that it was made from; null: by hand
  shipped_sha256 bytea,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by text NOT NULL,
  PRIMARY KEY (name, version)
);

CREATE TABLE notification (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES account,
  principal_id text,
  token_id bigint NOT NULL REFERENCES api_token,
  -- how it came: 'api' or 'smtp'
  source text NOT NULL,
  idempotency_key text,
  request_sha256 bytea NOT NULL,
  -- 0 is hỏa tốc, 3 is thường
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 3),
  accepted_at timestamptz NOT NULL,
  send_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- 'waiting' until every recipient was handed to delivery or has failed
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'cancelled', 'expired')),
  -- when a worker looks at it next
  next_at timestamptz NOT NULL,
  tries int NOT NULL DEFAULT 0,
  claimed_until timestamptz,
  -- the one message for all; null where each recipient has one of their own
  content bytea,
  -- sealed: what each of them is made from
  source_data bytea,
  template text,
  template_version int,
  recipient_count int NOT NULL,
  -- number of the last change of a recipient's state
  changes bigint NOT NULL DEFAULT 0,
  webhook_token_id bigint REFERENCES api_token,
  webhook_told bigint NOT NULL DEFAULT 0,
  webhook_next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  webhook_tries int NOT NULL DEFAULT 0,
  webhook_failing_since timestamptz,
  webhook_problem text NOT NULL DEFAULT '',
  CHECK ((content IS NULL) <> (source_data IS NULL))
);
CREATE UNIQUE INDEX notification_idempotency ON notification (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX notification_due ON notification (account_id, priority, next_at, id) WHERE state = 'waiting';
CREATE INDEX notification_of_account ON notification (account_id, id);
CREATE INDEX notification_content ON notification (content) WHERE content IS NOT NULL AND state = 'waiting';
CREATE INDEX notification_untold ON notification (webhook_next_at) WHERE webhook_token_id IS NOT NULL AND webhook_told < changes;
CREATE INDEX notification_accepted ON notification USING brin (accepted_at);

CREATE TABLE notification_recipient (
  notification_id bigint NOT NULL REFERENCES notification ON DELETE CASCADE,
  n int NOT NULL,
  -- canonical address of the account, or the foreign forward-path
  address text NOT NULL,
  -- as it was asked for: the same, an alias, or a group
  asked text NOT NULL,
  -- sealed: what its own message is made from; gone when that is made, or will not be
  data bytea,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'delivered', 'relayed', 'failed', 'cancelled', 'expired')),
  -- the acceptance that it went with
  envelope_id bigint,
  status text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  changed_at timestamptz,
  -- in the order of `notification.changes`; 0: not yet
  change bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (notification_id, n)
) WITH (fillfactor = 80);
CREATE INDEX notification_recipient_waiting ON notification_recipient (notification_id, n) WHERE state = 'waiting';
CREATE INDEX notification_recipient_sent ON notification_recipient (notification_id, n) WHERE state = 'sent';
CREATE INDEX notification_recipient_change ON notification_recipient (notification_id, change) WHERE change > 0;
