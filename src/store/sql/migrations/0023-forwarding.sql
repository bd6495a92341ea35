-- Mail that an account passes on by itself. It counts as long as whoever set it may look after the account (accounts/forwarding.ts).
CREATE TABLE forwarding (
  account_id bigint PRIMARY KEY REFERENCES account,
  target text NOT NULL,
  keep_copy boolean NOT NULL,
  -- null: an account that nobody owns
  principal_id text REFERENCES principal,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
