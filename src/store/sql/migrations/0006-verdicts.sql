-- What policy decided beside yes and no: marks that readers see, and messages that wait for a person.

-- keywords that the message arrives with in every mailbox here (RFC 9051 §2.3.2), separated by spaces
ALTER TABLE envelope ADD COLUMN marks text NOT NULL DEFAULT '';

-- accepted, and not delivered before a person has released it
ALTER TYPE delivery_state ADD VALUE 'held' AFTER 'waiting';

CREATE TABLE held_message (
  envelope_id bigint PRIMARY KEY REFERENCES envelope,
  kind text NOT NULL CHECK (kind IN ('approval', 'quarantine')),
  rule_id text NOT NULL,
  reason_vi text NOT NULL,
  reason_en text NOT NULL,
  -- addresses that are told of it; emptied when they have been
  notify text[] NOT NULL,
  held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  decision text CHECK (decision IN ('released', 'refused')),
  decided_at timestamptz,
  decided_by text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  CHECK ((decision IS NULL) = (decided_at IS NULL))
);
CREATE INDEX held_message_open ON held_message (held_at) WHERE decision IS NULL;
CREATE INDEX held_message_untold ON held_message (envelope_id) WHERE notify <> '{}';
