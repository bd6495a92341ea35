-- What each unit did in a month of the province's civil time. A worker adds it up as mail goes by; once the month is over it stays as it was.

CREATE TABLE report_month (
  -- its first day
  month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
  -- mail before it is in the figures
  counted_until timestamptz NOT NULL,
  finished_at timestamptz,
  -- what a printed page costs (VND), and how many a document is taken to have: as configured when the month was counted last
  page_price bigint NOT NULL,
  pages_per_document bigint NOT NULL
);

CREATE TABLE unit_month (
  month date NOT NULL REFERENCES report_month,
  -- the unit, its name and the unit above it as they were then; units are renamed, and move
  unit_code text NOT NULL,
  name text NOT NULL,
  parent_code text,
  -- null: nobody counted while the month went on or just after it
  accounts bigint,
  holders bigint,
  storage_bytes bigint,
  -- messages sent, by the farthest recipient: within the agency, in another agency, outside the province
  sent_internal bigint NOT NULL DEFAULT 0,
  sent_agencies bigint NOT NULL DEFAULT 0,
  sent_outside bigint NOT NULL DEFAULT 0,
  sent_signed bigint NOT NULL DEFAULT 0,
  -- copies put into mailboxes
  received bigint NOT NULL DEFAULT 0,
  -- messages sent with files, and how many recipients those had
  documents bigint NOT NULL DEFAULT 0,
  copies bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (month, unit_code)
);
CREATE INDEX unit_month_parent ON unit_month (month, parent_code);

-- Rows are about as old as their neighbours; an index of blocks costs next to nothing where messages are accepted.
CREATE INDEX delivery_settled ON delivery USING brin (settled_at) WITH (autosummarize = on);
