-- What a connection was signed in with: it ends when that opens the account no more. Lost in a crash, as the connections are; those of now are not followed.
ALTER TABLE presence ADD COLUMN credential_id bigint;
