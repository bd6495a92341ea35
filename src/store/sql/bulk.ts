import { setImmediate as breathe } from "node:timers/promises"
import type { Scope } from "../../accounts/administrator.ts"
import { provinceDate } from "../../accounts/province-date.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { type BulkJob, type BulkRow, type BulkStore, resultAgainMs } from "../bulk-store.ts"
import { readBulkFacts } from "./bulk-facts.ts"
import { type BulkParts, secretPlace } from "./bulk-parts.ts"
import { createBulkWork } from "./bulk-work.ts"
import { withRetry } from "./database.ts"
import { jsonText } from "./json-text.ts"
import { inScope, scopeValue } from "./scope.ts"

/** Bulk jobs in PostgreSQL. */
export function createBulkStore(parts: BulkParts): BulkStore {
  const { database, sealer } = parts
  const workSome = createBulkWork(parts)
  const find = async (scope: Scope, id: number): Promise<Result<BulkJob, Failure>> => {
    const [job] = await database.query<BulkJob>(findJob, [scopeValue(scope), id])
    return job ? ok(job) : failed(failure("notFound", "there is no such job"))
  }
  return {
    facts: (question) => readBulkFacts(database, question),
    plan: ({ fileName, header, rows, scope, accountId, tokenId, startedBy }) =>
      database.transaction(async (tx) => {
        const [job] = await tx.query<{ id: number }>(insertJob, [fileName, header, scopeValue(scope), accountId, startedBy, tokenId ?? null])
        if (!job) throw new Error("a job was not stored")
        for (let at = 0; at < rows.length; at += batch) {
          const some = rows.slice(at, at + batch)
          await tx.query(insertRows, [
            job.id, some.map(({ line }) => line), some.map(({ cells }) => jsonText(cells)), some.map(({ action }) => action), some.map(({ work }) => (work === null ? null : jsonText(work))), some.map(({ problems }) => jsonText(problems)),
            some.map(({ work }) => (work === null ? null : work.kind === "add" ? work.account.address : work.address)), some.map(({ work }) => (work === null ? null : work.kind === "add" ? work.person.principalId || null : work.principalId)),
          ])
          await breathe()
        }
        return job.id
      }),
    list: (scope, limit) => database.query<BulkJob>(listJobs, [scopeValue(scope), limit]),
    find,
    rows: (id, { states, afterLine = 0, limit }) => database.query<BulkRow>(rowsOfJob, [id, states ?? null, afterLine, limit]),
    async confirm(scope, id) {
      const before = await find(scope, id)
      if (!before.ok) return before
      if (before.value.pending === 0) return failed(failure("invalid", "no row of it can be done"))
      const moved = await database.query(confirmJob, [id])
      return moved.length > 0 ? find(scope, id) : failed(failure("inUse", "it has been confirmed already, or cancelled"))
    },
    async cancel(scope, id, by) {
      const before = await find(scope, id)
      if (!before.ok) return before
      const moved = await database.query(cancelJob, [id, by])
      return moved.length > 0 ? find(scope, id) : failed(failure("inUse", "it is over already"))
    },
    due: async () => (await database.query<{ id: number }>(dueJobs)).map(({ id }) => id),
    claim: async (id, { by, forMs }) => (await database.query(claimJob, [id, by, forMs])).length > 0,
    work: (id, claim, size) => workSome({ id, claim, size, today: provinceDate(parts.clock.now()) }),
    letGo: async (id, { by }) => void (await database.query(letGoJob, [id, by])),
    async takeResult(id, { accountId, tokenId, scope, again }) {
      const found = await find(scope, id)
      if (!found.ok) return found
      if (found.value.accountId !== accountId || found.value.tokenId !== (tokenId ?? null)) return failed(failure("noPermission", "only who started it gets its result"))
      if (found.value.state !== "done" && found.value.state !== "cancelled") return failed(failure("inUse", "it is not over"))
      const rows = await withRetry(() =>
        database.transaction(async (tx) => {
          const isFirst = (await tx.query(takeJob, [id])).length > 0
          const isOpen = isFirst || (again && (await tx.query(takeJobAgain, [id])).length > 0)
          return tx.query<BulkRow & { readonly secret: Buffer | null }>(rowsWithSecrets, [id, isOpen])
        }),
      )
      const opened: BulkRow[] = []
      for (const { secret, ...row } of rows) {
        opened.push(secret === null ? row : { ...row, oneTimePassword: sealer.open(secret, secretPlace(id, row.line), maxSecretBytes).toString("utf8") })
        if (opened.length % slice === 0) await breathe()
      }
      return ok({ job: found.value, rows: opened })
    },
    async forget() {
      const [row] = await database.query<{ count: number }>(forget)
      return row?.count ?? 0
    },
  }
}

