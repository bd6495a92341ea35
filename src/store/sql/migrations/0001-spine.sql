-- The spine: directory, contents, envelopes and deliveries, mailboxes as logs, audit. Words as in docs/glossary.

CREATE TABLE directory_version (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), version bigint NOT NULL);
INSERT INTO directory_version (version) VALUES (1);

CREATE TABLE organization_unit (
  code text PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,
  parent_code text REFERENCES organization_unit DEFERRABLE INITIALLY DEFERRED,
  domain text NOT NULL
);

CREATE TABLE principal (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('individual', 'organization')),
  name text NOT NULL,
  unit_code text NOT NULL REFERENCES organization_unit,
  title text NOT NULL DEFAULT '',
  phone text NOT NULL DEFAULT '',
  suspended_at timestamptz
);

CREATE TABLE account (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  address text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('personal', 'organizational')),
  display_name text NOT NULL,
  unit_code text NOT NULL REFERENCES organization_unit,
  quota_bytes bigint NOT NULL CHECK (quota_bytes >= 0),
  suspended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE assignment (
  account_id bigint NOT NULL REFERENCES account,
  principal_id text NOT NULL REFERENCES principal,
  rights text[] NOT NULL CHECK (rights <@ ARRAY['owner', 'read', 'write', 'send-as', 'administer']),
  valid_from date,
  valid_until date,
  PRIMARY KEY (account_id, principal_id)
);

CREATE TABLE alias (
  address text PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES account
);

CREATE TABLE mail_group (
  address text PRIMARY KEY,
  display_name text NOT NULL,
  -- null: anyone may send to it; otherwise the addresses of the accounts that may
  allowed_senders text[]
);

CREATE TABLE mail_group_member (
  group_address text NOT NULL REFERENCES mail_group ON DELETE CASCADE,
  member_address text NOT NULL,
  PRIMARY KEY (group_address, member_address)
);

CREATE TABLE credential (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES account,
  principal_id text REFERENCES principal,
  kind text NOT NULL CHECK (kind IN ('password', 'appPassword')),
  -- bcrypt string of a password, HMAC-SHA-256 (hex) of an app password
  hash text NOT NULL,
  label text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);
CREATE UNIQUE INDEX credential_one_password ON credential (account_id) WHERE kind = 'password' AND revoked_at IS NULL;
CREATE INDEX credential_account ON credential (account_id) WHERE revoked_at IS NULL;

-- Contents: immutable bytes under the keyed hash of their SHA-256. Sealed columns are opaque here.
CREATE TABLE content (
  hash bytea PRIMARY KEY,
  size bigint NOT NULL,
  inline_bytes bytea,
  blob_key text,
  structure bytea NOT NULL,
  search_text bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- set by housekeeping when nothing refers to it; cleared by whoever refers to it again
  orphaned_at timestamptz,
  CHECK ((inline_bytes IS NULL) <> (blob_key IS NULL))
);
-- already compressed and sealed: compressing again would only cost time
ALTER TABLE content ALTER inline_bytes SET STORAGE EXTERNAL, ALTER structure SET STORAGE EXTERNAL, ALTER search_text SET STORAGE EXTERNAL;
CREATE INDEX content_orphaned ON content (orphaned_at) WHERE orphaned_at IS NOT NULL;
CREATE UNIQUE INDEX content_blob ON content (blob_key) WHERE blob_key IS NOT NULL;

-- Ids are handed out to processes in blocks, so that a batch can be written in one statement.
CREATE SEQUENCE envelope_id INCREMENT 1000;
CREATE SEQUENCE delivery_id INCREMENT 10000;

