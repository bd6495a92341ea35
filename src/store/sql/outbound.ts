import { createHash } from "node:crypto"
import { gather } from "../../base/gather.ts"
import type { HeldAccount, HeldAccountReason, OutboundStore } from "../outbound-store.ts"
import type { Database } from "./database.ts"

/** Outbound volumes in PostgreSQL: a row for each account and hour in which it sends, and eight bytes for each correspondent. */
export function createOutboundStore({ database }: { readonly database: Database }): OutboundStore {
  // asked for each message that stays here: those that come together share a round trip
  const heldOf = gather(async (accountIds: readonly number[]) => {
    const rows = await database.query<HeldAccountReason & { readonly accountId: number }>(held, [[...new Set(accountIds)]])
    const reasons = new Map(rows.map(({ accountId, ...reason }) => [accountId, reason]))
    return accountIds.map((accountId) => reasons.get(accountId))
  }, { maxItems: 100, atOnce: 1 })
  return {
    async count({ accountId, recipients, now }) {
      const [row] = await database.query<CountRow>(count, [accountId, recipients.map(addressKey), new Date(now)])
      if (!row) throw new Error("an outbound message was not counted")
      const { reasonVi, reasonEn, usual } = row
      return { recipients: Math.round(row.recipients), strangers: Math.round(row.strangers), usual, held: reasonVi === null || reasonEn === null ? undefined : { reasonVi, reasonEn } }
    },
    held: heldOf,
    hold: async (accountId, { reasonVi, reasonEn }) => (await database.query(hold, [accountId, reasonVi, reasonEn])).length > 0,
    heldAccounts: () => database.query<HeldAccount>(heldAccounts),
    clear: async (accountId, by) => (await database.query(clear, [accountId, by])).length > 0,
    heldMessages: async (accountId, ruleId) => (await database.query<{ id: number }>(heldMessages, [accountId, ruleId])).map(({ id }) => id),
    async know(correspondents) {
      await database.query(know, [correspondents.map(({ accountId }) => accountId), correspondents.map(({ address }) => addressKey(address))])
    },
    forget: async (now) => (await database.query(forget, [new Date(now)])).length,
  }
}

/** 64 bits: two of a province's correspondents do not share them by chance. As text, because int8 may not be exact in a double. */
const addressKey = (address: string): string => createHash("sha256").update(address.toLowerCase()).digest().readBigInt64BE(0).toString()

interface CountRow {
  readonly recipients: number
  readonly strangers: number
  readonly usual: number | null
  readonly reasonVi: string | null
  readonly reasonEn: string | null
}

/** Of hours in which the account sent; fewer make no average. */
const enoughHours = 10

/** Nobody waits for the disk: what a power cut takes from a count is no loss to speak of. */
const count = {
  name: "outbound-count",
  text: `
    WITH hasty AS MATERIALIZED (
      SELECT set_config('synchronous_commit', 'off', true)
    ), new AS (
      INSERT INTO correspondent (account_id, address_key) SELECT $1, k FROM (SELECT DISTINCT k FROM unnest($2::bigint[]) AS t (k) ORDER BY k) AS keys ON CONFLICT DO NOTHING RETURNING 1
    ), hour AS (
      INSERT INTO outbound_hour AS h (account_id, hour, messages, recipients, strangers)
      VALUES ($1, date_trunc('hour', $3::timestamptz, 'UTC'), 1, cardinality($2::bigint[]), (SELECT count(*) FROM new))
      ON CONFLICT (account_id, hour) DO UPDATE SET messages = h.messages + 1, recipients = h.recipients + excluded.recipients, strangers = h.strangers + excluded.strangers
      RETURNING recipients, strangers
    ), before AS (
      SELECT h.recipients, h.strangers, 1 - extract(epoch FROM $3::timestamptz - date_trunc('hour', $3::timestamptz, 'UTC')) / 3600 AS share
      FROM outbound_hour h WHERE h.account_id = $1 AND h.hour = date_trunc('hour', $3::timestamptz, 'UTC') - interval '1 hour'
    )
    SELECT (hour.recipients + coalesce(before.recipients * before.share, 0))::float8 AS recipients, (hour.strangers + coalesce(before.strangers * before.share, 0))::float8 AS strangers,
      (SELECT CASE WHEN count(*) >= ${enoughHours} THEN avg(h.recipients)::float8 END FROM outbound_hour h
       WHERE h.account_id = $1 AND h.hour BETWEEN $3::timestamptz - interval '14 days' AND $3::timestamptz - interval '1 day') AS usual,
      stop.reason_vi AS "reasonVi", stop.reason_en AS "reasonEn"
    FROM hasty, hour LEFT JOIN before ON true LEFT JOIN outbound_hold stop ON stop.account_id = $1`,
}

const held = { name: "outbound-held", text: `SELECT account_id AS "accountId", reason_vi AS "reasonVi", reason_en AS "reasonEn" FROM outbound_hold WHERE account_id = ANY ($1::bigint[])` }

const hold = {
  name: "outbound-hold",
  text: `
    WITH told AS (
      INSERT INTO outbound_hold AS h (account_id, reason_vi, reason_en) VALUES ($1, $2, $3)
      ON CONFLICT (account_id) DO UPDATE SET told_at = clock_timestamp() WHERE h.told_at <= clock_timestamp() - interval '1 hour'
      RETURNING account_id, xmax = 0 AS is_new
    ), a AS (
      INSERT INTO audit (kind, account_id, detail) SELECT 'outbound.held', account_id, jsonb_build_object('reason', $3::text) FROM told WHERE is_new
    )
    SELECT account_id FROM told`,
}

const heldAccounts = {
  name: "outbound-held-accounts",
  text: `
    SELECT h.account_id AS "accountId", a.address, (extract(epoch FROM h.since) * 1000)::bigint AS since, h.reason_vi AS "reasonVi", h.reason_en AS "reasonEn", coalesce(w.messages, 0) AS messages
    FROM outbound_hold h JOIN account a ON a.id = h.account_id LEFT JOIN (
      SELECT u.account_id, count(*) AS messages FROM held_message m JOIN audit u ON u.envelope_id = m.envelope_id AND u.kind = 'message.accepted' WHERE m.decision IS NULL GROUP BY u.account_id
    ) AS w ON w.account_id = h.account_id
    ORDER BY h.since, h.account_id`,
}

const clear = {
  name: "outbound-clear",
  text: `
    WITH gone AS (DELETE FROM outbound_hold WHERE account_id = $1 RETURNING account_id)
    INSERT INTO audit (kind, account_id, detail) SELECT 'outbound.cleared', account_id, jsonb_build_object('by', $2::text) FROM gone RETURNING id`,
}

const heldMessages = {
  name: "outbound-held-messages",
  text: `
    SELECT m.envelope_id AS id FROM held_message m JOIN audit u ON u.envelope_id = m.envelope_id AND u.kind = 'message.accepted'
    WHERE m.decision IS NULL AND m.rule_id = $2 AND u.account_id = $1 ORDER BY m.held_at, m.envelope_id`,
}

const know = {
  name: "outbound-know",
  text: "INSERT INTO correspondent (account_id, address_key) SELECT DISTINCT a, k FROM unnest($1::bigint[], $2::bigint[]) AS t (a, k) ORDER BY a, k ON CONFLICT DO NOTHING",
}

const forget = { name: "outbound-forget", text: "DELETE FROM outbound_hour WHERE hour < $1::timestamptz - interval '15 days' RETURNING account_id" }
