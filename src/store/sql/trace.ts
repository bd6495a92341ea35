import type { AttemptRecord, StepRecord } from "../queue-store.ts"
import { openFacts } from "../sealed-facts.ts"
import type { Sealer } from "../sealing.ts"
import { maxStoryDeliveries } from "../story-store.ts"
import type { Connection, Decision, DeliveryTrace, DsnLink, MailboxPlace, PolicyHold, Trace, TraceStore, TraceSummary } from "../trace-store.ts"
import { maxTracedAttempts, maxTracedRows } from "../trace-store.ts"
import type { Database } from "./database.ts"
import { pauseJson, pauseOf } from "./queue-rows.ts"
import { createStoryStore } from "./story.ts"

/** Traces read from envelopes, deliveries, attempts, decisions and the audit: one query for each kind of row, however many recipients there are. */
export function createTraceStore({ database, sealer }: { readonly database: Pick<Database, "query">; readonly sealer: Sealer }): TraceStore {
  const stories = createStoryStore({ database })
  return {
    async byEnvelope(envelopeId) {
      const story = await stories.byEnvelope(envelopeId)
      if (!story) return undefined
      const rows = <Row extends object>(statement: { readonly name: string; readonly text: string }, limit = maxTracedRows): Promise<Row[]> => database.query<Row>(statement, [envelopeId, limit])
      const [heads, recipients, tries, steps, dsns, places, dsnOf] = await Promise.all([
        database.query<HeadRow>(head, [envelopeId]),
        rows<RecipientRow>(recipientsOf, maxStoryDeliveries),
        rows<AttemptRecord & OfDelivery>(attemptsOf),
        rows<StepRecord & OfDelivery>(stepsOf),
        rows<DsnLink & OfDelivery>(dsnsOf),
        rows<MailboxPlace & { readonly accountId: number }>(placesOf),
        rows<DsnLink>(dsnOrigin),
      ])
      const [first] = heads
      const known = new Map(recipients.map((row) => [row.deliveryId, row]))
      const [byTries, bySteps, byDsns] = [groups(tries), groups(steps), groups(dsns)]
      const byAccount = Map.groupBy(places, ({ accountId }) => accountId)
      return {
        ...story,
        requireTls: first?.requireTls ?? false,
        connection: first?.connection ?? null,
        decision: first?.decision ? opened(first, sealer) : null,
        held: first?.held ?? null,
        dsnOf,
        deliveries: story.deliveries.map((delivery) => {
          const row = known.get(delivery.deliveryId)
          return {
            ...delivery,
            originalRecipient: row?.originalRecipient ?? delivery.recipient,
            expiresAt: row?.expiresAt ?? 0,
            pause: row?.pause ?? null,
            tries: byTries.get(delivery.deliveryId) ?? [],
            steps: bySteps.get(delivery.deliveryId) ?? [],
            dsns: byDsns.get(delivery.deliveryId) ?? [],
            places: (row?.accountId === null || row === undefined ? [] : (byAccount.get(row.accountId) ?? [])).map(({ mailbox, uid }) => ({ mailbox, uid })),
          }
        }),
      } satisfies Trace
    },
    byMessageId: (messageId, limit) => database.query<TraceSummary>(byMessageId, [messageId, limit]),
    bySha256: (sha256, limit) => database.query<TraceSummary>(byContent, [sealer.contentHash(sha256), limit]),
    byAddress: (addresses, { since, limit }) => database.query<TraceSummary>(byAddress, [addresses, since, limit]),
  }
}

interface OfDelivery {
  readonly deliveryId: number
}

/** By delivery, without the number that they are grouped by. */
function groups<Row extends OfDelivery>(rows: readonly Row[]): ReadonlyMap<number, readonly Omit<Row, "deliveryId">[]> {
  const found = new Map<number, Omit<Row, "deliveryId">[]>()
  for (const { deliveryId, ...row } of rows) {
    const group = found.get(deliveryId)
    if (group) group.push(row)
    else found.set(deliveryId, [row])
  }
  return found
}

