-- Who is connected now, and who must wait before the next guess: seen and ended across processes.

-- Lost in a crash, as the connections are.
CREATE UNLOGGED TABLE presence_process (
  process text PRIMARY KEY,
  seen_at timestamptz NOT NULL
);
CREATE UNLOGGED TABLE presence (
  process text NOT NULL,
  session_id text NOT NULL,
  protocol text NOT NULL CHECK (protocol IN ('imap', 'submission')),
  account_id bigint NOT NULL,
  principal_id text,
  client_address text NOT NULL,
  -- what the client calls itself (RFC 2971)
  client_id text NOT NULL,
  tls text,
  since timestamptz NOT NULL,
  end_wanted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (process, session_id)
);
CREATE INDEX presence_end ON presence (process) WHERE end_wanted;
CREATE INDEX presence_account ON presence (account_id);

CREATE TABLE lockout (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- under which the guesses are counted
  key text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('signIn', 'api')),
  network text NOT NULL,
  -- what was guessed at; empty where nothing was named
  name text NOT NULL,
  failures int NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  until timestamptz NOT NULL,
  lifted_at timestamptz
);
CREATE INDEX lockout_until ON lockout (until);
