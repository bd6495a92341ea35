-- Who else came into a mailbox, newest first: few entries, and not to be looked for among all that an account which sends much has in the audit.
CREATE INDEX audit_accesses ON audit (account_id, id) WHERE kind LIKE 'access.%' OR (kind IN ('signIn.succeeded', 'signIn.repeated') AND detail->>'owner' = 'false');