const batch = 500
const slice = 200
const maxSecretBytes = 100

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`

const insertJob = { name: "bulk-insert-job", text: "INSERT INTO bulk_job (file_name, header, scope, account_id, started_by, token_id) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id" }
const insertRows = {
  name: "bulk-insert-rows",
  text: `INSERT INTO bulk_row (job_id, line, cells, action, data, problems, address, principal_id, state)
    SELECT $1, t.*, CASE WHEN t.data IS NULL THEN 'bad' ELSE 'pending' END FROM unnest($2::int[], $3::jsonb[], $4::text[], $5::jsonb[], $6::jsonb[], $7::text[], $8::text[]) AS t (line, cells, action, data, problems, address, principal_id)`,
}

const isToBeHadAgain = (job: string): string => `${job}.result_taken_at > clock_timestamp() - interval '${resultAgainMs} milliseconds' AND EXISTS (SELECT FROM bulk_row s WHERE s.job_id = ${job}.id AND s.secret IS NOT NULL)`

/** Nobody sees the work of those who may do more. */
const visible = `($1::text[] IS NULL OR (j.scope IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(j.scope) AS r (code) WHERE NOT coalesce(${inScope("r.code", "$1")}, false))))`

const selectJob = `
  SELECT j.id, j.state, j.file_name AS "fileName", j.header, j.account_id AS "accountId", j.token_id AS "tokenId", j.started_by AS "startedBy", ${ms("j.planned_at")} AS "plannedAt", ${ms("j.started_at")} AS "startedAt",
    ${ms("j.finished_at")} AS "finishedAt", j.cancel_asked_at IS NOT NULL AS "cancelAsked", j.cancelled_by AS "cancelledBy", j.result_taken_at IS NOT NULL AS "resultTaken",
    CASE WHEN ${isToBeHadAgain("j")} THEN ${ms("j.result_taken_at")} + ${resultAgainMs} END AS "resultAgainUntil", r.*
  FROM bulk_job j CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE action = 'add' AND state <> 'bad') AS adds, count(*) FILTER (WHERE action = 'change' AND state <> 'bad') AS changes, count(*) FILTER (WHERE action = 'suspend' AND state <> 'bad') AS suspensions,
      count(*) FILTER (WHERE state = 'bad') AS bad, count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'done') AS done,
      count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'cancelled') AS cancelled
    FROM bulk_row WHERE job_id = j.id
  ) r WHERE ${visible}`
const findJob = { name: "bulk-find", text: `${selectJob} AND j.id = $2` }
const listJobs = { name: "bulk-list", text: `${selectJob} ORDER BY j.id DESC LIMIT $2` }

const rowColumns = `line, cells, state, action, problems, principal_id AS "principalId", address`
const rowsOfJob = { name: "bulk-rows", text: `SELECT ${rowColumns} FROM bulk_row WHERE job_id = $1 AND ($2::text[] IS NULL OR state = ANY ($2::text[])) AND line > $3 ORDER BY line LIMIT $4` }
const rowsWithSecrets = { name: "bulk-rows-with-secrets", text: `SELECT ${rowColumns}, CASE WHEN $2 THEN secret END AS secret FROM bulk_row WHERE job_id = $1 ORDER BY line` }

const note = (kind: string, by: string): string => `INSERT INTO audit (kind, account_id, detail) SELECT '${kind}', account_id, jsonb_build_object('jobId', id, 'file', file_name, 'by', ${by}) FROM j`
const confirmJob = { name: "bulk-confirm", text: `WITH j AS (UPDATE bulk_job SET state = 'queued', confirmed_at = clock_timestamp() WHERE id = $1 AND state = 'planned' RETURNING *), a AS (${note("bulk.confirmed", "started_by")}) SELECT id FROM j` }
/** Nothing is under way: over at once. Otherwise whoever works on it ends it after the rows in hand, and if he is dead his successor does. */
const cancelJob = {
  name: "bulk-cancel",
  text: `
    WITH j AS (
      UPDATE bulk_job SET cancel_asked_at = coalesce(cancel_asked_at, clock_timestamp()), cancelled_by = $2,
        state = CASE WHEN state IN ('planned', 'queued') THEN 'cancelled' ELSE state END, finished_at = CASE WHEN state IN ('planned', 'queued') THEN clock_timestamp() END
      WHERE id = $1 AND state IN ('planned', 'queued', 'running') RETURNING *
    ), r AS (UPDATE bulk_row SET state = 'cancelled' WHERE job_id = $1 AND state = 'pending' AND EXISTS (SELECT FROM j WHERE state = 'cancelled')),
    a AS (${note("bulk.cancelled", "$2::text")})
    SELECT id FROM j`,
}
const dueJobs = { name: "bulk-due", text: "SELECT id FROM bulk_job WHERE state IN ('queued', 'running') AND (claimed_until IS NULL OR claimed_until < clock_timestamp()) ORDER BY id LIMIT 100" }
const claimJob = {
  name: "bulk-claim",
  text: `UPDATE bulk_job SET claim = $2, claimed_until = clock_timestamp() + $3 * interval '1 millisecond', state = 'running', started_at = coalesce(started_at, clock_timestamp())
    WHERE id = $1 AND state IN ('queued', 'running') AND (claimed_until IS NULL OR claimed_until < clock_timestamp()) RETURNING id`,
}
const letGoJob = { name: "bulk-let-go", text: "UPDATE bulk_job SET claim = NULL, claimed_until = NULL WHERE id = $1 AND claim = $2" }

const takeJob = { name: "bulk-take", text: `WITH j AS (UPDATE bulk_job SET result_taken_at = clock_timestamp() WHERE id = $1 AND result_taken_at IS NULL RETURNING *) ${note("bulk.resultTaken", "started_by")} RETURNING id` }
const takeJobAgain = { name: "bulk-take-again", text: `WITH j AS (SELECT * FROM bulk_job b WHERE id = $1 AND ${isToBeHadAgain("b")}) ${note("bulk.resultTakenAgain", "started_by")} RETURNING id` }
const forget = {
  name: "bulk-forget",
  text: `
    WITH late AS (UPDATE bulk_job SET result_taken_at = clock_timestamp() WHERE finished_at < clock_timestamp() - interval '1 day' AND result_taken_at IS NULL RETURNING id),
    s AS (
      UPDATE bulk_row SET secret = NULL WHERE secret IS NOT NULL
      AND job_id IN (SELECT id FROM late UNION ALL SELECT id FROM bulk_job WHERE result_taken_at < clock_timestamp() - interval '${resultAgainMs} milliseconds') RETURNING 1
    ),
    d AS (DELETE FROM bulk_job WHERE planned_at < clock_timestamp() - CASE state WHEN 'planned' THEN interval '7 days' ELSE interval '90 days' END AND state NOT IN ('queued', 'running') RETURNING 1)
    SELECT (SELECT count(*) FROM s) + (SELECT count(*) FROM d) AS count`,
}

