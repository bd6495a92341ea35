import { once } from "node:events"
import { open } from "node:fs/promises"
import type { Writable } from "node:stream"
import { systemClock } from "../base/clock.ts"
import { isDate } from "../accounts/province-date.ts"
import { parseDurationMs } from "../base/units.ts"
import { type AuditFilter, type ListedEntry, maxAuditPage } from "../store/audit-store.ts"
import { csvHeader, csvLine } from "../store/audit/shown-entry.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import type { Database } from "../store/sql/database.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { entryTable } from "./audit-text.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { findAccount } from "./find-account.ts"
import { limitOf, numberOf } from "./queue-filter.ts"

/** `congthu audit list`, `export` and `accesses`: who did what, from where, to what. */
export interface FilterOptions {
  readonly kind?: string
  readonly who?: string
  readonly account?: string
  readonly since?: string
  readonly until?: string
  readonly text?: string
}

export interface PageOptions {
  readonly limit: string
  readonly before?: string
  readonly json?: boolean
  readonly csv?: boolean
}

export async function listAudit({ database }: CommandContext, options: FilterOptions & PageOptions): Promise<number> {
  return printPage(await createAuditStore(database).list(await filterOf(database, options), pageOf(options)), options)
}

export async function listAccesses({ database }: CommandContext, address: string, options: PageOptions): Promise<number> {
  const account = findAccount(await loadDirectory(database), address)
  return printPage(await createAuditStore(database).accessesOf(account.id, pageOf(options)), options)
}

const pageOf = ({ limit, before }: PageOptions) => ({ limit: limitOf(limit, maxAuditPage), ...(before !== undefined && { before: numberOf(before, "audit entry") }) })

function printPage(entries: readonly ListedEntry[], { limit, json, csv }: PageOptions): number {
  if (json) for (const entry of entries) print(JSON.stringify(entry))
  else if (csv) print([csvHeader, ...entries.map(csvLine)].join("\r\n"))
  else if (entries.length > 0) print(entryTable(entries))
  if (entries.length === 0) say("Nothing of that kind is on record.")
  else if (entries.length === Number(limit)) say(`There may be more: --before ${entries.at(-1)?.id}`)
  return exitCodes.ok
}

export interface ExportOptions extends FilterOptions {
  readonly csv?: boolean
  readonly out?: string
}

/** Streamed, whatever its size; that it was done is an entry itself. */
export async function exportAudit({ database }: CommandContext, { csv = false, out, ...options }: ExportOptions): Promise<number> {
  const audit = createAuditStore(database)
  const filter = await filterOf(database, options)
  const to: Writable = out === undefined ? process.stdout : await newFile(out)
  await audit.record({ kind: "audit.exported", accountId: filter.accountId ?? null, detail: { filter: options, form: csv ? "csv" : "json" } })
  let written = 0
  // a byte order mark has spreadsheets read UTF-8
  if (csv) await send(to, `\ufeff${csvHeader}\r\n`)
  for await (const entry of audit.export(filter)) {
    await send(to, csv ? `${csvLine(entry)}\r\n` : `${JSON.stringify(entry)}\n`)
    written++
  }
  if (out !== undefined) {
    to.end()
    await once(to, "close")
  }
  say(`${written} ${written === 1 ? "entry" : "entries"}${out === undefined ? "" : ` in ${out}`}.`)
  return exitCodes.ok
}

/** For nobody else to read, and never over one that is there. */
async function newFile(path: string): Promise<Writable> {
  const handle = await open(path, "wx", 0o600).catch((error: Error) => {
    throw new CommandError(`${path} cannot be made: ${error.message}`)
  })
  return handle.createWriteStream()
}

async function send(to: Writable, text: string): Promise<void> {
  if (!to.write(text)) await once(to, "drain")
}

async function filterOf(database: Database, { kind, who, account, since, until, text }: FilterOptions): Promise<AuditFilter> {
  return {
    ...(kind !== undefined && { kind }), ...(who !== undefined && { who }), ...(text !== undefined && { text }),
    ...(account !== undefined && { accountId: findAccount(await loadDirectory(database), account).id }),
    ...(since !== undefined && { since: timeOf(since) }), ...(until !== undefined && { until: timeOf(until) }),
  }
}

/** `7d`: so long ago. `2026-11-26`: the beginning of that day here. Else RFC 3339. */
export function timeOf(text: string): number {
  const ago = parseDurationMs(text)
  if (ago !== undefined) return systemClock.now() - ago
  const ms = Date.parse(isDate(text) ? `${text}T00:00:00+07:00` : text)
  if (Number.isNaN(ms) || !/^\d{4}-\d{2}-\d{2}/.test(text)) throw new CommandError(`"${text}" is no time such as 7d, 2026-11-26 or 2026-11-26T08:00:00+07:00`)
  return ms
}
