import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { Decider, HeldCopy, HeldMessage, HeldStore, HeldWithContent, Released, UntoldMessage } from "../held-store.ts"
import { type Database, type Statement, type Transaction, withRetry } from "./database.ts"

/** Held messages in PostgreSQL. A decision, what it does to the deliveries and its audit entry are one transaction. */
export function createHeldStore({ database }: { readonly database: Database }): HeldStore {
  const decide = <T>(envelopeId: number, decision: "released" | "refused", { by, note }: Decider, act: (tx: Transaction) => Promise<T>): Promise<Result<T, Failure>> =>
    withRetry(() =>
      database.transaction(async (tx) => {
        const [decided] = await tx.query(decideHeld, [envelopeId, decision, by, note])
        if (decided) return ok(await act(tx))
        const [known] = await tx.query(heldById, [envelopeId])
        return failed(known ? decidedAlready : notHeld)
      }),
    )
  /** The message's row is locked first: two who release its last two copies must see that nothing is left. */
  const decideSome = (act: Statement, envelopeId: number, { by, note, clientAddress }: Decider, choose: (tx: Transaction, held: LockedHeld) => Promise<Result<readonly number[], Failure>>): Promise<Result<Released, Failure>> =>
    withRetry(() =>
      database.transaction(async (tx) => {
        const [held] = await tx.query<LockedHeld>(lockHeld, [envelopeId])
        if (!held) return failed(notHeld)
        const chosen = await choose(tx, held)
        if (!chosen.ok) return chosen
        if (held.decision === "refused") return failed(decidedAlready)
        const rows = await tx.query<ReleasedRow>(act, [envelopeId, chosen.value, by, note, clientAddress ?? null])
        if (rows.length === 0) return failed(decidedAlready)
        await tx.query(decideWhenAllGone, [envelopeId, by, note])
        return ok(byPlace(rows))
      }),
    )
  return {
    open: (limit) => database.query<HeldMessage>(openHeld, [limit]),
    find: async (envelopeId) => (await database.query<HeldWithContent>(heldById, [envelopeId]))[0],
    awaiting: (approvers, limit) => database.query<HeldMessage>(awaitingHeld, [approvers, limit]),
    mayDecide: async (envelopeId, approvers) => (await database.query(approverOfHeld, [envelopeId, approvers])).length > 0,
    release: (envelopeId, by) => decide(envelopeId, "released", by, async (tx) => byPlace(await tx.query<ReleasedRow>(releaseDeliveries, [envelopeId]))),
    releaseFor: (envelopeId, recipient, by) =>
      decideSome(releaseChosen, envelopeId, by, async (tx) => {
        const rows = await tx.query<{ id: number }>(deliveriesFor, [envelopeId, recipient])
        return rows.length === 0 ? failed(notHeld) : ok(rows.map(({ id }) => id))
      }),
    async releaseCopy(deliveryId, by) {
      const [copy] = await database.query<HeldCopy>(copyById, [deliveryId])
      if (!copy) return failed(notHeld)
      return decideSome(releaseChosen, copy.envelopeId, by, async (_tx, { recipientsMayRelease }) => (recipientsMayRelease ? ok([deliveryId]) : failed(failure("noPermission", "only administrators release this message"))))
    },
    releaseChosen: (envelopeId, deliveryIds, by) => decideSome(releaseChosen, envelopeId, by, async () => ok(deliveryIds)),
    async refuseChosen(envelopeId, deliveryIds, by) {
      const done = await decideSome(refuseChosen, envelopeId, by, async () => ok(deliveryIds))
      return done.ok ? ok(undefined) : done
    },
    refuse: (envelopeId, by) => decide(envelopeId, "refused", by, async (tx) => void (await tx.query(refuseDeliveries, [envelopeId, by.note]))),
    findCopy: async (deliveryId) => (await database.query<HeldCopy>(copyById, [deliveryId]))[0],
    untold: (limit) => database.query<UntoldMessage>(untoldHeld, [limit]),
    giveUpTelling: async (envelopeId, told) => void (await database.query(markHeldTold, [envelopeId, told])),
  }
}

interface LockedHeld {
  readonly decision: HeldMessage["decision"]
  readonly recipientsMayRelease: boolean
}

interface ReleasedRow {
  readonly id: number
  readonly local: boolean
}

