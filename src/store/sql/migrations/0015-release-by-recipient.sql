-- Whether each recipient may let the own copy of a message go that policy set aside.
ALTER TABLE held_message ADD COLUMN recipients_may_release boolean NOT NULL DEFAULT false;
