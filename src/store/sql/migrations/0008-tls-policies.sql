-- What other domains say of their TLS, how sessions with them went, and what each attempt was protected by.

-- MTA-STS policies (RFC 8461), one for each domain: kept until they end, whether or not they can be fetched again
CREATE TABLE mta_sts_policy (
  domain text PRIMARY KEY,
  -- of the TXT record that announced it
  id text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('enforce', 'testing', 'none')),
  mx text[] NOT NULL,
  max_age_seconds bigint NOT NULL,
  fetched_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  asked_at timestamptz NOT NULL
);
CREATE INDEX mta_sts_policy_ends ON mta_sts_policy (ends_at);

-- sessions of one UTC day by policy and result, for reports to the domains (RFC 8460)
CREATE TABLE tls_session_count (
  day date NOT NULL,
  domain text NOT NULL,
  policy_type text NOT NULL CHECK (policy_type IN ('tlsa', 'sts', 'no-policy-found')),
  policy_string jsonb NOT NULL,
  mx_patterns jsonb NOT NULL,
  mx_host text NOT NULL,
  receiving_ip text NOT NULL,
  result text NOT NULL,
  -- of the first such session
  reason text NOT NULL,
  sessions bigint NOT NULL,
  -- SHA-256 of what tells rows apart: the texts may be longer than an index takes
  key bytea NOT NULL,
  PRIMARY KEY (day, key)
);
CREATE INDEX tls_session_count_domain ON tls_session_count (day, domain);

-- version, cipher, policy, how the peer was verified, its subject and fingerprint; null where no TLS was tried
ALTER TABLE attempt ADD COLUMN tls_details jsonb;
