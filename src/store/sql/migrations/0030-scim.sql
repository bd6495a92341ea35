-- SCIM says when each resource was last modified (RFC 7643 §3.1), and clients ask for what was since then. Kept by the database itself, whoever writes the row. Of
-- what was there before this, only that it was not modified after now is known.
ALTER TABLE organization_unit ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE principal ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE account ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE mail_group ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE external_identity ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE organization_unit ALTER changed_at SET DEFAULT clock_timestamp();
ALTER TABLE principal ALTER changed_at SET DEFAULT clock_timestamp();
ALTER TABLE account ALTER changed_at SET DEFAULT clock_timestamp();
ALTER TABLE mail_group ALTER changed_at SET DEFAULT clock_timestamp();
ALTER TABLE external_identity ALTER changed_at SET DEFAULT clock_timestamp();

CREATE FUNCTION stamp_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER stamp_change BEFORE UPDATE ON organization_unit FOR EACH ROW EXECUTE FUNCTION stamp_change();
CREATE TRIGGER stamp_change BEFORE UPDATE ON principal FOR EACH ROW EXECUTE FUNCTION stamp_change();
CREATE TRIGGER stamp_change BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION stamp_change();
CREATE TRIGGER stamp_change BEFORE UPDATE ON mail_group FOR EACH ROW EXECUTE FUNCTION stamp_change();
CREATE TRIGGER stamp_change BEFORE UPDATE ON external_identity FOR EACH ROW EXECUTE FUNCTION stamp_change();

-- A group's members, an account's aliases are part of it. Once a statement: a group is filled by tens of thousands.
CREATE FUNCTION stamp_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE mail_group SET changed_at = clock_timestamp() WHERE address IN (SELECT group_address FROM changed);
  RETURN NULL;
END $$;
CREATE TRIGGER stamp_joined AFTER INSERT ON mail_group_member REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION stamp_group();
CREATE TRIGGER stamp_renamed AFTER UPDATE ON mail_group_member REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION stamp_group();
CREATE TRIGGER stamp_left AFTER DELETE ON mail_group_member REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION stamp_group();

CREATE FUNCTION stamp_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET changed_at = clock_timestamp() WHERE id IN (SELECT account_id FROM changed);
  RETURN NULL;
END $$;
CREATE TRIGGER stamp_added AFTER INSERT ON alias REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION stamp_account();
CREATE TRIGGER stamp_removed AFTER DELETE ON alias REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION stamp_account();

-- Identity systems ask for each person by `userName`, also for one whom an administrator has taken back.
CREATE INDEX external_identity_named ON external_identity (source, lower(user_name)) WHERE user_name IS NOT NULL;
