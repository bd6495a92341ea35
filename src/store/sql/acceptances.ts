import type { Logger } from "pino"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { Acceptance, AcceptanceStore, Committed, DsnFor, WarningFor } from "../acceptance-store.ts"
import { contentColumns, contentRowsSql, contentRowValues, discardUnused, distinctContents, insertContentsSql } from "./content-rows.ts"
import type { Database, Transaction } from "./database.ts"
import { markHeldTold } from "./held.ts"
import { createIdBlocks } from "./id-blocks.ts"

/**
 * Acceptances that arrive while a commit is under way share the next one: a statement is one round trip and one fsync
 * however many messages it carries. A message whose directory version is out of date is left out of it; the others are not held up.
 */
const maxBatch = 16
/** One commit on the disk and one being made ready. */
const maxInFlight = 2
/** Two sweeps would find a delivery before its first job could have run; this keeps them off (ms). */
export const firstLeaseMs = 5_000

interface Pending {
  readonly acceptance: Acceptance
  readonly settle: (result: Result<Committed, Failure>) => void
}

export function createAcceptanceStore({ database, log }: { readonly database: Database; readonly log: Logger }): AcceptanceStore {
  const nextEnvelopeIds = createIdBlocks(database, "envelope_id", 1000)
  const nextDeliveryIds = createIdBlocks(database, "delivery_id", 10_000)
  const waiting: Pending[] = []
  let inFlight = 0

  const pump = (): void => {
    while (inFlight < maxInFlight && waiting.length > 0) {
      inFlight++
      void flush(waiting.splice(0, maxBatch)).finally(() => {
        inFlight--
        pump()
      })
    }
  }

  const flush = async (batch: readonly Pending[]): Promise<void> => {
    try {
      const results = await commitBatch(batch.map(({ acceptance }) => acceptance))
      batch.forEach(({ settle }, index) => settle(results[index] ?? failed(unavailable)))
    } catch (error) {
      // The commit may have happened before the connection broke: blobs stay for housekeeping to judge.
      log.error({ err: error, messages: batch.length }, "messages could not be committed")
      for (const { settle } of batch) settle(failed(unavailable))
    }
  }

  const commitBatch = async (batch: readonly Acceptance[], on: Pick<Database, "query"> = database): Promise<Result<Committed, Failure>[]> => {
    const firstEnvelope = await nextEnvelopeIds(batch.length)
    const planned: { acceptance: Acceptance; envelopeId: number; deliveryIds: number[] }[] = []
    for (const [index, acceptance] of batch.entries()) {
      const first = await nextDeliveryIds(acceptance.deliveries.length)
      planned.push({ acceptance, envelopeId: firstEnvelope + index, deliveryIds: acceptance.deliveries.map((_, n) => first + n) })
    }
    const contents = distinctContents(batch.map(({ content }) => content))
    const rows = await on.query<AcceptRow>(acceptStatement(contents.length), [...contents.flatMap(contentRowValues), ...envelopeArrays(planned), ...deliveryArrays(planned)])
    const committed = new Set(rows.flatMap(({ envelope_id }) => (envelope_id === null ? [] : [envelope_id])))
    const storedBlobs = new Set(rows.flatMap(({ blob_key }) => (blob_key === null ? [] : [blob_key])))
    await discardUnused(planned.filter(({ envelopeId }) => committed.has(envelopeId)).map(({ acceptance }) => acceptance.content), storedBlobs)
    return planned.map(({ envelopeId, deliveryIds }) =>
      committed.has(envelopeId) ? ok({ envelopeId, deliveryIds }) : failed(failure("inUse", "the directory has changed")),
    )
  }

  /** A message and the marks that it was made are one transaction of its own: few are made, and one that was made already must leave nothing. */
  const commitMarked = async (acceptance: Acceptance, mark: (tx: Transaction, envelopeId: number) => Promise<boolean>): Promise<Result<Committed, Failure>> => {
    try {
      return await database.transaction(async (tx) => {
        const [result] = await commitBatch([acceptance], tx)
        if (!result?.ok) throw new Undone(result?.failure ?? unavailable)
        if (!(await mark(tx, result.value.envelopeId))) throw new Undone(failure("alreadyExists", "the message has been made already"))
        return result
      })
    } catch (error) {
      if (error instanceof Undone) return failed(error.failure)
      log.error({ err: error }, "a message of the system could not be committed")
      return failed(unavailable)
    }
  }

  return {
    commit(acceptance) {
      const { dsnFor, warningFor, heldNotice } = acceptance
      if (dsnFor) return commitMarked(acceptance, (tx) => markDsn(tx, dsnFor))
      if (warningFor) return commitMarked(acceptance, (tx, envelopeId) => markWarning(tx, warningFor, envelopeId))
      if (heldNotice !== undefined) return commitMarked(acceptance, async (tx) => (await tx.query(markHeldTold, [heldNotice])).length > 0)
      return new Promise((settle) => {
        waiting.push({ acceptance, settle })
        pump()
      })
    },
  }
}

