-- The audit as a chain: entries stay plain inserts of the transactions that they tell of; the sealer appends each that was committed to audit_seal.
-- The sealer relies on ids being handed out one by one, under the lock that an INSERT takes: the sequence must keep CACHE 1.

-- Who did it, where a person or a program acted by a command, the API or the console (accounts/actor.ts). The database's connection says so for
-- all statements of one action, so that none of them can forget it.
ALTER TABLE audit ADD COLUMN actor jsonb;
ALTER TABLE audit ALTER actor SET DEFAULT nullif(current_setting('congthu.actor', true), '')::jsonb;

-- Acceptances are nearly all of the entries, and nobody looks for them here but by their message: they pay for none of these.
CREATE INDEX audit_actions ON audit (id) WHERE kind <> 'message.accepted';
CREATE INDEX audit_of_account ON audit (account_id, id) WHERE kind <> 'message.accepted' AND account_id IS NOT NULL;
-- Not of all entries, and no BRIN index on their time: acceptances would pay for it.
CREATE INDEX audit_at ON audit (at) WHERE kind <> 'message.accepted';

-- hash = SHA-256 (hash of the position before, or 32 zero octets || canonical JSON of the entry); in the order of the entries' ids.
CREATE TABLE audit_seal (
  position bigint PRIMARY KEY CHECK (position > 0),
  audit_id bigint NOT NULL UNIQUE,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);

-- What the server has signed: so far the chain went at that time. Kept for ever.
CREATE TABLE audit_head (
  position bigint PRIMARY KEY,
  audit_id bigint NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  at timestamptz NOT NULL,
  system text NOT NULL,
  public_key bytea NOT NULL,
  signature bytea NOT NULL,
  -- RFC 3161, on the signature; null where no authority was asked, or none answered
  stamp bytea
);

-- Up to here entries were deleted because they were old enough; always a signed head. Whoever verifies begins behind the last one.
CREATE TABLE audit_checkpoint (
  position bigint PRIMARY KEY REFERENCES audit_head,
  audit_id bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Against slips and against programs of ours. Whoever owns the tables can take it away; that is what the chain is for.
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME IN ('audit', 'audit_seal') THEN
    IF coalesce(to_jsonb(OLD)->>'audit_id', to_jsonb(OLD)->>'id')::bigint <= (SELECT max(audit_id) FROM audit_checkpoint) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_seal FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_seal FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
