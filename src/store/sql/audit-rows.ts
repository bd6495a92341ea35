/** Columns of `audit a` as the chain hashes them: the time to the microsecond, whatever the connection's time zone. */
export const entryColumns = `a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, a.kind, a.principal_id AS "principalId", a.account_id AS "accountId",
  a.client_address AS "clientAddress", a.envelope_id AS "envelopeId", a.actor, a.detail`
