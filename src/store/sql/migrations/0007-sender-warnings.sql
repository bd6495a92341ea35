-- What a rule that marks has to say to whoever wrote the message: once for each account, rule and day.

CREATE TABLE sender_warning (
  account_id bigint NOT NULL REFERENCES account,
  rule_id text NOT NULL,
  -- in the province's civil time
  day date NOT NULL,
  -- the first such message of that day
  envelope_id bigint NOT NULL REFERENCES envelope,
  reason_vi text NOT NULL,
  reason_en text NOT NULL,
  -- from when the policy refuses such messages; null: not that is known
  refused_from timestamptz,
  told boolean NOT NULL DEFAULT false,
  PRIMARY KEY (account_id, rule_id, day)
);
CREATE INDEX sender_warning_untold ON sender_warning (envelope_id) WHERE NOT told;
