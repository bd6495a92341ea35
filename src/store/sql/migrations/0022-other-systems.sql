-- What other systems do with the directory: tokens for one unit, names that people and groups have elsewhere, synchronizations.

-- A token for the directory may be limited to a unit and those below it.
ALTER TABLE api_token ADD COLUMN unit_code text REFERENCES organization_unit;

-- What another system calls somebody or something of ours. For `scim` that is the client's externalId, for `ldap` what never changes about an entry.
CREATE TABLE external_identity (
  source text NOT NULL CHECK (source IN ('scim', 'ldap')),
  kind text NOT NULL CHECK (kind IN ('person', 'group')),
  -- a principal's id, a group's address
  key text NOT NULL,
  -- null: it has given none
  external_id text,
  -- what a person is signed in as there, where that is not the account's address
  user_name text,
  -- taken away there: not shown any more while it is suspended here
  gone boolean NOT NULL DEFAULT false,
  PRIMARY KEY (source, kind, key)
);
CREATE INDEX external_identity_external ON external_identity (source, kind, external_id);
CREATE UNIQUE INDEX external_identity_user_name ON external_identity (source, lower(user_name)) WHERE user_name IS NOT NULL AND NOT gone;

-- Runs of the synchronization with an LDAP server: what was found, what was to be done, and what was done.
CREATE TABLE ldap_sync (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_by text NOT NULL,
  -- 'planned': only looked; 'stopped': would suspend too many; 'failed': the server could not be read
  state text NOT NULL CHECK (state IN ('planned', 'applied', 'unchanged', 'stopped', 'failed')),
  report jsonb NOT NULL
);
