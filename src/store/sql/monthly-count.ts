import { provinceMonth } from "../../accounts/province-date.ts"
import { agencyOf, buildOrganization } from "../../accounts/organization.ts"
import type { Unit } from "../../accounts/directory.ts"
import { decodeStructure } from "../../mail/content-record.ts"
import { hasDocuments } from "../../mail/has-documents.ts"
import { MailCount, type SentMessage } from "../mail-count.ts"
import type { MonthlyCount, PaperPrice } from "../monthly-report-store.ts"
import type { Sealer } from "../sealing.ts"
import { structurePlace } from "./contents.ts"
import type { Database, Transaction } from "./database.ts"

/**
 * Adds up what units do, by months. What was counted until when moves in the transaction that adds, so that mail counts once whatever breaks off; a worker
 * that was away for days counts them later. A month's last addition closes it, and nothing writes to it any more.
 */
export interface MonthlyCountParts {
  readonly database: Pick<Database, "query" | "transaction">
  readonly sealer: Pick<Sealer, "open">
  /** As configured: kept with the month. */
  readonly price: PaperPrice
}

const dayMs = 86_400_000
/** A transaction that was open then may commit a little later. */
const settleMs = 10 * 60_000
/** How long after a month's end its accounts are still taken to be what they were. */
const lateMs = dayMs
/** Where nothing is counted yet, the past begins so many months ago. */
const maxMonths = 12
/** Structures opened before others get their turn. */
const messagesAtOnce = 200

export const createMonthlyCount = (parts: MonthlyCountParts): MonthlyCount => ({
  async count(now) {
    const limit = now - settleMs
    const directory = await readUnits(parts.database)
    let from = await whereToBegin(parts.database, limit)
    do {
      const month = provinceMonth(from)
      const until = Math.min(from + dayMs, month.until, Math.max(limit, from))
      const counted = await countSpan(parts, { from, until, directory })
      await parts.database.transaction((tx) => addSpan(tx, { price: parts.price, now, month, from, until, isLast: until === month.until || until >= limit, counted }))
      from = until
    } while (from < limit)
  },
})

interface Span {
  readonly from: number
  readonly until: number
  readonly directory: ReturnType<typeof buildOrganization>
}

async function readUnits(database: Pick<Database, "query">): Promise<Span["directory"]> {
  return buildOrganization({ units: await database.query<Unit>(allUnits), groups: [] })
}

async function whereToBegin(database: Pick<Database, "query">, limit: number): Promise<number> {
  const [row] = await database.query<{ counted: number | null; first: number | null }>(begin)
  if (row && row.counted !== null) return row.counted
  const earliest = provinceMonth(limit - maxMonths * 30 * dayMs).from
  return provinceMonth(Math.min(limit, Math.max(earliest, row?.first ?? limit))).from
}

async function countSpan({ database, sealer }: MonthlyCountParts, { from, until, directory }: Span): Promise<MailCount> {
  const counted = new MailCount((code) => agencyOf(directory.unitPath(code)))
  const ids = (await database.query<{ id: number }>(sentIds, [from, until])).map(({ id }) => id)
  for (let at = 0; at < ids.length; at += messagesAtOnce) {
    for (const { structure, content, ...message } of await database.query<SentRow>(sent, [ids.slice(at, at + messagesAtOnce)])) {
      counted.sent({ ...message, hasDocuments: structure !== null && withDocuments(sealer, structure, content) })
    }
  }
  for (const { unitCode, copies } of await database.query<{ unitCode: string; copies: number }>(received, [from, until])) counted.received(unitCode, copies)
  return counted
}

/** What cannot be opened is not known, as of a content that nobody kept; one damaged message does not stop the count of all others. */
function withDocuments(sealer: Pick<Sealer, "open">, structure: Buffer, content: Buffer): boolean {
  try {
    return hasDocuments(decodeStructure(sealer.open(structure, structurePlace(content), maxStructureBytes)).bodyStructure)
  } catch {
    return false
  }
}

interface SentRow extends Omit<SentMessage, "hasDocuments"> {
  readonly content: Buffer
  readonly structure: Buffer | null
}

const maxStructureBytes = 512 * 1024 * 1024

interface Addition {
  readonly price: PaperPrice
  readonly now: number
  readonly month: ReturnType<typeof provinceMonth>
  readonly from: number
  readonly until: number
  /** Of its month in this run: accounts, people and space are counted with it, not with each day. */
  readonly isLast: boolean
  readonly counted: MailCount
}

async function addSpan(tx: Transaction, { price, now, month, from, until, isLast, counted }: Addition): Promise<void> {
  const first = `${month.month}-01`
  const over = until === month.until
  const moved = await tx.query(moveOn, [first, until, price.pagePrice, price.pagesPerDocument, from, over])
  if (moved.length === 0) throw new Error(`the month ${month.month} is being counted by another process`)
  await tx.query(keepUnits, [first, Math.min(now, month.until), isLast && now < month.until + lateMs])
  await tx.query(add, [first, JSON.stringify([...counted.units].map(([code, figures]) => ({ code, ...figures })))])
}

