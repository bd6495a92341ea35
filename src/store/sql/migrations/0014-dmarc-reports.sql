-- DMARC aggregate reports (RFC 9990): what ours need beside the counts, and those of others about our domains.

-- The DMARC record of a domain as it was seen last on a day: whom the report goes to, and what it says of the policy.
CREATE TABLE dmarc_record (
  -- UTC
  day date NOT NULL,
  policy_domain text NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (day, policy_domain)
);

CREATE TABLE received_dmarc_report (
  number bigint PRIMARY KEY DEFAULT nextval('report_number'),
  envelope_id bigint NOT NULL REFERENCES envelope,
  -- the domain that the mail is proven to be from; empty: nobody asked
  submitter text NOT NULL,
  report_id text NOT NULL,
  -- whose policy it is about
  domain text NOT NULL,
  organization text NOT NULL,
  email text NOT NULL,
  begins_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  errors text[] NOT NULL,
  -- as the reporter saw it: p, sp, np, adkim, aspf, testing, fo
  policy jsonb NOT NULL,
  -- how many rows it has
  records int NOT NULL,
  received_at timestamptz NOT NULL,
  UNIQUE (submitter, report_id)
);
CREATE INDEX received_dmarc_report_ends ON received_dmarc_report (ends_at);
CREATE INDEX received_dmarc_report_received ON received_dmarc_report (received_at);

CREATE TABLE received_dmarc_row (
  report bigint NOT NULL REFERENCES received_dmarc_report ON DELETE CASCADE,
  position int NOT NULL,
  source inet NOT NULL,
  messages bigint NOT NULL,
  -- none, pass, quarantine, reject
  disposition text NOT NULL,
  dkim_aligned boolean NOT NULL,
  spf_aligned boolean NOT NULL,
  -- [{ type, comment }]
  reasons jsonb NOT NULL,
  header_from text NOT NULL,
  envelope_from text NOT NULL,
  -- [{ domain, selector, result }]
  dkim jsonb NOT NULL,
  -- { domain, result }, or null
  spf jsonb NOT NULL,
  PRIMARY KEY (report, position)
);
