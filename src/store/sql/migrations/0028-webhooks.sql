-- Webhooks of events: what happened, written by triggers in the transaction that it happens in, so that no statement can forget it and nothing is told that
-- was not committed; and who is told of it, how far. With no webhook in force the triggers write nothing.

CREATE TABLE webhook (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  description text NOT NULL,
  url text NOT NULL,
  -- sealed
  secret bytea NOT NULL,
  -- the one before, with which calls are signed as well until then
  old_secret bytea,
  old_secret_until timestamptz,
  events text[] NOT NULL CHECK (events <> '{}'),
  -- told of this subtree only; null: of everything
  unit_code text REFERENCES organization_unit,
  -- the token that made it, with which it ends; null: made in the console
  token_id bigint REFERENCES api_token,
  -- who is written to when it is stopped
  contact_account_id bigint NOT NULL REFERENCES account,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by text NOT NULL,
  -- 'failing' and 'backlog': by the system
  stopped_at timestamptz,
  stopped_why text CHECK (stopped_why IN ('byHand', 'failing', 'backlog')),
  notice_owed boolean NOT NULL DEFAULT false,
  -- a worker calls it until then
  claimed_until timestamptz,
  next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries int NOT NULL DEFAULT 0,
  failing_since timestamptz,
  CHECK ((stopped_at IS NULL) = (stopped_why IS NULL)),
  CHECK ((old_secret IS NULL) = (old_secret_until IS NULL))
);
CREATE INDEX webhook_token ON webhook (token_id) WHERE token_id IS NOT NULL;
CREATE INDEX webhook_notice ON webhook (id) WHERE notice_owed;

-- What happened and nobody has looked yet whom to tell of it. Not in the order of commits; whoever takes a row deletes it, so none is missed.
CREATE TABLE happening (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- as the audit has it, or of the system itself
  kind text NOT NULL,
  principal_id text,
  account_id bigint,
  envelope_id bigint,
  detail jsonb NOT NULL
);

CREATE TABLE webhook_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  type text NOT NULL,
  -- codes of the units that it is about; none: of the province as a whole
  units text[] NOT NULL,
  -- as text keeps the order of its members
  data json NOT NULL,
  -- one of these is told, however often it happens
  once text UNIQUE
);
CREATE INDEX webhook_event_at ON webhook_event USING brin (at);

CREATE TABLE webhook_delivery (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  webhook_id bigint NOT NULL REFERENCES webhook ON DELETE CASCADE,
  event_id bigint NOT NULL REFERENCES webhook_event ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'told', 'failed')),
  -- somebody asked for it: it goes before others, once, also where the webhook is stopped
  by_hand boolean NOT NULL DEFAULT false,
  tries int NOT NULL DEFAULT 0,
  first_tried_at timestamptz,
  last_tried_at timestamptz,
  -- HTTP status of the last answer; null: there was none
  status int,
  problem text NOT NULL DEFAULT ''
);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (webhook_id, by_hand DESC, id) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_of ON webhook_delivery (webhook_id, id);
CREATE INDEX webhook_delivery_event ON webhook_delivery (event_id);

CREATE FUNCTION webhooks_in_force() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM webhook WHERE stopped_at IS NULL) $$;

CREATE FUNCTION note_audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhooks_in_force() THEN
    INSERT INTO happening (at, kind, principal_id, account_id, envelope_id, detail) VALUES (NEW.at, NEW.kind, NEW.principal_id, NEW.account_id, NEW.envelope_id, NEW.detail);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhooks_in_force() THEN
    INSERT INTO happening (at, kind, envelope_id, detail) VALUES (NEW.held_at, 'message.held', NEW.envelope_id, jsonb_build_object('hold', NEW.kind, 'rule', NEW.rule_id));
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_delivery_failed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhooks_in_force() THEN
    INSERT INTO happening (kind, envelope_id, detail) VALUES ('delivery.failed', NEW.envelope_id, jsonb_build_object('deliveryId', NEW.id, 'recipient', NEW.recipient, 'status', NEW.status));
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_certificate_warning() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhooks_in_force() THEN
    INSERT INTO happening (at, kind, principal_id, detail)
    SELECT NEW.at, 'certificate.expiring', principal_id, jsonb_build_object('fingerprint', fingerprint, 'use', use, 'notAfter', not_after, 'days', NEW.days) FROM certificate WHERE fingerprint = NEW.fingerprint;
  END IF;
  RETURN NULL;
END $$;

-- What was guessed at is not told: it may be a password in the wrong field.
CREATE FUNCTION note_lockout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhooks_in_force() THEN
    INSERT INTO happening (at, kind, detail) VALUES (NEW.since, 'lockout.began', jsonb_build_object('kind', NEW.kind, 'network', NEW.network, 'failures', NEW.failures, 'until', NEW.until));
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_tls_failures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhooks_in_force() THEN
    INSERT INTO happening (kind, detail) VALUES ('tlsReport.failures', jsonb_build_object('report', NEW.report, 'domain', NEW.domain, 'failed', NEW.failed, 'successful', NEW.successful));
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION note_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF webhooks_in_force() THEN
    INSERT INTO happening (at, kind, detail) VALUES (NEW.finished_at, 'report.ready', jsonb_build_object('month', to_char(NEW.month, 'YYYY-MM')));
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER note_happening AFTER INSERT ON audit FOR EACH ROW WHEN (NEW.kind IN (
  'account.added', 'account.changed', 'account.suspended', 'account.reactivated', 'principal.added', 'principal.changed', 'principal.suspended', 'principal.reactivated',
  'move.movePerson', 'move.moveAccount', 'move.renameAccount', 'move.undone', 'leave.suspendPerson', 'leave.suspendAccount', 'leave.undone', 'handOver.giveOwner',
  'certificate.suspended', 'certificate.revoked', 'certificate.reinstated', 'message.released', 'message.refused', 'policy.applied', 'bulk.ended'
)) EXECUTE FUNCTION note_audited();
CREATE TRIGGER note_happening AFTER INSERT ON held_message FOR EACH ROW EXECUTE FUNCTION note_held();
CREATE TRIGGER note_happening AFTER UPDATE OF state ON delivery FOR EACH ROW WHEN (NEW.state = 'failed' AND OLD.state <> 'failed') EXECUTE FUNCTION note_delivery_failed();
CREATE TRIGGER note_happening AFTER INSERT ON certificate_warning FOR EACH ROW EXECUTE FUNCTION note_certificate_warning();
CREATE TRIGGER note_begun AFTER INSERT ON lockout FOR EACH ROW EXECUTE FUNCTION note_lockout();
CREATE TRIGGER note_begun_again AFTER UPDATE ON lockout FOR EACH ROW WHEN (NEW.lifted_at IS NULL AND (OLD.lifted_at IS NOT NULL OR OLD.until <= NEW.since)) EXECUTE FUNCTION note_lockout();
CREATE TRIGGER note_happening AFTER INSERT ON received_tls_policy FOR EACH ROW WHEN (NEW.failed > 0) EXECUTE FUNCTION note_tls_failures();
CREATE TRIGGER note_ready AFTER INSERT ON report_month FOR EACH ROW WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION note_report();
CREATE TRIGGER note_ready_now AFTER UPDATE ON report_month FOR EACH ROW WHEN (NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL) EXECUTE FUNCTION note_report();