/** Rolls a transaction back with an expected failure. */
class Undone extends Error {
  readonly failure: Failure

  constructor(reason: Failure) {
    super(reason.detail)
    this.failure = reason
  }
}

const markDsnMade = {
  name: "mark-dsn-made",
  text: "UPDATE delivery SET dsn_owed = array_remove(dsn_owed, $2), dsn_made = array_append(dsn_made, $2) WHERE id = ANY ($1::bigint[]) AND $2 = ANY (dsn_owed) RETURNING id",
}

/** False when one of them was marked already. */
async function markDsn(tx: Transaction, { deliveryIds, kind }: DsnFor): Promise<boolean> {
  return (await tx.query(markDsnMade, [deliveryIds, kind])).length === deliveryIds.length
}

async function markWarning(tx: Transaction, { recipient, warnings }: WarningFor, envelopeId: number): Promise<boolean> {
  const marked = await tx.query(markWarned, [warnings.map(({ fingerprint }) => fingerprint), warnings.map(({ days }) => days), recipient, envelopeId])
  return marked.length === warnings.length
}

const markWarned = {
  name: "mark-warned",
  text: `INSERT INTO certificate_warning (fingerprint, days, recipient, envelope_id) SELECT t.fingerprint, t.days, $3, $4 FROM unnest($1::text[], $2::int[]) AS t (fingerprint, days)
    ON CONFLICT DO NOTHING RETURNING fingerprint`,
}

const unavailable = failure("unavailable", "the message could not be stored")

interface AcceptRow {
  readonly envelope_id: number | null
  readonly blob_key: string | null
}

const statements = new Map<number, { readonly name: string; readonly text: string }>()

