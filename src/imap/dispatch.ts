import type { Command, CommandInput, Reply, SessionState, StreamingCommand } from "./command.ts"
import { type CommandStart, commandStart } from "./command-start.ts"
import { type CommandSegment, ImapSyntaxError, Reader } from "./grammar/reader.ts"
import { taggedLine } from "./response/status-response.ts"
import type { ResponseWriter } from "./response/writer.ts"
import type { Session } from "./session.ts"

/**
 * One command from its words to its tagged reply: look up, state, parse, run, what else happened, reply. The only place
 * where exceptions end. Must not know: sockets, what any command does.
 */
export class Dispatcher {
  private readonly rows = new Map<string, Row>()

  constructor(table: readonly Row[]) {
    for (const row of table) for (const form of row.forms) this.rows.set(rowKey(row.name, form), row)
  }

  /** Whether the command that begins with `line` pulls its own literals. */
  readonly streams = (line: Uint8Array): boolean => {
    const start = commandStart(line)
    return "name" in start && this.rows.get(rowKey(start.name, start.form))?.kind === "streaming"
  }

  /** Runs a command that was received whole. */
  async run(session: Session, segments: readonly CommandSegment[], out: ResponseWriter): Promise<Outcome> {
    const first = segments[0]?.bytes ?? nothing
    const start = commandStart(first)
    if (!("name" in start)) return badStart(start.tag, out)
    const row = this.rows.get(rowKey(start.name, start.form))
    const refusal = this.refusal(session, row)
    if (!row || refusal) return this.refuse(start, refusal ?? unknown, out)
    const rest = Buffer.from(first.buffer, first.byteOffset + start.end, first.length - start.end)
    if (row.kind === "streaming") return this.finish(session, start, row, out, () => row.run(session, wholeInput(rest), out))
    let ready: PreparedRun
    try {
      ready = row.prepare(new Reader([{ kind: "text", bytes: rest }, ...segments.slice(1)]), start.form)
    } catch (error) {
      return this.finish(session, start, row, out, () => Promise.reject(error))
    }
    return this.finish(session, start, row, out, () => ready(session, out))
  }

  /** Runs a command that reads on from the connection; `line` is its first, `input` gives what follows the name. */
  async runStreaming(session: Session, line: Uint8Array, input: (skip: number) => CommandInput, out: ResponseWriter): Promise<Outcome> {
    const start = commandStart(line)
    if (!("name" in start)) return badStart(start.tag, out)
    const row = this.rows.get(rowKey(start.name, start.form))
    const refusal = this.refusal(session, row)
    if (row?.kind !== "streaming" || refusal) return this.refuse(start, refusal ?? unknown, out)
    return this.finish(session, start, row, out, () => row.run(session, input(start.end), out))
  }

  private refusal(session: Session, row: Row | undefined): string | undefined {
    if (!row) return unknown
    return row.states.includes(stateOf(session)) ? undefined : wrongState[stateOf(session)]
  }

  private refuse(start: CommandStart, text: string, out: ResponseWriter): Outcome {
    out.line(taggedLine(start.tag, { kind: "bad", text }))
    return text === unknown ? "unknown" : "bad"
  }

  private async finish(session: Session, start: CommandStart, row: Row, out: ResponseWriter, run: () => Promise<Reply>): Promise<Outcome> {
    const { clock, log } = session.services
    const startedAt = clock.now()
    const hadCondstore = session.condstore
    const view = session.selected
    session.tag = start.tag
    let reply: Reply
    try {
      reply = await run()
      // RFC 7162 §3.1: enabling it while a mailbox is selected tells where its MODSEQs stand
      if (session.condstore && !hadCondstore && session.selected && session.selected === view) out.line(`* OK [HIGHESTMODSEQ ${session.selected.mailbox.index.modSeq}] CONDSTORE is on`)
      const mayExpunge = row.mayExpunge === "always" || (row.mayExpunge === "uidForm" && start.form === "uid")
      await session.selected?.tell(out, { mayExpunge, withUid: start.form === "uid", condstore: session.condstore })
    } catch (error) {
      if (error instanceof ConnectionGone) return "gone"
      reply = this.replyTo(error, session, start)
    }
    out.line(taggedLine(start.tag, reply))
    const ms = clock.now() - startedAt
    // those that wait for the client are as slow as it is
    if (ms > slowMs && row.kind !== "streaming" && start.name !== "IDLE" && start.name !== "AUTHENTICATE") log.slow({ sessionId: session.id, command: start.name, ms })
    return reply.kind
  }

  private replyTo(error: unknown, session: Session, start: CommandStart): Reply {
    if (error instanceof ImapSyntaxError) return { kind: "bad", text: error.message }
    const { services } = session
    const event = { sessionId: session.id, command: start.name, error }
    if (services.isUnavailable(error)) {
      services.log.unavailable(event)
      return { kind: "no", code: "UNAVAILABLE", text: "The mail store cannot be reached now, try again" }
    }
    services.log.bug(event)
    return { kind: "no", code: "SERVERBUG", text: "Internal error" }
  }
}

/** What a command came to; "gone" when there is nobody left to tell. */
export type Outcome = Reply["kind"] | "unknown" | "gone"

/** The client has gone while a command waited for more of its words. */
export class ConnectionGone extends Error {
  override readonly name = "ConnectionGone"
}

type PreparedRun = (session: Session, out: ResponseWriter) => Promise<Reply>

/** A command as the table keeps it, its arguments' type closed in. */
export type Row =
  | {
      readonly kind: "whole"
      readonly name: string
      readonly forms: readonly ("plain" | "uid")[]
      readonly states: readonly SessionState[]
      readonly mayExpunge: Command<unknown>["mayExpunge"]
      prepare(reader: Reader, form: "plain" | "uid"): PreparedRun
    }
  | ({ readonly kind: "streaming" } & StreamingCommand)

export const row = <Args>(command: Command<Args>): Row => ({
  kind: "whole",
  name: command.name,
  forms: command.forms,
  states: command.states,
  mayExpunge: command.mayExpunge,
  prepare(reader, form) {
    const args = command.parse(reader, form)
    return (session, out) => command.run(session, args, out, form)
  },
})

export const streamingRow = (command: StreamingCommand): Row => ({ ...command, kind: "streaming" })

export const stateOf = (session: Pick<Session, "login" | "selected">): SessionState => (session.selected ? "selected" : session.login ? "authenticated" : "notAuthenticated")

const badStart = (tag: string, out: ResponseWriter): Outcome => {
  out.line(taggedLine(tag, { kind: "bad", text: "Expected a tag, a space and a command" }))
  return "unknown"
}

const wholeInput = (text: Uint8Array): CommandInput => ({ next: () => Promise.resolve({ text, literal: null }) })

const rowKey = (name: string, form: "plain" | "uid"): string => (form === "uid" ? `UID ${name}` : name)
const nothing = new Uint8Array(0)
const unknown = "Unknown command"
const wrongState: Readonly<Record<SessionState, string>> = {
  notAuthenticated: "Sign in first",
  authenticated: "Not now: either no mailbox is selected, or you are already signed in",
  selected: "Not while signed in",
}
const slowMs = 1000
