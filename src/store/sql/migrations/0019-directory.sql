-- The directory as administrators work on it: found as they type, changed one by one, in bulk, and by people who move, leave and hand over.

-- "Nguyễn Văn Đạt" → "nguyen van dat": what people type on any keyboard. As base/folded-name.ts, in small letters.
CREATE FUNCTION directory_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN lower(translate(regexp_replace(normalize($1, NFD), U&'[\0300-\036f]', '', 'g'), U&'\0111\0110', 'dd') COLLATE "C");

-- Kept by the database itself, whoever writes the row.
ALTER TABLE organization_unit ADD COLUMN folded text COLLATE "C" GENERATED ALWAYS AS (directory_fold(name || ' ' || code)) STORED;
ALTER TABLE principal ADD COLUMN folded text COLLATE "C" GENERATED ALWAYS AS (directory_fold(name || ' ' || id || ' ' || title || ' ' || regexp_replace(phone, '[^0-9]', '', 'g'))) STORED;
ALTER TABLE account ADD COLUMN folded text COLLATE "C" GENERATED ALWAYS AS (directory_fold(display_name || ' ' || address)) STORED;
ALTER TABLE mail_group ADD COLUMN folded text COLLATE "C" GENERATED ALWAYS AS (directory_fold(display_name || ' ' || address)) STORED;
ALTER TABLE alias ADD COLUMN folded text COLLATE "C" GENERATED ALWAYS AS (directory_fold(address)) STORED;

-- A unit that is no more keeps its past; nothing new begins in it. Its mailboxes are named by the rule of the nearest unit above that has one.
ALTER TABLE organization_unit ADD COLUMN suspended_at timestamptz, ADD COLUMN address_rule text;

-- Who looks after a group: the top of the units with its domain, where nobody said otherwise.
CREATE FUNCTION unit_of_domain(text) RETURNS text LANGUAGE sql STABLE STRICT
  RETURN (SELECT u.code FROM organization_unit u LEFT JOIN organization_unit p ON p.code = u.parent_code
    WHERE u.domain = $1 AND p.domain IS DISTINCT FROM $1 ORDER BY u.code LIMIT 1);
ALTER TABLE mail_group
  ADD COLUMN unit_code text REFERENCES organization_unit,
  -- null: what is sent to it goes at once; otherwise these accounts' addresses approve it first
  ADD COLUMN moderators text[];
UPDATE mail_group SET unit_code = unit_of_domain(split_part(address, '@', 2));
CREATE INDEX mail_group_unit ON mail_group (unit_code);
CREATE INDEX mail_group_member_address ON mail_group_member (member_address);
CREATE INDEX alias_account ON alias (account_id);
CREATE INDEX assignment_principal ON assignment (principal_id);

-- An address left behind by a move is somebody's until then, and free afterwards.
ALTER TABLE alias ADD COLUMN expires_on date;
CREATE INDEX alias_expires ON alias (expires_on) WHERE expires_on IS NOT NULL;

-- Closed for good: nothing opens it, its mail stays sealed where it is, and it takes no licence.
ALTER TABLE account ADD COLUMN archive_on date, ADD COLUMN archived_at timestamptz;
CREATE INDEX account_archive ON account (archive_on) WHERE archive_on IS NOT NULL AND archived_at IS NULL;

-- Accounts that may decide on a held message beside administrators: a group's moderators, those whom a policy's rule names.
ALTER TABLE held_message ADD COLUMN approvers text[] NOT NULL DEFAULT '{}';
CREATE INDEX held_message_approvers ON held_message USING gin (approvers) WHERE decision IS NULL;

-- A password that somebody else has made: 80 random bits, kept as a keyed hash; it opens the console alone, and there only the page on which it is replaced.
ALTER TABLE credential DROP CONSTRAINT credential_kind_check, ADD CONSTRAINT credential_kind_check CHECK (kind IN ('password', 'appPassword', 'oneTime'));
CREATE UNIQUE INDEX credential_one_time ON credential (account_id) WHERE kind = 'oneTime' AND revoked_at IS NULL;

-- Many changes from one file: planned, confirmed, worked off in the background.
CREATE TABLE bulk_job (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'queued', 'running', 'done', 'cancelled')),
  file_name text NOT NULL,
  -- whose change it is: the account signed in with, null on the command line; and as the audit names him
  account_id bigint REFERENCES account,
  started_by text NOT NULL,
  -- tops of the subtrees it is limited to; null: everything
  scope text[],
  header text[] NOT NULL,
  planned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  confirmed_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  cancel_asked_at timestamptz,
  cancelled_by text NOT NULL DEFAULT '',
  -- a worker has it until then; another takes it over afterwards
  claim text,
  claimed_until timestamptz,
  -- passwords were handed out, or forgotten
  result_taken_at timestamptz
);
CREATE INDEX bulk_job_due ON bulk_job (id) WHERE state IN ('queued', 'running');
CREATE INDEX bulk_job_account ON bulk_job (account_id, id);

CREATE TABLE bulk_row (
  job_id bigint NOT NULL REFERENCES bulk_job ON DELETE CASCADE,
  -- of the file, from 1
  line int NOT NULL,
  cells jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('bad', 'pending', 'done', 'failed', 'cancelled')),
  action text CHECK (action IN ('add', 'change', 'suspend')),
  -- what is to be done, as accounts/provision/bulk/rows.ts has it
  data jsonb,
  problems jsonb NOT NULL DEFAULT '[]',
  principal_id text,
  address text,
  -- the one-time password, sealed, until it is handed out
  secret bytea,
  PRIMARY KEY (job_id, line)
);
CREATE INDEX bulk_row_pending ON bulk_row (job_id, line) WHERE state = 'pending';
CREATE INDEX bulk_row_secret ON bulk_row (job_id) WHERE secret IS NOT NULL;
