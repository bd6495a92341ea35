import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { Decider, HeldMessage, HeldStore } from "../held-store.ts"
import { type Database, type Transaction, withRetry } from "./database.ts"

/** Held messages in PostgreSQL. A decision, what it does to the deliveries and its audit entry are one transaction. */
export function createHeldStore({ database }: { readonly database: Database }): HeldStore {
  const decide = <T>(envelopeId: number, decision: "released" | "refused", { by, note }: Decider, act: (tx: Transaction) => Promise<T>): Promise<Result<T, Failure>> =>
    withRetry(() =>
      database.transaction(async (tx) => {
        const [decided] = await tx.query(decideHeld, [envelopeId, decision, by, note])
        if (decided) return ok(await act(tx))
        const [known] = await tx.query(heldById, [envelopeId])
        return failed(known ? failure("alreadyExists", "it has been decided already") : failure("notFound", "no message of that number is held"))
      }),
    )
  return {
    open: (limit) => database.query<HeldMessage>(openHeld, [limit]),
    find: async (envelopeId) => (await database.query<HeldMessage>(heldById, [envelopeId]))[0],
    release: (envelopeId, by) =>
      decide(envelopeId, "released", by, async (tx) => {
        const rows = await tx.query<{ id: number; local: boolean }>(releaseDeliveries, [envelopeId])
        return { local: rows.filter(({ local }) => local).map(({ id }) => id), remote: rows.filter(({ local }) => !local).map(({ id }) => id) }
      }),
    refuse: (envelopeId, by) => decide(envelopeId, "refused", by, async (tx) => void (await tx.query(refuseDeliveries, [envelopeId, by.note]))),
    untold: (limit) => database.query<HeldMessage>(untoldHeld, [limit]),
    giveUpTelling: async (envelopeId) => void (await database.query(markHeldTold, [envelopeId])),
  }
}

export const markHeldTold = { name: "mark-held-told", text: "UPDATE held_message SET notify = '{}' WHERE envelope_id = $1 AND notify <> '{}' RETURNING envelope_id" }

const decideHeld = {
  name: "decide-held",
  text: `
    WITH decided AS (
      UPDATE held_message SET decision = $2, decided_at = clock_timestamp(), decided_by = $3, note = $4, notify = '{}' WHERE envelope_id = $1 AND decision IS NULL RETURNING envelope_id
    )
    INSERT INTO audit (kind, envelope_id, detail) SELECT 'message.' || $2, envelope_id, jsonb_build_object('by', $3::text, 'note', $4::text) FROM decided RETURNING envelope_id`,
}

/** The time that it was held does not count against its expiry. */
const releaseDeliveries = {
  name: "release-deliveries",
  text: `
    UPDATE delivery d SET state = 'waiting', next_attempt_at = clock_timestamp(), expires_at = d.expires_at + (clock_timestamp() - h.held_at)
    FROM held_message h WHERE h.envelope_id = $1 AND d.envelope_id = $1 AND d.state = 'held'
    RETURNING d.id, d.account_id IS NOT NULL AS local`,
}

/** RFC 3461 §4.1: who asked never to be told is not; nobody is told at the null reverse-path. */
const refuseDeliveries = {
  name: "refuse-deliveries",
  text: `
    UPDATE delivery d SET state = 'failed', settled_at = clock_timestamp(), status = '5.7.1', diagnostic = $2,
      dsn_owed = CASE WHEN e.reverse_path <> '' AND (d.notify = '{}' OR 'failure' = ANY (d.notify)) THEN ARRAY['failure'] ELSE '{}' END
    FROM envelope e WHERE e.id = $1 AND d.envelope_id = $1 AND d.state = 'held'`,
}

const shownRecipients = 10

const held = `
  SELECT h.envelope_id AS "envelopeId", h.kind, h.rule_id AS "ruleId", h.reason_vi AS "reasonVi", h.reason_en AS "reasonEn", h.notify, e.message_id AS "messageId", e.reverse_path AS "reversePath", e.size,
    ARRAY(SELECT recipient FROM delivery d WHERE d.envelope_id = h.envelope_id ORDER BY d.id LIMIT ${shownRecipients}) AS recipients,
    (SELECT count(*) FROM delivery d WHERE d.envelope_id = h.envelope_id) AS "recipientCount",
    (extract(epoch FROM h.held_at) * 1000)::bigint AS "heldAt", h.decision, (extract(epoch FROM h.decided_at) * 1000)::bigint AS "decidedAt", h.decided_by AS "decidedBy", h.note
  FROM held_message h JOIN envelope e ON e.id = h.envelope_id`

const openHeld = { name: "held-open", text: `${held} WHERE h.decision IS NULL ORDER BY h.held_at, h.envelope_id LIMIT $1` }
const heldById = { name: "held-by-id", text: `${held} WHERE h.envelope_id = $1` }
const untoldHeld = { name: "held-untold", text: `${held} WHERE h.notify <> '{}' ORDER BY h.envelope_id LIMIT $1` }