const byPlace = (rows: readonly ReleasedRow[]): Released => ({ local: rows.filter(({ local }) => local).map(({ id }) => id), remote: rows.filter(({ local }) => !local).map(({ id }) => id) })

const decidedAlready = failure("alreadyExists", "it has been decided already")
const notHeld = failure("notFound", "no message of that number is held")

/** $2 are told now. Nothing when one of them has been told already. */
export const markHeldTold = {
  name: "mark-held-told",
  text: `UPDATE held_message SET notify = ARRAY(SELECT a.address FROM unnest(notify) WITH ORDINALITY AS a (address, place) WHERE a.address <> ALL ($2::text[]) ORDER BY a.place)
    WHERE envelope_id = $1 AND notify @> $2::text[] AND notify <> '{}' RETURNING envelope_id`,
}

const decideHeld = {
  name: "decide-held",
  text: `
    WITH decided AS (
      UPDATE held_message SET decision = $2, decided_at = clock_timestamp(), decided_by = $3, note = $4, notify = '{}' WHERE envelope_id = $1 AND decision IS NULL RETURNING envelope_id
    )
    INSERT INTO audit (kind, envelope_id, detail) SELECT 'message.' || $2, envelope_id, jsonb_build_object('by', $3::text, 'note', $4::text) FROM decided RETURNING envelope_id`,
}

const lockHeld = { name: "lock-held", text: `SELECT decision, recipients_may_release AS "recipientsMayRelease" FROM held_message WHERE envelope_id = $1 FOR UPDATE` }

const deliveriesFor = { name: "held-deliveries-for", text: "SELECT id FROM delivery WHERE envelope_id = $1 AND (lower(recipient) = lower($2) OR lower(original_recipient) = lower($2)) ORDER BY id" }

/** One that a copy of its own was let go of may be held by a person since: that is another hold, and not ended here. */
export const heldByPolicy = "d.state = 'held' AND NOT EXISTS (SELECT FROM delivery_hold p WHERE p.delivery_id = d.id)"

/** The time that it was held does not count against its expiry. */
const letGo = "UPDATE delivery d SET state = 'waiting', next_attempt_at = clock_timestamp(), expires_at = d.expires_at + (clock_timestamp() - h.held_at) FROM held_message h"

const releaseDeliveries = {
  name: "release-deliveries",
  text: `${letGo} WHERE h.envelope_id = $1 AND d.envelope_id = $1 AND ${heldByPolicy} RETURNING d.id, d.account_id IS NOT NULL AS local`,
}

/** Deliveries $2 of the envelope, each with its entry in the audit: who, and why. */
const releaseChosen = {
  name: "release-chosen",
  text: `
    WITH gone AS (${letGo} WHERE h.envelope_id = $1 AND h.decision IS NULL AND d.envelope_id = $1 AND d.id = ANY ($2::bigint[]) AND ${heldByPolicy} RETURNING d.id, d.account_id IS NOT NULL AS local),
    told AS (
      INSERT INTO audit (kind, envelope_id, client_address, detail) SELECT 'delivery.released', $1, $5, jsonb_build_object('deliveryId', id, 'by', $3::text, 'why', $4::text) FROM gone
    )
    SELECT id, local FROM gone ORDER BY id`,
}

/** What was refused here was never tried: a remote server's 5.7.1 is another thing. */
export const refusedHere = "d.state = 'failed' AND d.status = '5.7.1' AND d.attempts = 0"

const decideWhenAllGone = {
  name: "held-all-gone",
  text: `
    UPDATE held_message h SET decision = CASE WHEN EXISTS (SELECT FROM delivery d WHERE d.envelope_id = $1 AND NOT (${refusedHere})) THEN 'released' ELSE 'refused' END, decided_at = clock_timestamp(), decided_by = $2, note = $3, notify = '{}'
    WHERE h.envelope_id = $1 AND h.decision IS NULL AND NOT EXISTS (SELECT FROM delivery d WHERE d.envelope_id = $1 AND ${heldByPolicy})`,
}

/** RFC 3461 §4.1: who asked never to be told is not; nobody is told at the null reverse-path. */
const turnDown = (reason: string): string => `UPDATE delivery d SET state = 'failed', settled_at = clock_timestamp(), status = '5.7.1', diagnostic = ${reason},
      dsn_owed = CASE WHEN e.reverse_path <> '' AND (d.notify = '{}' OR 'failure' = ANY (d.notify)) THEN ARRAY['failure'] ELSE '{}' END
    FROM envelope e WHERE e.id = $1 AND d.envelope_id = $1 AND ${heldByPolicy}`