interface HeadRow {
  readonly requireTls: boolean
  readonly connection: Connection | null
  readonly decision: Omit<Decision, "facts"> | null
  readonly facts: Buffer | null
  readonly held: PolicyHold | null
}

interface RecipientRow extends OfDelivery {
  readonly originalRecipient: string
  readonly accountId: number | null
  readonly expiresAt: number
  readonly pause: DeliveryTrace["pause"]
}

/** A damaged row, or one sealed with a key that is gone, takes nothing else of the story away. */
function opened({ decision, facts }: HeadRow, sealer: Sealer): Decision | null {
  if (!decision) return null
  try {
    return { ...decision, facts: facts && openFacts(sealer, facts) }
  } catch {
    return { ...decision, facts: null }
  }
}

/** Cut off, as clocks of processes are: what is rounded up would be later than what came after it. */
const ms = (expression: string): string => `floor(extract(epoch FROM ${expression}) * 1000)::bigint`

const head = {
  name: "trace-head",
  text: `
    SELECT e.require_tls AS "requireTls", a.connection, p.decision, p.facts, h.held
    FROM envelope e
    LEFT JOIN LATERAL (
      SELECT json_build_object('sessionId', a.detail->>'sessionId', 'clientAddress', coalesce(a.client_address, ''), 'helo', coalesce(a.detail->>'helo', ''), 'tls', a.detail->>'tls', 'account', c.address,
        'principal', CASE WHEN a.principal_id IS NOT NULL THEN json_build_object('id', a.principal_id, 'name', coalesce(i.name, '')) END) AS connection
      FROM audit a LEFT JOIN account c ON c.id = a.account_id LEFT JOIN principal i ON i.id = a.principal_id
      WHERE a.envelope_id = e.id AND a.kind = 'message.accepted' AND coalesce(a.client_address, '') <> '' ORDER BY a.id LIMIT 1
    ) a ON true
    LEFT JOIN LATERAL (
      SELECT json_build_object('policyVersion', p.policy_version, 'ruleId', p.rule_id, 'verdict', p.verdict) AS decision, p.facts
      FROM policy_decision p WHERE p.envelope_id = e.id ORDER BY p.id LIMIT 1
    ) p ON true
    LEFT JOIN LATERAL (
      SELECT json_build_object('kind', h.kind, 'ruleId', h.rule_id, 'reasonVi', h.reason_vi, 'reasonEn', h.reason_en, 'heldAt', ${ms("h.held_at")}, 'decision', h.decision, 'decidedAt', ${ms("h.decided_at")},
        'decidedBy', h.decided_by, 'note', h.note) AS held
      FROM held_message h WHERE h.envelope_id = e.id
    ) h ON true
    WHERE e.id = $1`,
}

const recipientsOf = {
  name: "trace-recipients",
  text: `
    SELECT d.id AS "deliveryId", d.original_recipient AS "originalRecipient", d.account_id AS "accountId", ${ms("d.expires_at")} AS "expiresAt", ${pauseJson} AS pause
    FROM delivery d ${pauseOf} WHERE d.envelope_id = $1 ORDER BY d.id LIMIT $2`,
}

const attemptsOf = {
  name: "trace-attempts",
  text: `
    SELECT t.delivery_id AS "deliveryId", t.number, ${ms("t.started_at")} AS "startedAt", ${ms("t.ended_at")} AS "endedAt", t.outcome, t.status, t.diagnostic, t.remote_mta AS "remoteMta", t.tls, t.tls_details AS "tlsDetails", t.bounce_class AS "bounceClass"
    FROM delivery d JOIN attempt t ON t.delivery_id = d.id AND t.number > d.attempts - ${maxTracedAttempts}
    WHERE d.envelope_id = $1 ORDER BY t.delivery_id, t.number LIMIT $2`,
}

const stepsOf = {
  name: "trace-steps",
  text: `
    SELECT (detail->>'deliveryId')::bigint AS "deliveryId", ${ms("at")} AS at, kind, coalesce(detail->>'by', '') AS by, coalesce(detail->>'why', '') AS why
    FROM audit WHERE envelope_id = $1 AND kind LIKE 'delivery.%' ORDER BY id LIMIT $2`,
}