/** The whole acceptance as one statement, for `contents` contents. */
function acceptStatement(contents: number): { readonly name: string; readonly text: string } {
  const known = statements.get(contents)
  if (known) return known
  const p = (index: number): string => `$${contents * contentColumns + index}`
  const text = `
    WITH e AS (
      INSERT INTO envelope (id, content, sha256, size, source, reverse_path, ret, envid, require_tls, smtp_utf8, trace_prefix, message_id, accepted_at, marks)
      SELECT t.id, t.content, t.sha256, t.size, t.source, t.reverse_path, t.ret, t.envid, t.require_tls, t.smtp_utf8, t.trace_prefix, t.message_id, to_timestamp(t.accepted_at / 1000.0), t.marks
      FROM unnest(${p(1)}::bigint[], ${p(2)}::bytea[], ${p(3)}::bytea[], ${p(4)}::bigint[], ${p(5)}::text[], ${p(6)}::text[], ${p(7)}::text[], ${p(8)}::text[],
                  ${p(9)}::boolean[], ${p(10)}::boolean[], ${p(11)}::text[], ${p(12)}::text[], ${p(13)}::float8[], ${p(14)}::bigint[], ${p(15)}::text[])
           AS t (id, content, sha256, size, source, reverse_path, ret, envid, require_tls, smtp_utf8, trace_prefix, message_id, accepted_at, directory_version, marks)
      JOIN directory_version v ON v.version = t.directory_version
      RETURNING id, content
    ), d AS (
      INSERT INTO delivery (id, envelope_id, recipient, account_id, original_recipient, notify, next_attempt_at, expires_at, state)
      SELECT t.id, t.envelope_id, t.recipient, t.account_id, t.original_recipient, string_to_array(t.notify, ','), clock_timestamp() + interval '${firstLeaseMs} milliseconds', to_timestamp(t.expires_at / 1000.0), t.state::delivery_state
      FROM unnest(${p(20)}::bigint[], ${p(21)}::bigint[], ${p(22)}::text[], ${p(23)}::bigint[], ${p(24)}::text[], ${p(25)}::text[], ${p(26)}::float8[], ${p(27)}::text[])
           AS t (id, envelope_id, recipient, account_id, original_recipient, notify, expires_at, state)
      JOIN e ON e.id = t.envelope_id
    ), h AS (
      INSERT INTO held_message (envelope_id, kind, rule_id, reason_vi, reason_en, notify)
      SELECT t.envelope_id, t.held->>'kind', t.held->>'ruleId', t.held->>'reasonVi', t.held->>'reasonEn', ARRAY(SELECT jsonb_array_elements_text(t.held->'notify'))
      FROM unnest(${p(16)}::bigint[], ${p(19)}::jsonb[]) AS t (envelope_id, held)
      JOIN e ON e.id = t.envelope_id
      WHERE t.held IS NOT NULL
    ), a AS (
      INSERT INTO audit (kind, principal_id, account_id, client_address, envelope_id, detail)
      SELECT 'message.accepted', t.facts->>'principalId', (t.facts->>'accountId')::bigint, t.client_address, t.envelope_id, t.facts
      FROM unnest(${p(16)}::bigint[], ${p(17)}::text[], ${p(18)}::jsonb[]) AS t (envelope_id, client_address, facts)
      JOIN e ON e.id = t.envelope_id
    ), c AS (
      ${insertContentsSql(contentRowsSql(contents), "WHERE c.hash IN (SELECT content FROM e)")}
    )
    SELECT id AS envelope_id, NULL::text AS blob_key FROM e
    UNION ALL SELECT NULL, blob_key FROM c WHERE blob_key IS NOT NULL`
  const statement = { name: `accept-${contents}`, text }
  statements.set(contents, statement)
  return statement
}

interface Planned {
  readonly acceptance: Acceptance
  readonly envelopeId: number
  readonly deliveryIds: readonly number[]
}

function envelopeArrays(planned: readonly Planned[]): unknown[] {
  const column = <T>(value: (plan: Planned) => T): T[] => planned.map(value)
  return [
    column(({ envelopeId }) => envelopeId),
    column(({ acceptance }) => acceptance.content.ref),
    column(({ acceptance }) => acceptance.content.sha256),
    column(({ acceptance }) => acceptance.content.size),
    column(({ acceptance }) => acceptance.source),
    column(({ acceptance }) => acceptance.envelope.reversePath),
    column(({ acceptance }) => acceptance.envelope.ret ?? null),
    column(({ acceptance }) => acceptance.envelope.envelopeId ?? null),
    column(({ acceptance }) => acceptance.envelope.requireTls),
    column(({ acceptance }) => acceptance.envelope.smtpUtf8),
    column(({ acceptance }) => acceptance.tracePrefix),
    column(({ acceptance }) => acceptance.content.structure.messageId),
    column(({ acceptance }) => acceptance.acceptedAt),
    column(({ acceptance }) => acceptance.directoryVersion),
    column(({ acceptance }) => (acceptance.marks ?? []).join(" ")),
    column(({ envelopeId }) => envelopeId),
    column(({ acceptance }) => acceptance.session.clientAddress),
    column(({ acceptance }) => JSON.stringify({ ...acceptance.session, recipients: acceptance.deliveries.length })),
    column(({ acceptance }) => (acceptance.held ? JSON.stringify(acceptance.held) : null)),
  ]
}

function deliveryArrays(planned: readonly Planned[]): unknown[] {
  const rows = planned.flatMap(({ acceptance, envelopeId, deliveryIds }) => acceptance.deliveries.map((delivery, index) => ({ ...delivery, id: deliveryIds[index], envelopeId, state: acceptance.held ? "held" : "waiting" })))
  return [
    rows.map(({ id }) => id),
    rows.map(({ envelopeId }) => envelopeId),
    rows.map(({ recipient }) => recipient),
    rows.map(({ accountId }) => accountId),
    rows.map(({ originalRecipient }) => originalRecipient),
    rows.map(({ notify }) => notify.join(",")),
    rows.map(({ expiresAt }) => expiresAt),
    rows.map(({ state }) => state),
  ]
}
