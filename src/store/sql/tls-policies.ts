import { hash } from "node:crypto"
import type { StoredTlsPolicy, TlsPolicyStore, TlsReportStore, TlsSessionCount } from "../tls-policy-store.ts"
import type { Database } from "./database.ts"

/** MTA-STS policies in PostgreSQL. */
export const createTlsPolicyStore = (database: Pick<Database, "query">): TlsPolicyStore => ({
  async find(domain, at) {
    const [row] = await database.query<StoredTlsPolicy>(find, [domain, at])
    return row
  },
  async save({ domain, id, mode, mx, maxAgeSeconds, fetchedAt }) {
    await database.query(save, [domain, id, mode, mx, maxAgeSeconds, fetchedAt])
  },
  async refreshable({ now, fetchedBefore, askedSince, limit }) {
    return (await database.query<{ domain: string }>(refreshable, [now, fetchedBefore, askedSince, limit])).map(({ domain }) => domain)
  },
  forget: async (endedBefore) => (await database.query(forgetPolicies, [endedBefore])).length,
})

/** Counts of TLS sessions in PostgreSQL. */
export const createTlsReportStore = (database: Pick<Database, "query">): TlsReportStore => ({
  async add(counts) {
    if (counts.length > 0) await database.query(add, [JSON.stringify(counts.map((count) => ({ ...count, key: keyOf(count) })))])
  },
  ofDay: (day) => database.query<TlsSessionCount>(ofDay, [day]),
  domains: async (day) => (await database.query<{ domain: string }>(domains, [day])).map(({ domain }) => domain),
  ofDomain: (day, domain, limit) => database.query<TlsSessionCount>(ofDomain, [day, domain, limit]),
  forget: async (day) => (await database.query(forgetCounts, [day])).length,
})

const keyOf = ({ domain, policyType, policyString, mxPatterns, mxHost, receivingIp, sendingIp, result }: TlsSessionCount): string =>
  hash("sha256", JSON.stringify([domain, policyType, policyString, mxPatterns, mxHost, receivingIp, sendingIp, result]))

const moment = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`

/** When it was asked for is written down once an hour: it says only whether anybody still writes there. */
const find = {
  name: "tls-policy-find",
  text: `
    WITH asked AS (UPDATE mta_sts_policy SET asked_at = ${moment("$2")} WHERE domain = $1 AND asked_at < ${moment("$2")} - interval '1 hour')
    SELECT domain, id, mode, mx, max_age_seconds AS "maxAgeSeconds", (extract(epoch FROM fetched_at) * 1000)::bigint AS "fetchedAt" FROM mta_sts_policy WHERE domain = $1`,
}

/** What was fetched later stays: two processes may fetch at once. */
const save = {
  name: "tls-policy-save",
  text: `
    INSERT INTO mta_sts_policy AS p (domain, id, mode, mx, max_age_seconds, fetched_at, ends_at, asked_at)
    VALUES ($1, $2, $3, $4, $5::bigint, ${moment("$6")}, ${moment("$6")} + $5::bigint * interval '1 second', ${moment("$6")})
    ON CONFLICT (domain) DO UPDATE SET id = excluded.id, mode = excluded.mode, mx = excluded.mx, max_age_seconds = excluded.max_age_seconds, fetched_at = excluded.fetched_at, ends_at = excluded.ends_at
    WHERE p.fetched_at <= excluded.fetched_at`,
}

const refreshable = {
  name: "tls-policy-refreshable",
  text: `SELECT domain FROM mta_sts_policy WHERE ends_at > ${moment("$1")} AND fetched_at < ${moment("$2")} AND asked_at > ${moment("$3")} ORDER BY fetched_at LIMIT $4`,
}

const forgetPolicies = { name: "tls-policy-forget", text: `DELETE FROM mta_sts_policy WHERE ends_at < ${moment("$1")} RETURNING domain` }

/** In the order of their keys, so that two processes never wait for each other in a circle. */
const add = {
  name: "tls-sessions-add",
  text: `
    INSERT INTO tls_session_count AS c (day, domain, policy_type, policy_string, mx_patterns, mx_host, receiving_ip, sending_ip, result, reason, sessions, key)
    SELECT day, domain, "policyType", "policyString", "mxPatterns", "mxHost", "receivingIp", "sendingIp", result, reason, sessions, decode(key, 'hex')
    FROM jsonb_to_recordset($1::jsonb) AS t (day date, domain text, "policyType" text, "policyString" jsonb, "mxPatterns" jsonb, "mxHost" text, "receivingIp" text, "sendingIp" text, result text, reason text, sessions bigint, key text)
    ORDER BY day, key
    ON CONFLICT (day, key) DO UPDATE SET sessions = c.sessions + excluded.sessions`,
}

const columns = `day::text AS day, domain, policy_type AS "policyType", policy_string AS "policyString", mx_patterns AS "mxPatterns", mx_host AS "mxHost", receiving_ip AS "receivingIp", sending_ip AS "sendingIp", result, reason, sessions`

const domains = { name: "tls-sessions-domains", text: "SELECT DISTINCT domain FROM tls_session_count WHERE day = $1 AND mx_host <> '' ORDER BY domain" }

const ofDomain = { name: "tls-sessions-of-domain", text: `SELECT ${columns} FROM tls_session_count WHERE day = $1 AND domain = $2 ORDER BY sessions DESC, key LIMIT $3` }

const ofDay = {
  name: "tls-sessions-of-day",
  text: `
    SELECT ${columns}
    FROM tls_session_count WHERE day = $1 ORDER BY domain, policy_type, mx_host, receiving_ip, result`,
}

const forgetCounts = { name: "tls-sessions-forget", text: "DELETE FROM tls_session_count WHERE day < $1 RETURNING domain" }
