-- The web console: who administers what, who is signed in, when credentials were last used.

-- An account's sign-in is an administrator's as long as the same person is behind it.
CREATE TABLE administrator (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES account,
  principal_id text REFERENCES principal,
  role text NOT NULL CHECK (role IN ('province', 'unit', 'auditor', 'operator')),
  -- the top of the subtree that a 'unit' administrator sees and changes
  unit_code text REFERENCES organization_unit,
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  granted_by text NOT NULL,
  ended_at timestamptz,
  ended_by text NOT NULL DEFAULT '',
  CHECK ((role = 'unit') = (unit_code IS NOT NULL))
);
CREATE UNIQUE INDEX administrator_in_force ON administrator (account_id, role, coalesce(unit_code, '')) WHERE ended_at IS NULL;

CREATE TABLE console_session (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- of the token in the cookie: 256 random bits, so that a plain hash cannot be guessed back
  sha256 bytea NOT NULL UNIQUE,
  account_id bigint NOT NULL REFERENCES account,
  principal_id text REFERENCES principal,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  client_address text NOT NULL,
  user_agent text NOT NULL,
  -- none: not asked for; awaited: the password was right, nothing else is open yet
  second_factor text NOT NULL DEFAULT 'none' CHECK (second_factor IN ('none', 'awaited', 'passed')),
  -- when the password was last given
  proven_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  ended_by text NOT NULL DEFAULT ''
);
CREATE INDEX console_session_account ON console_session (account_id) WHERE ended_at IS NULL;
CREATE INDEX console_session_age ON console_session (created_at);

-- noted once a minute at most
ALTER TABLE credential ADD COLUMN last_used_at timestamptz, ADD COLUMN last_used_from text NOT NULL DEFAULT '';

-- Lists of a unit's subtree.
CREATE INDEX organization_unit_parent ON organization_unit (parent_code);
CREATE INDEX account_unit ON account (unit_code);
CREATE INDEX principal_unit ON principal (unit_code);

-- What went in and out on a day of the province's civil time that is over; today is counted from the rows themselves.
CREATE TABLE mail_day (
  day date PRIMARY KEY,
  -- accepted from other servers, and those of them that were signed, and that came over TLS
  received bigint NOT NULL,
  received_signed bigint NOT NULL,
  received_tls bigint NOT NULL,
  -- accepted from accounts here, and those of them that were signed
  submitted bigint NOT NULL,
  submitted_signed bigint NOT NULL,
  -- deliveries made to other servers, and those of them over TLS
  relayed bigint NOT NULL,
  relayed_tls bigint NOT NULL,
  counted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX attempt_ended ON attempt USING brin (ended_at);
CREATE INDEX audit_sign_in_failed ON audit (at) WHERE kind = 'signIn.failed';
