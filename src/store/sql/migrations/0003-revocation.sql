-- What CRLs and OCSP responders said. Documents are kept once, by the SHA-256 of their DER, as long as any row with a foreign key to
-- revocation_document refers to them: whoever freezes evidence references it here, and needs to tell housekeeping nothing.

CREATE TABLE revocation_document (
  sha256 bytea PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('crl', 'ocsp')),
  size bigint NOT NULL,
  -- when somebody last had it: until a grace period after that it may be about to be referred to
  kept_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A CRL may have 20 MiB; in pieces no statement holds up the event loop.
CREATE TABLE revocation_piece (
  sha256 bytea NOT NULL REFERENCES revocation_document ON DELETE CASCADE,
  number integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (sha256, number)
);

-- The latest document of one issuer's list at one URL, or of the responders for one certificate.
CREATE TABLE revocation_source (
  source text PRIMARY KEY,
  document bytea NOT NULL REFERENCES revocation_document,
  fetched_at timestamptz NOT NULL
);
CREATE INDEX revocation_source_document ON revocation_source (document);

-- The last known answer for each certificate.
CREATE TABLE revocation_answer (
  fingerprint bytea PRIMARY KEY,
  status text NOT NULL CHECK (status IN ('good', 'revoked', 'unknown')),
  source text NOT NULL CHECK (source IN ('crl', 'ocsp', 'stapled', 'none')),
  produced_at timestamptz,
  next_update timestamptz,
  revoked_at timestamptz,
  reason text NOT NULL DEFAULT '',
  document bytea REFERENCES revocation_document,
  checked_at timestamptz NOT NULL
);
CREATE INDEX revocation_answer_document ON revocation_answer (document);
