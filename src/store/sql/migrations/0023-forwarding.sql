-- Mail that an account passes on by itself. It counts as long as whoever set it may look after the account (accounts/forwarding.ts).
CREATE TABLE forwarding (
  account_id bigint PRIMARY KEY REFERENCES account,
  target text NOT NULL,
  keep_copy boolean NOT NULL,
  -- null: an account that nobody owns
  principal_id text REFERENCES principal,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What was done to one person, unit or group; only such entries name a key.
CREATE INDEX audit_of_key ON audit ((detail->>'key'), id) WHERE kind <> 'message.accepted' AND detail ? 'key';
CREATE INDEX audit_of_person ON audit (principal_id, id) WHERE kind <> 'message.accepted' AND detail ? 'key';
