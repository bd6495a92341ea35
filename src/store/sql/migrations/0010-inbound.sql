-- What mail from other servers leaves behind: DMARC's figures of a day for the reports to the domains (RFC 9990), and who was told to come again.

-- One row for each combination that a report tells apart.
CREATE TABLE dmarc_observation (
  -- UTC
  day date NOT NULL,
  -- where the DMARC record was
  policy_domain text NOT NULL,
  header_from text NOT NULL,
  source inet NOT NULL,
  -- what was done: none, quarantine, reject
  disposition text NOT NULL,
  -- why less was done than asked: local_policy, trusted_forwarder; empty: nothing less was
  override text NOT NULL,
  dkim_aligned boolean NOT NULL,
  spf_aligned boolean NOT NULL,
  spf_domain text NOT NULL,
  spf_result text NOT NULL,
  -- [{ domain, selector, result }]
  dkim jsonb NOT NULL,
  messages bigint NOT NULL,
  PRIMARY KEY (day, policy_domain, header_from, source, disposition, override, dkim_aligned, spf_aligned, spf_domain, spf_result, dkim)
);

-- Senders that were deferred at their first message, and those that came again.
CREATE TABLE greylist (
  -- the client's network, /24 or /64
  network inet NOT NULL,
  sender text NOT NULL,
  recipient text NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  passed boolean NOT NULL,
  PRIMARY KEY (network, sender, recipient)
);
CREATE INDEX greylist_age ON greylist (last_at);
