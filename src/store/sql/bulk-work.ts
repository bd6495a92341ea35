import type { BulkWork } from "../../accounts/provision/bulk/rows.ts"
import { keptScope } from "../../accounts/administrator.ts"
import type { FieldProblem } from "../../accounts/provision/problems.ts"
import type { BulkStep, Claim } from "../bulk-store.ts"
import { applyRow, firstOneTimePassword } from "./bulk-apply.ts"
import { type BulkParts, secretPlace } from "./bulk-parts.ts"
import { type Transaction, withRetry } from "./database.ts"
import { lockDirectory, nextVersion } from "./directory-editor.ts"
import { type Edit, newMany } from "./edit.ts"
import { jsonText } from "./json-text.ts"

interface Asked {
  readonly id: number
  readonly claim: Claim
  readonly size: number
  readonly today: string
}

/**
 * Some rows of a job in one transaction, which goes on only while the job is this worker's and nobody wants it to end. Processes that read the directory anew
 * at each of a hundred commits would do little else: while a job goes on they are told now and then. Nobody decides on an old one meanwhile, because a
 * decision is committed on the current version only.
 */
export function createBulkWork(parts: BulkParts): (asked: Asked) => Promise<BulkStep> {
  let toldAt = 0
  return async (asked) => {
    const { step, version, told } = await withRetry(() => parts.database.transaction((tx) => workInTransaction(parts, tx, asked)))
    const now = parts.clock.now()
    if (version !== null && (step.kind !== "more" || now - toldAt >= tellEveryMs)) {
      toldAt = now
      parts.feed.publish([{ kind: "directory", version }])
    }
    if (told) parts.feed.publish([told])
    return step
  }
}

const tellEveryMs = 2_000

async function workInTransaction(parts: BulkParts, tx: Transaction, { id, claim, size, today }: Asked): Promise<{ readonly step: BulkStep; readonly version: number | null; readonly told: Told | null }> {
  await lockDirectory(tx)
  const [job] = await tx.query<{ scope: readonly string[] | null; by: string; cancelAsked: boolean }>(ownJob, [id, claim.by, claim.forMs])
  if (!job) return { step: { kind: "lost", rows: 0 }, version: null, told: null }
  if (job.cancelAsked) {
    await tx.query(endJob, [id, "cancelled"])
    return { step: { kind: "cancelled", rows: 0 }, version: null, told: await tell(tx, id, "cancelled") }
  }
  const rows = await tx.query<{ line: number; data: BulkWork }>(pendingRows, [id, size])
  const edit: Edit = { tx, scope: keptScope(job.scope), today, mailboxes: parts.mailboxes, addressRule: parts.addressRule, many: newMany(), about: { bulkJob: id, by: job.by } }
  let written = 0
  for (const { line, data } of rows) if (await workRow(parts, edit, { id, line, data })) written++
  const kind = rows.length < size ? "done" : "more"
  if (kind === "done") await tx.query(endJob, [id, "done"])
  return { step: { kind, rows: rows.length }, version: written > 0 ? await nextVersion(tx) : null, told: await tell(tx, id, kind === "done" ? "done" : "running") }
}

/** One row and its state: all of it, or only that it failed and why. */
async function workRow({ sealer, oneTimePasswords }: BulkParts, edit: Edit, { id, line, data }: { readonly id: number; readonly line: number; readonly data: BulkWork }): Promise<boolean> {
  const { tx } = edit
  await tx.query(savepoint)
  let problems: readonly FieldProblem[]
  try {
    const done = await applyRow(edit, data)
    if (done.ok) {
      const { principalId, address, newAccountId } = done.value
      const password = newAccountId === null ? undefined : oneTimePasswords()
      if (newAccountId !== null && password) await firstOneTimePassword(edit, newAccountId, password.hash)
      await tx.query(rowDone, [id, line, principalId, address, password ? sealer.seal(Buffer.from(password.text), secretPlace(id, line)) : null])
      await tx.query(release)
      return true
    }
    problems = done.failure.problems
  } catch (error) {
    // lost against another transaction, or the connection: the whole of it is done again
    if (!isOfTheRow(error)) throw error
    problems = [{ field: "", problem: "internal" }]
  }
  await tx.query(rollback)
  // numbers that were given to nobody
  edit.many?.numbers.clear()
  await tx.query(rowFailed, [id, line, jsonText(problems)])
  return false
}

/** A constraint or a value that the checks did not foresee (SQLSTATE classes 22 and 23): this row's fault alone. */
const isOfTheRow = (error: unknown): boolean => error instanceof Error && "code" in error && typeof error.code === "string" && /^2[23]/.test(error.code)

interface Told {
  readonly kind: "bulk"
  readonly jobId: number
  readonly state: "running" | "done" | "cancelled"
  readonly done: number
  readonly failed: number
  readonly left: number
}

async function tell(tx: Transaction, jobId: number, state: Told["state"]): Promise<Told> {
  const [counts] = await tx.query<Pick<Told, "done" | "failed" | "left">>(countRows, [jobId])
  return { kind: "bulk", jobId, state, ...(counts ?? { done: 0, failed: 0, left: 0 }) }
}

const ownJob = {
  name: "bulk-own",
  text: `UPDATE bulk_job SET claimed_until = clock_timestamp() + $3 * interval '1 millisecond' WHERE id = $1 AND claim = $2 AND state = 'running'
    RETURNING scope, started_by AS by, cancel_asked_at IS NOT NULL AS "cancelAsked"`,
}
const pendingRows = { name: "bulk-pending", text: "SELECT line, data FROM bulk_row WHERE job_id = $1 AND state = 'pending' ORDER BY line LIMIT $2" }
const endJob = {
  name: "bulk-end",
  text: `
    WITH j AS (UPDATE bulk_job SET state = $2, finished_at = clock_timestamp(), claim = NULL, claimed_until = NULL WHERE id = $1 RETURNING *),
    r AS (UPDATE bulk_row SET state = 'cancelled' WHERE job_id = $1 AND state = 'pending')
    INSERT INTO audit (kind, account_id, detail) SELECT 'bulk.ended', account_id, jsonb_build_object('jobId', id, 'state', $2::text, 'by', started_by) FROM j`,
}
const countRows = {
  name: "bulk-count",
  text: "SELECT count(*) FILTER (WHERE state = 'done') AS done, count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'pending') AS left FROM bulk_row WHERE job_id = $1",
}
const rowDone = { name: "bulk-row-done", text: "UPDATE bulk_row SET state = 'done', principal_id = $3, address = $4, secret = $5 WHERE job_id = $1 AND line = $2" }
const rowFailed = { name: "bulk-row-failed", text: "UPDATE bulk_row SET state = 'failed', problems = $3 WHERE job_id = $1 AND line = $2" }
const savepoint = { text: "SAVEPOINT bulk_row" }
const release = { text: "RELEASE SAVEPOINT bulk_row" }
const rollback = { text: "ROLLBACK TO SAVEPOINT bulk_row" }