CREATE TABLE envelope (
  id bigint PRIMARY KEY,
  content bytea NOT NULL,
  sha256 bytea NOT NULL,
  size bigint NOT NULL,
  source text NOT NULL,
  reverse_path text NOT NULL,
  ret text,
  envid text,
  require_tls boolean NOT NULL,
  smtp_utf8 boolean NOT NULL,
  trace_prefix text NOT NULL,
  message_id text NOT NULL,
  accepted_at timestamptz NOT NULL,
  inserted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX envelope_content ON envelope (content);
CREATE INDEX envelope_message_id ON envelope (message_id);
CREATE INDEX envelope_accepted ON envelope USING brin (accepted_at);

CREATE TYPE delivery_state AS ENUM ('waiting', 'deferred', 'delivered', 'relayed', 'failed');

CREATE TABLE delivery (
  id bigint PRIMARY KEY,
  envelope_id bigint NOT NULL REFERENCES envelope,
  -- canonical address of the account, or the foreign forward-path: one row for each, however often it was named
  recipient text NOT NULL,
  account_id bigint,
  original_recipient text NOT NULL,
  notify text[] NOT NULL DEFAULT '{}',
  state delivery_state NOT NULL DEFAULT 'waiting',
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  queued_at timestamptz,
  -- a worker has it until then; another may take it over afterwards
  claimed_until timestamptz,
  -- when the sweeper last made a job for it
  requeued_at timestamptz,
  settled_at timestamptz,
  status text NOT NULL DEFAULT '',
  diagnostic text NOT NULL DEFAULT '',
  remote_mta text NOT NULL DEFAULT '',
  -- DSN kinds still owed to the sender, and those already made
  dsn_owed text[] NOT NULL DEFAULT '{}',
  dsn_made text[] NOT NULL DEFAULT '{}',
  UNIQUE (envelope_id, recipient)
) WITH (fillfactor = 80);
CREATE INDEX delivery_due ON delivery (next_attempt_at) WHERE state IN ('waiting', 'deferred');
CREATE INDEX delivery_dsn_owed ON delivery (id) WHERE dsn_owed <> '{}';

CREATE TABLE attempt (
  delivery_id bigint NOT NULL REFERENCES delivery,
  number int NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  outcome text NOT NULL,
  status text NOT NULL,
  diagnostic text NOT NULL,
  remote_mta text NOT NULL,
  tls text,
  PRIMARY KEY (delivery_id, number)
);

CREATE SEQUENCE uid_validity AS bigint;
SELECT setval('uid_validity', extract(epoch FROM now())::bigint);

-- A mailbox (folder) is a log; its counters move in the transaction that moves the log.
CREATE TABLE mailbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES account,
  name text NOT NULL,
  special_use text,
  uid_validity bigint NOT NULL DEFAULT nextval('uid_validity'),
  uid_next bigint NOT NULL DEFAULT 1,
  highest_modseq bigint NOT NULL DEFAULT 1,
  messages bigint NOT NULL DEFAULT 0 CHECK (messages >= 0),
  unseen bigint NOT NULL DEFAULT 0 CHECK (unseen >= 0),
  deleted bigint NOT NULL DEFAULT 0 CHECK (deleted >= 0),
  bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  first_recent_uid bigint NOT NULL DEFAULT 1,
  keywords text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (account_id, name)
) WITH (fillfactor = 50);

CREATE TABLE subscription (
  account_id bigint NOT NULL REFERENCES account,
  name text NOT NULL,
  PRIMARY KEY (account_id, name)
);

CREATE TABLE message (
  mailbox_id bigint NOT NULL REFERENCES mailbox ON DELETE CASCADE,
  uid bigint NOT NULL,
  modseq bigint NOT NULL,
  content bytea NOT NULL,
  -- where the trace prefix is; null for what a client stored itself
  envelope_id bigint,
  -- the delivery that put it here: at most one message for each, for ever
  delivery_id bigint,
  size bigint NOT NULL,
  internal_date timestamptz NOT NULL,
  -- flags it arrived with; later ones are in the log
  flags bigint NOT NULL DEFAULT 0,
  saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (mailbox_id, uid)
);
CREATE UNIQUE INDEX message_delivery ON message (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX message_content ON message (content);

CREATE TYPE mailbox_operation AS ENUM ('flags', 'expunge');

CREATE TABLE mailbox_change (
  mailbox_id bigint NOT NULL REFERENCES mailbox ON DELETE CASCADE,
  modseq bigint NOT NULL,
  operation mailbox_operation NOT NULL,
  -- runs of uids: ascending pairs first, last
  uid_ranges bigint[] NOT NULL,
  -- new flags = (old & keep_mask) | set_mask
  keep_mask bigint NOT NULL DEFAULT 0,
  set_mask bigint NOT NULL DEFAULT 0,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (mailbox_id, modseq)
);

-- The log folded up to modseq: the packed index of all messages, so that opening reads one value.
CREATE TABLE mailbox_snapshot (
  mailbox_id bigint PRIMARY KEY REFERENCES mailbox ON DELETE CASCADE,
  modseq bigint NOT NULL,
  packed bytea NOT NULL
);
ALTER TABLE mailbox_snapshot ALTER packed SET STORAGE EXTERNAL;

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL,
  principal_id text,
  account_id bigint,
  client_address text,
  envelope_id bigint,
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_envelope ON audit (envelope_id) WHERE envelope_id IS NOT NULL;
