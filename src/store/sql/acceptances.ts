import type { Logger } from "pino"
import { actAsNobody } from "../../accounts/actor.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { ChangeFeed } from "../change-feed.ts"
import type { Acceptance, AcceptanceStore, Committed, DsnFor, WarningFor } from "../acceptance-store.ts"
import { acceptForm, type AcceptRow, acceptStatement, acceptValues, type Planned } from "./accept-statement.ts"
import { markChangesTold } from "./change-notices.ts"
import { contentShape, discardUnused, distinctContents } from "./content-rows.ts"
import type { Database, Transaction } from "./database.ts"
import { markHeldTold } from "./held.ts"
import { markNotified } from "./campaigns.ts"
import { createIdBlocks } from "./id-blocks.ts"
import { appendedChanges } from "./place-messages.ts"
import { markReportSent } from "./own-reports.ts"
import { markSenderWarned } from "./sender-warnings.ts"

/**
 * Acceptances that arrive while a commit is under way share the next one: a statement is one round trip and one fsync
 * however many messages it carries. A message whose directory version is out of date is left out of it; the others are not held up.
 */
const maxBatch = 16
/** While one commit is on its way the next one fills; only a full one goes beside it, which is what a slow disk under many senders needs. */
const maxInFlight = 2

interface Pending {
  readonly acceptance: Acceptance
  readonly settle: (result: Result<Committed, Failure>) => void
}

export interface AcceptanceStoreOptions {
  readonly database: Database
  readonly log: Logger
  /** Deliveries to mailboxes here are made in the acceptance's own transaction; absent where workers make them. */
  readonly atOnce?: AtOnce
}

export interface AtOnce {
  readonly feed: Pick<ChangeFeed, "publish">
  /** How many were made. */
  readonly delivered: (count: number) => void
}

/** A message to more mailboxes than this would hold up those that are accepted with it. */
const maxAtOnce = 50

export function createAcceptanceStore({ database, log, atOnce }: AcceptanceStoreOptions): AcceptanceStore {
  const nextEnvelopeIds = createIdBlocks(database, "envelope_id", 1000)
  const nextDeliveryIds = createIdBlocks(database, "delivery_id", 10_000)
  const waiting: Pending[] = []
  let inFlight = 0

  const pump = (): void => {
    while (waiting.length > 0 && (inFlight === 0 || (inFlight < maxInFlight && waiting.length >= maxBatch))) {
      inFlight++
      void flush(waiting.splice(0, maxBatch)).finally(() => {
        inFlight--
        pump()
      })
    }
  }

  const flush = async (batch: readonly Pending[]): Promise<void> => {
    try {
      const results = await commitPlanned(await plan(batch.map(({ acceptance }) => acceptance), false))
      batch.forEach(({ settle }, index) => settle(results[index] ?? failed(unavailable)))
    } catch (error) {
      // The commit may have happened before the connection broke: blobs stay for housekeeping to judge.
      log.error({ err: error, messages: batch.length }, "messages could not be committed")
      for (const { settle } of batch) settle(failed(unavailable))
    }
  }

  /** Before a transaction begins: ids come by another connection, and who holds one must not wait for one. */
  const plan = async (batch: readonly Acceptance[], alone: boolean): Promise<readonly Planned[]> => {
    // what is placed is published at once, so only where the statement is the transaction
    const mayPlace = atOnce !== undefined && !alone
    const firstEnvelope = await nextEnvelopeIds(batch.length)
    const planned: Planned[] = []
    for (const [index, acceptance] of batch.entries()) {
      const first = await nextDeliveryIds(acceptance.deliveries.length)
      planned.push({ acceptance, envelopeId: firstEnvelope + index, deliveryIds: acceptance.deliveries.map((_, n) => first + n), atOnce: mayPlace && !acceptance.held && acceptance.deliveries.length <= maxAtOnce, marked: alone })
    }
    return planned
  }

  const commitPlanned = async (planned: readonly Planned[], on: Pick<Database, "query"> = database): Promise<Result<Committed, Failure>[]> => {
    const contents = distinctContents(planned.map(({ acceptance: { content } }) => content))
    const rows = await on.query<AcceptRow>(acceptStatement(contentShape(contents.length), acceptForm(planned)), acceptValues(contents, planned))
    const committed = new Set(rows.flatMap(({ envelope_id }) => (envelope_id === null ? [] : [envelope_id])))
    const storedBlobs = new Set(rows.flatMap(({ blob_key }) => (blob_key === null ? [] : [blob_key])))
    await discardUnused(planned.filter(({ envelopeId }) => committed.has(envelopeId)).map(({ acceptance }) => acceptance.content), storedBlobs)
    const placed = rows.filter((row) => row.delivery_id !== null)
    const delivered = new Set(placed.map(({ delivery_id }) => delivery_id))
    atOnce?.feed.publish(appendedChanges(placed))
    atOnce?.delivered(placed.length)
    return planned.map(({ envelopeId, deliveryIds, acceptance, marked }) =>
      committed.has(envelopeId) ? ok({ envelopeId, deliveryIds, delivered }) : failed(acceptance.notified && !marked ? failure("alreadyExists", "it was sent, or the directory has changed") : failure("inUse", "the directory has changed")),
    )
  }

  /** A message and the marks that it was made are one transaction of its own: few are made, and one that was made already must leave nothing. */
  const commitMarked = async (acceptance: Acceptance, mark: (tx: Transaction, envelopeId: number) => Promise<boolean>): Promise<Result<Committed, Failure>> => {
    try {
      const planned = await plan([acceptance], true)
      return await database.transaction(async (tx) => {
        const [result] = await commitPlanned(planned, tx)
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
      const { dsnFor, warningFor, heldNotice, senderWarned, changesTold, reportSent, notified } = acceptance
      if (dsnFor) return commitMarked(acceptance, (tx, envelopeId) => markDsn(tx, dsnFor, envelopeId))
      if (warningFor) return commitMarked(acceptance, (tx, envelopeId) => markWarning(tx, warningFor, envelopeId))
      if (heldNotice) return commitMarked(acceptance, async (tx) => (await tx.query(markHeldTold, [heldNotice.envelopeId, heldNotice.told])).length > 0)
      if (senderWarned) return commitMarked(acceptance, (tx) => markSenderWarned(tx, senderWarned))
      if (changesTold) return commitMarked(acceptance, (tx, envelopeId) => markChangesTold(tx, changesTold, envelopeId))
      if (reportSent) return commitMarked(acceptance, (tx, envelopeId) => markReportSent(tx, reportSent, envelopeId))
      // one recipient is marked by the statement that it shares with others
      if (notified && notified.recipients.length > 1) return commitMarked(acceptance, (tx, envelopeId) => markNotified(tx, notified, envelopeId))
      return new Promise((settle) => {
        waiting.push({ acceptance, settle })
        // a batch holds messages of several callers
        actAsNobody(pump)
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
  text: `
    WITH marked AS (UPDATE delivery SET dsn_owed = array_remove(dsn_owed, $2), dsn_made = array_append(dsn_made, $2) WHERE id = ANY ($1::bigint[]) AND $2 = ANY (dsn_owed) RETURNING id)
    INSERT INTO delivery_dsn (delivery_id, kind, envelope_id) SELECT id, $2, $3 FROM marked RETURNING delivery_id`,
}

/** False when one of them was marked already. */
async function markDsn(tx: Transaction, { deliveryIds, kind }: DsnFor, envelopeId: number): Promise<boolean> {
  return (await tx.query(markDsnMade, [deliveryIds, kind, envelopeId])).length === deliveryIds.length
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
