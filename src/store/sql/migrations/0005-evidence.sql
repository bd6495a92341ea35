-- Why a signed message was decided upon as it was, frozen in the transaction that accepted it. Written once; docs/evidence.md tells what is in it.

CREATE TABLE evidence (
  envelope_id bigint PRIMARY KEY REFERENCES envelope,
  -- canonical JSON, octet by octet: not jsonb, which would write it anew
  record text NOT NULL,
  frozen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The CRLs and OCSP responses that it rests on: as long as it names them they are kept.
CREATE TABLE evidence_document (
  envelope_id bigint NOT NULL REFERENCES evidence ON DELETE CASCADE,
  document bytea NOT NULL REFERENCES revocation_document,
  PRIMARY KEY (envelope_id, document)
);
CREATE INDEX evidence_document_document ON evidence_document (document);

-- Certificates that records name, once each.
CREATE TABLE evidence_certificate (
  sha256 bytea PRIMARY KEY,
  der bytea NOT NULL
);

CREATE FUNCTION evidence_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'evidence is frozen';
END
$$;
CREATE TRIGGER evidence_frozen BEFORE UPDATE ON evidence FOR EACH ROW EXECUTE FUNCTION evidence_is_frozen();
CREATE TRIGGER evidence_certificate_frozen BEFORE UPDATE ON evidence_certificate FOR EACH ROW EXECUTE FUNCTION evidence_is_frozen();
