-- The certificate registry: which certificate is held by which principal, and for which accounts it may speak.

ALTER TABLE assignment DROP CONSTRAINT assignment_rights_check;
ALTER TABLE assignment ADD CONSTRAINT assignment_rights_check CHECK (rights <@ ARRAY['owner', 'read', 'write', 'send-as', 'administer', 'sign']);

CREATE TABLE certificate (
  -- SHA-256 of the DER, lower case hex
  fingerprint text PRIMARY KEY CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  -- SHA-256 (hex) of the DER of the issuer's Name; with the serial number (hex) it names a certificate (RFC 5280 §4.1.2.2)
  issuer_hash text NOT NULL,
  serial_number text NOT NULL,
  der bytea NOT NULL,
  subject text NOT NULL,
  issuer text NOT NULL,
  -- those in the certificate; they bind it only where policy says so
  addresses text[] NOT NULL,
  principal_id text NOT NULL REFERENCES principal,
  use text NOT NULL CHECK (use IN ('personal', 'organizational', 'mobile')),
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  -- the days for which the binding holds, both inclusive, in the province's civil time; null is open
  valid_from date,
  valid_until date,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'revoked')),
  state_reason text NOT NULL DEFAULT '',
  state_at timestamptz NOT NULL DEFAULT now(),
  state_by text NOT NULL DEFAULT '',
  source text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (issuer_hash, serial_number)
);
ALTER TABLE certificate ALTER der SET STORAGE EXTERNAL;
CREATE INDEX certificate_principal ON certificate (principal_id);
CREATE INDEX certificate_not_after ON certificate (not_after) WHERE state = 'active';

-- Accounts that a certificate speaks for. Without a row: every account for which its holder may sign.
CREATE TABLE certificate_account (
  fingerprint text NOT NULL REFERENCES certificate,
  account_id bigint NOT NULL REFERENCES account,
  PRIMARY KEY (fingerprint, account_id)
);

-- Who has been told that a certificate ends: each mailbox once for each number of days.
CREATE TABLE certificate_warning (
  fingerprint text NOT NULL REFERENCES certificate,
  days int NOT NULL,
  recipient text NOT NULL,
  envelope_id bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (fingerprint, days, recipient)
);
