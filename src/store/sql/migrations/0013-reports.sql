-- Reports about TLS (RFC 8460) and about DMARC (RFC 9990): ours about others, and those of others about us.

-- How people name a report, whoever made it.
CREATE SEQUENCE report_number;

-- What was found out about one UTC day of one domain. A row says that this day of the domain is settled, also where nobody asked for a report (then without a body).
CREATE TABLE own_report (
  kind text NOT NULL CHECK (kind IN ('tls', 'dmarc')),
  day date NOT NULL,
  domain text NOT NULL,
  number bigint NOT NULL UNIQUE DEFAULT nextval('report_number'),
  report_id text NOT NULL UNIQUE,
  -- as it is sent, compressed
  body bytea,
  -- sessions or messages, and how many of them failed
  total bigint NOT NULL,
  failed bigint NOT NULL,
  made_at timestamptz NOT NULL,
  PRIMARY KEY (kind, day, domain)
);
ALTER TABLE own_report ALTER body SET STORAGE EXTERNAL;

-- Where each of them goes.
CREATE TABLE own_report_destination (
  kind text NOT NULL,
  day date NOT NULL,
  domain text NOT NULL,
  uri text NOT NULL,
  -- sent: accepted for delivery by mail, or taken by an HTTPS server
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
  due_at timestamptz NOT NULL,
  give_up_at timestamptz NOT NULL,
  attempts int NOT NULL DEFAULT 0,
  -- what was said last
  detail text NOT NULL DEFAULT '',
  -- the mail that carries it
  envelope_id bigint REFERENCES envelope,
  settled_at timestamptz,
  PRIMARY KEY (kind, day, domain, uri),
  FOREIGN KEY (kind, day, domain) REFERENCES own_report ON DELETE CASCADE
);
CREATE INDEX own_report_destination_due ON own_report_destination (due_at) WHERE state = 'waiting';

-- Mail to the addresses that reports are asked for at, written with the message itself; read once it is delivered.
CREATE TABLE report_mail (
  envelope_id bigint PRIMARY KEY REFERENCES envelope,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- other: it is no report; bad: it is one that cannot be used
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stored', 'duplicate', 'other', 'bad')),
  kind text CHECK (kind IN ('tls', 'dmarc')),
  -- why it is bad
  reason text NOT NULL DEFAULT '',
  -- times that reading it was begun: what ends the process is not begun for ever
  tries int NOT NULL DEFAULT 0
);
CREATE INDEX report_mail_waiting ON report_mail (envelope_id) WHERE state = 'waiting';
CREATE INDEX report_mail_received ON report_mail (received_at);

-- TLS reports of others about our domains.
CREATE TABLE received_tls_report (
  number bigint PRIMARY KEY DEFAULT nextval('report_number'),
  envelope_id bigint NOT NULL REFERENCES envelope,
  -- the domain that signed the mail; empty: nobody asked who did
  submitter text NOT NULL,
  organization text NOT NULL,
  contact text NOT NULL,
  report_id text NOT NULL,
  begins_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  UNIQUE (submitter, report_id)
);
CREATE INDEX received_tls_report_begins ON received_tls_report (begins_at);

CREATE TABLE received_tls_policy (
  report bigint NOT NULL REFERENCES received_tls_report ON DELETE CASCADE,
  position int NOT NULL,
  domain text NOT NULL,
  policy_type text NOT NULL,
  policy_string text[] NOT NULL,
  mx_hosts text[] NOT NULL,
  successful bigint NOT NULL,
  failed bigint NOT NULL,
  -- failure rows that did not fit in
  left_out int NOT NULL,
  PRIMARY KEY (report, position)
);
CREATE INDEX received_tls_policy_domain ON received_tls_policy (domain);

CREATE TABLE received_tls_failure (
  report bigint NOT NULL,
  policy int NOT NULL,
  position int NOT NULL,
  result_type text NOT NULL,
  -- empty where the report does not say
  sending_ip text NOT NULL,
  mx_host text NOT NULL,
  helo text NOT NULL,
  receiving_ip text NOT NULL,
  sessions bigint NOT NULL,
  reason_code text NOT NULL,
  information text NOT NULL,
  PRIMARY KEY (report, policy, position),
  FOREIGN KEY (report, policy) REFERENCES received_tls_policy ON DELETE CASCADE
);

-- The address that our side of a session had (RFC 8460 §4.4, sending-mta-ip).
ALTER TABLE tls_session_count ADD COLUMN sending_ip text NOT NULL DEFAULT '';
