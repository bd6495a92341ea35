-- Second factors of the console, and how its sessions were opened.

CREATE TABLE second_factor (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- whose it is: the person, with whatever mailbox he signs in; null where nobody owns the account
  principal_id text REFERENCES principal,
  -- that was signed in to when it was added
  account_id bigint NOT NULL REFERENCES account,
  kind text NOT NULL CHECK (kind IN ('totp', 'passkey')),
  name text NOT NULL,
  -- totp: sealed, and the last time step a code of which was taken (RFC 6238 §5.2)
  secret bytea,
  last_step bigint,
  -- passkey: COSE key, and the authenticator's own count (WebAuthn Level 3 §6.1.1)
  credential_id bytea,
  public_key bytea,
  sign_count bigint,
  transports text[],
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz,
  last_used_from text NOT NULL DEFAULT '',
  ended_at timestamptz,
  ended_by text NOT NULL DEFAULT '',
  CHECK (ended_at IS NOT NULL OR (kind = 'totp') = (secret IS NOT NULL AND last_step IS NOT NULL)),
  CHECK (ended_at IS NOT NULL OR (kind = 'passkey') = (credential_id IS NOT NULL AND public_key IS NOT NULL AND sign_count IS NOT NULL AND transports IS NOT NULL))
);
CREATE UNIQUE INDEX second_factor_credential ON second_factor (credential_id) WHERE ended_at IS NULL;
CREATE INDEX second_factor_principal ON second_factor (principal_id) WHERE ended_at IS NULL;
CREATE INDEX second_factor_account ON second_factor (account_id) WHERE ended_at IS NULL;

-- For who has lost the others. Random enough that a fast keyed hash keeps them safe.
CREATE TABLE recovery_code (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  principal_id text REFERENCES principal,
  account_id bigint NOT NULL REFERENCES account,
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  used_at timestamptz,
  used_from text NOT NULL DEFAULT ''
);
CREATE INDEX recovery_code_principal ON recovery_code (principal_id);
CREATE INDEX recovery_code_account ON recovery_code (account_id);

-- Challenges that were answered, so that no answer counts twice; kept for longer than a challenge lives.
CREATE TABLE spent_challenge (
  sha256 bytea PRIMARY KEY,
  spent_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX spent_challenge_age ON spent_challenge (spent_at);

ALTER TABLE console_session
  ADD COLUMN opened_by text NOT NULL DEFAULT 'password' CHECK (opened_by IN ('password', 'passkey', 'singleSignOn')),
  -- the identity provider's, sealed: names the session there when it is to end, too
  ADD COLUMN id_token bytea;
