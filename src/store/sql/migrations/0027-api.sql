-- What programs do with tokens. A bulk job that a token has started: its one-time passwords are for that token alone.
ALTER TABLE bulk_job ADD COLUMN token_id bigint REFERENCES api_token;
