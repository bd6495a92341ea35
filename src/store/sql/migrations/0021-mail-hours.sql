-- The dashboard's figures: by hours instead of days, so that today is cheap, too.

DROP TABLE mail_day;

-- What went in and out in an hour that is over; the hour under way is counted from the rows themselves.
CREATE TABLE mail_hour (
  hour timestamptz PRIMARY KEY,
  -- accepted from other servers, and those of them that were signed, and that came over TLS
  received bigint NOT NULL,
  received_signed bigint NOT NULL,
  received_tls bigint NOT NULL,
  -- accepted from accounts here, and those of them that were signed
  submitted bigint NOT NULL,
  submitted_signed bigint NOT NULL,
  -- deliveries made to other servers, and those of them over TLS
  relayed bigint NOT NULL,
  relayed_tls bigint NOT NULL
);

-- How much is stored, counted now and then: a sum over all contents is nothing to wait for.
CREATE TABLE storage_count (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  contents bigint NOT NULL,
  content_bytes bigint NOT NULL,
  counted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
