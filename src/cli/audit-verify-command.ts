import { readFile, stat } from "node:fs/promises"
import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { loadAuditKey } from "../roles/audit.ts"
import { type AuditHead, headLine, readHeads } from "../store/audit/head.ts"
import { readChain } from "../store/audit/read-chain.ts"
import { createAuditUpkeep } from "../store/audit/upkeep.ts"
import { wrongStamps } from "../store/audit/wrong-stamps.ts"
import { createAuditChain } from "../store/sql/audit-chain.ts"
import { createExclusive } from "../store/sql/exclusive.ts"
import { problemLine } from "./audit-text.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { numberOf } from "./queue-filter.ts"

/** `congthu audit verify` and `head`: whether the audit is what it was. */
export interface VerifyCommandOptions {
  readonly from?: string
  readonly to?: string
  readonly head?: readonly string[]
  /** Hex of public keys that the server had before. */
  readonly key?: readonly string[]
  readonly json?: boolean
}

const maxFileBytes = 16 * 1024 * 1024

export async function verifyAudit({ config, database }: CommandContext, { from, to, head = [], key = [], json = false }: VerifyCommandOptions): Promise<number> {
  const heads = (await Promise.all(head.map(headsOf))).flat()
  const own = Buffer.from((await loadAuditKey(config)).publicKey).toString("hex")
  const keys = new Set([own, ...key.map(keyOf)])
  const chain = createAuditChain({ database })
  const report = await readChain(chain, { heads, keys, keepMs: config.audit.keep, now: systemClock.now(), ...(from !== undefined && { from: numberOf(from, "position") }), ...(to !== undefined && { to: numberOf(to, "position") }) }).catch((error: unknown) => {
    throw error instanceof RangeError ? new CommandError(error.message) : error
  })
  const [{ lagMs }, badStamps] = await Promise.all([chain.state(), wrongStamps([...(await chain.heads(0)), ...heads], systemClock.now())])
  if (json) print(JSON.stringify({ checked: report.checked, headsChecked: report.headsChecked, headsUnused: report.headsUnused, lastPosition: report.last.position, problems: report.problems, badStamps, lagMs }))
  else {
    for (const problem of report.problems) print(problemLine(problem))
    for (const position of badStamps) print(`position ${position}: the time stamp of the signed head is not of this head`)
    print(`${report.checked} entries and ${report.headsChecked} signed heads, up to position ${report.last.position}: ${report.problems.length + badStamps.length === 0 ? "all as they were sealed" : "NOT as they were sealed; the first is where it begins"}.`)
    if (lagMs > 60_000) say(`Entries have waited for ${Math.round(lagMs / 1000)} s to be sealed: does the worker run?`)
    if (report.headsUnused > 0) say(`${report.headsUnused} of the heads from elsewhere are of positions that were not read, and say nothing.`)
    if (heads.length === 0) say("No head from elsewhere was compared (--head FILE): a chain written anew as a whole, with the server's key, would not be found.")
  }
  return report.problems.length + badStamps.length === 0 ? exitCodes.ok : exitCodes.failed
}

async function headsOf(file: string): Promise<readonly AuditHead[]> {
  const { size } = await stat(file).catch(() => ({ size: -1 }))
  if (size < 0) throw new CommandError(`${file} cannot be read`)
  if (size > maxFileBytes) throw new CommandError(`${file} is larger than any file of heads`)
  const heads = readHeads(await readFile(file, "utf8"))
  if (!heads.ok) throw new CommandError(`${file}: ${heads.failure}`)
  return heads.value
}

function keyOf(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new CommandError(`"${text}" is no public key of 64 hexadecimal digits; a head's line has one as "publicKey"`)
  return text.toLowerCase()
}

export async function printHead(context: CommandContext, { all = false, now = false }: { readonly all?: boolean; readonly now?: boolean }): Promise<number> {
  const { config, database } = context
  const chain = createAuditChain({ database })
  if (now) {
    const upkeep = createAuditUpkeep({ chain, key: await loadAuditKey(config), system: config.hostname, headEveryMs: config.audit.head, keepMs: 0, clock: systemClock })
    // a worker that is just at it does the same
    await createExclusive(database, "auditSeals")(() => upkeep.end())
  }
  const last = await chain.lastHead()
  if (!last) throw new CommandError("no head has been signed yet; --now signs one")
  for (const head of all ? await chain.heads(0) : [last]) print(headLine(head))
  say(`Signed ${provinceTime(last.at)}, position ${last.position}. Keep it where this server cannot write; \`congthu audit verify --head FILE\` compares it.`)
  return exitCodes.ok
}
