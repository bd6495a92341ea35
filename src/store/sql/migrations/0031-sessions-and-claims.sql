-- What a connection was signed in with: it ends when that opens the account no more. Lost in a crash, as the connections are; those of now are not followed.
ALTER TABLE presence ADD COLUMN credential_id bigint;

-- What each token's webhook is owed, in the order of its turn.
DROP INDEX notification_untold;
CREATE INDEX notification_untold ON notification (webhook_token_id, webhook_next_at, id) WHERE webhook_token_id IS NOT NULL AND webhook_told < changes;
