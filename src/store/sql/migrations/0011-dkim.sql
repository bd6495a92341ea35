-- Keys that outgoing mail is signed with. One that signs is never without its public half in the DNS: hence the states.

CREATE TABLE dkim_key (
  -- A-labels, lower case
  domain text NOT NULL,
  selector text NOT NULL,
  algorithm text NOT NULL CHECK (algorithm IN ('rsa-sha256', 'ed25519-sha256')),
  -- as it is published, before base64
  public_key bytea NOT NULL,
  -- PKCS #8, sealed; gone when the key is
  private_key bytea,
  -- pending: to be published, does not sign yet; active: signs; retiring: signs no more, but mail that it signed is still on its way; retired: gone
  state text NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'retired')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  activated_at timestamptz,
  replaced_at timestamptz,
  retired_at timestamptz,
  PRIMARY KEY (domain, selector),
  CHECK ((private_key IS NULL) = (state = 'retired'))
);
CREATE UNIQUE INDEX dkim_key_one_pending ON dkim_key (domain, algorithm) WHERE state = 'pending';
CREATE UNIQUE INDEX dkim_key_one_active ON dkim_key (domain, algorithm) WHERE state = 'active';