const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`

const allUnits = { name: "report-all-units", text: `SELECT code, name, kind, parent_code AS "parentCode", domain FROM organization_unit` }

const begin = {
  name: "report-begin",
  text: `SELECT (SELECT (extract(epoch FROM max(counted_until)) * 1000)::bigint FROM report_month) AS counted, (SELECT (extract(epoch FROM accepted_at) * 1000)::bigint FROM envelope ORDER BY id LIMIT 1) AS first`,
}

/** First their ids, by the index of times; sorted by id it would be the index of ids, from the first message on. */
const sentIds = { name: "report-sent-ids", text: `SELECT id FROM envelope WHERE source = 'submission' AND accepted_at >= ${at("$1")} AND accepted_at < ${at("$2")}` }

const sent = {
  name: "report-sent",
  text: `
    SELECT c.unit_code AS "unitCode", v.envelope_id IS NOT NULL AS signed, e.content, t.structure, d.copies, d.outside, d.units
    FROM envelope e
    JOIN audit a ON a.envelope_id = e.id AND a.kind = 'message.accepted' JOIN account c ON c.id = a.account_id
    LEFT JOIN evidence v ON v.envelope_id = e.id LEFT JOIN content t ON t.hash = e.content
    CROSS JOIN LATERAL (
      SELECT count(*) AS copies, coalesce(bool_or(r.account_id IS NULL), false) AS outside, coalesce(array_agg(DISTINCT ra.unit_code) FILTER (WHERE ra.unit_code IS NOT NULL), '{}') AS units
      FROM delivery r LEFT JOIN account ra ON ra.id = r.account_id WHERE r.envelope_id = e.id
    ) d
    WHERE e.id = ANY ($1::bigint[])`,
}

const received = {
  name: "report-received",
  text: `SELECT a.unit_code AS "unitCode", count(*) AS copies FROM delivery d JOIN account a ON a.id = d.account_id
    WHERE d.state = 'delivered' AND d.settled_at >= ${at("$1")} AND d.settled_at < ${at("$2")} GROUP BY a.unit_code`,
}

/** No row when the month does not stand where the span begins, or is over. */
const moveOn = {
  name: "report-move-on",
  text: `
    INSERT INTO report_month (month, counted_until, page_price, pages_per_document, finished_at) VALUES ($1::date, ${at("$2")}, $3, $4, CASE WHEN $6 THEN clock_timestamp() END)
    ON CONFLICT (month) DO UPDATE SET counted_until = excluded.counted_until, page_price = excluded.page_price, pages_per_document = excluded.pages_per_document, finished_at = excluded.finished_at
      WHERE report_month.counted_until = ${at("$5")} AND report_month.finished_at IS NULL
    RETURNING month`,
}

const perUnit = (column: string, figure: string, from: string, where: string): string => `LEFT JOIN (SELECT ${column} AS code, ${figure} AS figure FROM ${from} WHERE ${where} GROUP BY 1)`
const open = `(x.suspended_at IS NULL OR x.suspended_at >= ${at("$2")})`

/** Units as they stand now; accounts, people and space only while that is what they were. */
const keepUnits = {
  name: "report-keep-units",
  text: `
    INSERT INTO unit_month (month, unit_code, name, parent_code, accounts, holders, storage_bytes)
    SELECT $1::date, u.code, u.name, u.parent_code, CASE WHEN $3 THEN coalesce(a.figure, 0) END, CASE WHEN $3 THEN coalesce(p.figure, 0) END, CASE WHEN $3 THEN coalesce(s.figure, 0) END
    FROM organization_unit u
    ${perUnit("x.unit_code", "count(*)", "account x", `$3 AND x.archived_at IS NULL AND x.created_at < ${at("$2")} AND ${open}`)} a ON a.code = u.code
    ${perUnit("x.unit_code", "count(*)", "principal x", `$3 AND ${open}`)} p ON p.code = u.code
    ${perUnit("x.unit_code", "sum(m.bytes)::bigint", "mailbox m JOIN account x ON x.id = m.account_id", "$3")} s ON s.code = u.code
    ON CONFLICT (month, unit_code) DO UPDATE SET name = excluded.name, parent_code = excluded.parent_code, accounts = coalesce(excluded.accounts, unit_month.accounts),
      holders = coalesce(excluded.holders, unit_month.holders), storage_bytes = coalesce(excluded.storage_bytes, unit_month.storage_bytes)`,
}

const mailColumns = ["sent_internal", "sent_agencies", "sent_outside", "sent_signed", "received", "documents", "copies"] as const
const camel = (column: string): string => column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

const add = {
  name: "report-add",
  text: `
    UPDATE unit_month u SET ${mailColumns.map((column) => `${column} = u.${column} + n."${camel(column)}"`).join(", ")}
    FROM jsonb_to_recordset($2::jsonb) AS n (code text, ${mailColumns.map((column) => `"${camel(column)}" bigint`).join(", ")})
    WHERE u.month = $1::date AND u.unit_code = n.code`,
}