const dsnsOf = {
  name: "trace-dsns",
  text: `SELECT n.delivery_id AS "deliveryId", n.kind, n.envelope_id AS "envelopeId", ${ms("n.made_at")} AS "madeAt"
    FROM delivery d JOIN delivery_dsn n ON n.delivery_id = d.id WHERE d.envelope_id = $1 ORDER BY n.delivery_id, n.made_at LIMIT $2`,
}

const dsnOrigin = {
  name: "trace-dsn-origin",
  text: `SELECT DISTINCT n.kind, d.envelope_id AS "envelopeId", ${ms("n.made_at")} AS "madeAt" FROM delivery_dsn n JOIN delivery d ON d.id = n.delivery_id WHERE n.envelope_id = $1 LIMIT $2`,
}

/** A message that was moved is a new row with the envelope of the old one. */
const placesOf = {
  name: "trace-places",
  text: `
    SELECT b.account_id AS "accountId", b.name AS mailbox, m.uid FROM envelope e JOIN message m ON m.content = e.content AND m.envelope_id = e.id JOIN mailbox b ON b.id = m.mailbox_id
    WHERE e.id = $1 ORDER BY b.account_id, b.name, m.uid LIMIT $2`,
}

/** A delivery \`d\` of the envelope \`e\`, with how many there are. */
const summary = `e.id AS "envelopeId", e.message_id AS "messageId", e.reverse_path AS "reversePath", ${ms("e.accepted_at")} AS "acceptedAt", e.size, d.recipient, d.state,
  (SELECT count(*) FROM delivery r WHERE r.envelope_id = e.id) AS "recipientCount"`

const firstDelivery = "CROSS JOIN LATERAL (SELECT d.recipient, d.state FROM delivery d WHERE d.envelope_id = e.id ORDER BY d.id LIMIT 1) d"

const byMessageId = { name: "trace-by-message-id", text: `SELECT ${summary} FROM envelope e ${firstDelivery} WHERE e.message_id = $1 ORDER BY e.accepted_at DESC, e.id DESC LIMIT $2` }

const byContent = { name: "trace-by-content", text: `SELECT ${summary} FROM envelope e ${firstDelivery} WHERE e.content = $1 ORDER BY e.accepted_at DESC, e.id DESC LIMIT $2` }

/**
 * Three walks, each along an index and each bounded: what the address sent, what has settled for it, what is still open. Ids are handed out in blocks, so their
 * order is that of time but for minutes; each walk goes a little further than is shown.
 */
const byAddress = {
  name: "trace-by-address",
  text: `
    WITH one AS (
      SELECT found.* FROM unnest($1::text[]) AS a (address) CROSS JOIN LATERAL (
        (SELECT e.id AS envelope_id, NULL::bigint AS delivery_id FROM envelope e WHERE e.reverse_path = a.address AND e.reverse_path <> '' ORDER BY e.id DESC LIMIT $3 * 2)
        UNION ALL (SELECT d.envelope_id, d.id FROM delivery d WHERE d.recipient = a.address AND d.state IN ('delivered', 'relayed', 'failed') ORDER BY d.id DESC LIMIT $3 * 2)
      ) found
      UNION ALL (SELECT d.envelope_id, d.id FROM delivery d WHERE d.recipient = ANY ($1::text[]) AND d.state NOT IN ('delivered', 'relayed', 'failed') ORDER BY d.id DESC LIMIT $3 * 2)
    ), each AS (SELECT envelope_id, max(delivery_id) AS delivery_id FROM one GROUP BY envelope_id)
    SELECT ${summary} FROM each JOIN envelope e ON e.id = each.envelope_id
    CROSS JOIN LATERAL (SELECT d.recipient, d.state FROM delivery d WHERE d.envelope_id = e.id AND d.id = coalesce(each.delivery_id, d.id) ORDER BY d.id LIMIT 1) d
    WHERE e.accepted_at >= to_timestamp($2::float8 / 1000) ORDER BY e.accepted_at DESC, e.id DESC LIMIT $3`,
}
