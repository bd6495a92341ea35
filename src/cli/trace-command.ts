import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { traceLines } from "../delivery/trace-text.ts"
import { printable } from "../mail/printable.ts"
import { createSealer } from "../store/sealing.ts"
import { createTraceStore } from "../store/sql/trace.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { findTraces, maxAcceptances } from "../store/find-traces.ts"
import type { Trace, TraceSummary } from "../store/trace-store.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { contentKey } from "./content-key.ts"
import { cut, fitTable } from "./fit-table.ts"
import { durationOf } from "./queue-filter.ts"

/** `congthu trace WHAT`: one message's whole story, or the recent messages of an address, each to be asked for in turn. */
export interface TraceOptions {
  readonly since: string
  readonly json?: boolean
}

export function addTraceCommand({ program, command, run }: CommandKit): void {
  command(program, "trace <what>")
    .description("what became of a message, from the connection to the mailbox; or the recent messages from and to an address")
    .option("--since <time>", "of an address: how far back", "30d")
    .option("--json", "as JSON; of an address, one object a line")
    .addHelpText("after", `
WHAT is a Message-ID, the SHA-256 of a message, the number of an envelope, or an address.

Examples:
  npm run congthu -- trace '<20261126.1@sonv.tinh.example>'
  npm run congthu -- trace vp@sonv.tinh.example --since 2d`)
    .action((what: string, options: TraceOptions) => run((context) => trace(context, what, options))())
}

const maxListed = 100

export async function trace(context: CommandContext, what: string, { since, json }: TraceOptions): Promise<number> {
  const store = createTraceStore({ database: context.database, sealer: createSealer(await contentKey(context.config)) })
  const directory = await loadDirectory(context.database)
  const accountAddress = (address: string): string | undefined => {
    const target = directory.resolve(address)
    return target.kind === "account" ? target.account.address : undefined
  }
  const found = await findTraces(store, accountAddress, { what, since: systemClock.now() - durationOf(since), limit: maxListed })
  if (found.kind === "invalid") throw new CommandError(`"${cut(printable(what), 80)}" is no Message-ID, SHA-256, number or address`)
  return found.kind === "traces" ? told(found.traces, json, what) : listed(found.messages, json, what)
}

function told(traces: readonly Trace[], json: boolean | undefined, what: string): number {
  if (traces.length === 0) throw new CommandError(`no message is known as ${cut(printable(what), 80)}`)
  if (traces.length === maxAcceptances) say(`The newest ${maxAcceptances} acceptances are shown.`)
  if (json) print(JSON.stringify(traces.map((one) => ({ ...one, sha256: Buffer.from(one.sha256).toString("hex") })), null, 2))
  else print(traces.map((one) => traceLines(one).join("\n")).join("\n\n"))
  return exitCodes.ok
}

const maxAddress = 36

function listed(summaries: readonly TraceSummary[], json: boolean | undefined, what: string): number {
  if (summaries.length === 0) throw new CommandError(`no message from or to ${cut(printable(what), 80)} is known in that time`)
  if (json) for (const summary of summaries) print(JSON.stringify(summary))
  else {
    const rows = summaries.map(({ envelopeId, acceptedAt, reversePath, recipient, recipientCount, state, messageId }) =>
      [String(envelopeId), provinceTime(acceptedAt).slice(0, 19), state, cut(reversePath === "" ? "<>" : reversePath, maxAddress), `${cut(recipient, maxAddress)}${recipientCount > 1 ? ` +${recipientCount - 1}` : ""}`, `<${messageId}>`].map(printable),
    )
    print(fitTable(["ENVELOPE", "ACCEPTED", "STATE", "FROM", "TO", "MESSAGE-ID"], rows))
  }
  if (summaries.length === maxListed) say(`The newest ${maxListed} are shown.`)
  return exitCodes.ok
}
