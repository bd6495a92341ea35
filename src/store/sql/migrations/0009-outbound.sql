-- Outbound mail that behaves: what refusals mean, whom nobody writes to any more, and how much each account sends.

-- why it failed or waits, in words that are the same for all servers; null: it did not
ALTER TABLE attempt ADD COLUMN bounce_class text;
ALTER TABLE delivery ADD COLUMN bounce_class text;

-- Foreign recipients that do not exist. Counted at first; refused at submission once there were enough.
CREATE TABLE suppression (
  recipient text PRIMARY KEY,
  -- messages, not tries
  bounces int NOT NULL,
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_envelope_id bigint,
  -- refused until then; null: only counted
  until timestamptz,
  -- what its server said last
  diagnostic text NOT NULL,
  -- who put it on the list; empty: the count did
  set_by text NOT NULL DEFAULT ''
);
CREATE INDEX suppression_last ON suppression (last_at);

-- With whom an account has exchanged mail: a hash is enough to tell a stranger by.
CREATE TABLE correspondent (
  account_id bigint NOT NULL,
  address_key bigint NOT NULL,
  PRIMARY KEY (account_id, address_key)
);

-- What an account sent to foreign addresses, by hours of UTC.
CREATE TABLE outbound_hour (
  account_id bigint NOT NULL,
  hour timestamptz NOT NULL,
  messages int NOT NULL,
  recipients int NOT NULL,
  strangers int NOT NULL,
  PRIMARY KEY (account_id, hour)
);

-- Accounts whose mail to foreign addresses waits for an administrator.
CREATE TABLE outbound_hold (
  account_id bigint PRIMARY KEY REFERENCES account,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason_vi text NOT NULL,
  reason_en text NOT NULL,
  -- when the administrators were told last
  told_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