const refuseDeliveries = { name: "refuse-deliveries", text: turnDown("$2") }

const refuseChosen = {
  name: "refuse-chosen",
  text: `
    WITH gone AS (${turnDown("$4")} AND d.id = ANY ($2::bigint[]) AND EXISTS (SELECT FROM held_message h WHERE h.envelope_id = $1 AND h.decision IS NULL) RETURNING d.id, d.account_id IS NOT NULL AS local),
    told AS (
      INSERT INTO audit (kind, envelope_id, client_address, detail) SELECT 'delivery.refused', $1, $5, jsonb_build_object('deliveryId', id, 'by', $3::text, 'why', $4::text) FROM gone
    )
    SELECT id, local FROM gone ORDER BY id`,
}

const shownRecipients = 10

/** The columns of a `HeldMessage`, with those recipients only whose deliveries `d` fulfil the condition. */
export const heldColumns = (recipients = "true"): string => `h.envelope_id AS "envelopeId", h.kind, h.rule_id AS "ruleId", h.reason_vi AS "reasonVi", h.reason_en AS "reasonEn", h.notify, h.recipients_may_release AS "recipientsMayRelease", e.message_id AS "messageId", e.reverse_path AS "reversePath", e.size,
    ARRAY(SELECT recipient FROM delivery d WHERE d.envelope_id = h.envelope_id AND ${recipients} ORDER BY d.id LIMIT ${shownRecipients}) AS recipients,
    (SELECT count(*) FROM delivery d WHERE d.envelope_id = h.envelope_id AND ${recipients}) AS "recipientCount",
    (extract(epoch FROM h.held_at) * 1000)::bigint AS "heldAt", h.decision, (extract(epoch FROM h.decided_at) * 1000)::bigint AS "decidedAt", h.decided_by AS "decidedBy", h.note`

export const heldFrom = "FROM held_message h JOIN envelope e ON e.id = h.envelope_id"
const held = `SELECT ${heldColumns()} ${heldFrom}`

const openHeld = { name: "held-open", text: `${held} WHERE h.decision IS NULL ORDER BY h.held_at, h.envelope_id LIMIT $1` }
const awaitingHeld = { name: "held-awaiting", text: `${held} WHERE h.decision IS NULL AND h.approvers && $1::text[] ORDER BY h.held_at, h.envelope_id LIMIT $2` }
const approverOfHeld = { name: "held-approver", text: "SELECT FROM held_message WHERE envelope_id = $1 AND approvers && $2::text[]" }
const heldById = { name: "held-by-id", text: `SELECT ${heldColumns()}, e.content ${heldFrom} WHERE h.envelope_id = $1` }
const untoldHeld = {
  name: "held-untold",
  text: `
    SELECT ${heldColumns()}, CASE WHEN h.recipients_may_release THEN
      (SELECT coalesce(json_agg(json_build_object('deliveryId', d.id, 'recipient', d.recipient) ORDER BY d.id), '[]')
       FROM delivery d WHERE d.envelope_id = h.envelope_id AND d.account_id IS NOT NULL AND d.recipient = ANY (h.notify) AND ${heldByPolicy}) ELSE '[]' END AS copies
    ${heldFrom} WHERE h.notify <> '{}' ORDER BY h.envelope_id LIMIT $1`,
}

const copyById = {
  name: "held-copy",
  text: `
    SELECT d.id AS "deliveryId", d.envelope_id AS "envelopeId", d.recipient, h.recipients_may_release AS "recipientsMayRelease", e.content, e.message_id AS "messageId", e.reverse_path AS "reversePath", e.size,
      CASE WHEN ${heldByPolicy} AND h.decision IS NULL THEN 'held' WHEN ${refusedHere} THEN 'refused' ELSE 'gone' END AS state,
      (extract(epoch FROM h.held_at) * 1000)::bigint AS "heldAt", h.reason_vi AS "reasonVi", h.reason_en AS "reasonEn"
    FROM delivery d JOIN held_message h ON h.envelope_id = d.envelope_id JOIN envelope e ON e.id = d.envelope_id WHERE d.id = $1`,
}
