import type { Result } from "../../base/result.ts"
import type { Failure } from "../../mail/failure.ts"
import { failure } from "../../mail/failure.ts"
import type { PreparedContent } from "../../store/content-store.ts"
import type { NewMessage } from "../../store/mail-store.ts"
import type { CommandInput, CommandPiece, LiteralSource, Reply, StreamingCommand } from "../command.ts"
import { noFrom, noTarget } from "../failure-code.ts"
import { appendHead } from "../grammar/append-message.ts"
import { type CommandSegment, Reader } from "../grammar/reader.ts"
import { ImapSyntaxError } from "../grammar/syntax-error.ts"
import { formatNumbers } from "../grammar/sequence-set.ts"
import { findMailbox } from "../mailbox-access.ts"
import type { Session } from "../session.ts"

/**
 * APPEND, also of several messages (RFC 9051 §6.3.12, RFC 3502, RFC 4315 §3 APPENDUID). Everything that can be refused is
 * refused before the message is sent; the message streams into the content store and is never held here.
 */
export const append: StreamingCommand = {
  name: "APPEND",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  streams: true,

  async run(session, input) {
    const { name, reader, literal } = await readTarget(session, input)
    const target = await findMailbox(session, name, "write")
    if (!target.ok) return noTarget(target.failure)
    const quota = await session.services.mailStore.quota(target.value.info.accountId)
    const received = await receiveMessages(session, input, { reader, literal, freeBytes: quota.limitBytes - quota.usedBytes })
    if (!received.ok) return noFrom(received.failure)
    // From here on the store owns the contents, whether it keeps them or not.
    const appended = await session.services.mailStore.append(target.value.info.id, received.value)
    if (!appended.ok) return noTarget(appended.failure)
    const { uidValidity, uids } = appended.value
    const { selected } = session
    // RFC 9051 §6.3.12: the selected mailbox's EXISTS is told at once.
    if (selected?.mailbox.mailboxId === target.value.info.id) await selected.mailbox.refresh()
    return { kind: "ok", code: `APPENDUID ${uidValidity} ${formatNumbers(uids)}`, text: "Appended" } satisfies Reply
  },
}

interface Target {
  readonly name: string
  /** Stands after the mailbox name. */
  readonly reader: Reader
  readonly literal: LiteralSource
}

/** The mailbox name, which may itself be a (small) literal, and the text up to the first message. */
const readTarget = async (session: Session, input: CommandInput): Promise<Target> => {
  const first = await input.next()
  const segments: CommandSegment[] = [text(first)]
  let piece = first
  // Only the name's literal can follow a lone space.
  if (piece.literal && first.text.length === 1) {
    segments.push({ kind: "literal", bytes: await smallLiteral(session, piece.literal) })
    piece = await input.next()
    segments.push(text(piece))
  }
  const reader: Reader = new Reader(segments)
  reader.sp()
  const name = reader.mailbox()
  if (!piece.literal) reader.fail("a message literal")
  return { name, reader, literal: piece.literal }
}

const text = (piece: CommandPiece): CommandSegment => ({ kind: "text", bytes: piece.text })

const smallLiteral = async (session: Session, literal: LiteralSource): Promise<Buffer> => {
  if (literal.size > session.limits.maxLineBytes) throw new ImapSyntaxError("The mailbox name is too long")
  const chunks: Uint8Array[] = []
  for await (const chunk of literal.chunks()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

interface FirstMessage {
  readonly reader: Reader
  readonly literal: LiteralSource
  readonly freeBytes: number
}

/** Messages of one APPEND are one transaction, so their number is bounded. */
const maxMessages = 256

/** Reads all messages, to the end of the command. Whatever stops it, no content is left behind. */
const receiveMessages = async (session: Session, input: CommandInput, first: FirstMessage): Promise<Result<NewMessage[], Failure>> => {
  const messages: NewMessage[] = []
  let done = false
  try {
    let { reader, literal }: { reader: Reader; literal: LiteralSource } = first
    for (let total = literal.size; ; total += literal.size) {
      const head = appendHead(reader)
      const refused = refusal(session, { size: literal.size, total, freeBytes: first.freeBytes, count: messages.length + 1 })
      if (refused) return { ok: false, failure: refused }
      const content = await receiveContent(session, literal)
      if (!content.ok) return content
      messages.push({ content: content.value, flags: head.flags, internalDate: head.internalDate ?? session.services.clock.now() })
      const next = await input.next()
      reader = new Reader([text(next)])
      if (!next.literal) {
        reader.end()
        done = true
        return { ok: true, value: messages }
      }
      literal = next.literal
    }
  } finally {
    if (!done) await Promise.all(messages.map((message) => message.content.discard()))
  }
}

/** The limit of a message is also that of all messages of one APPEND: what is learnt of each is in memory until they are stored together. */
const refusal = (session: Session, message: { readonly size: number; readonly total: number; readonly freeBytes: number; readonly count: number }): Failure | undefined => {
  const { maxLiteralBytes } = session.limits
  if (message.size > maxLiteralBytes) return failure("tooBig", `A message may have ${maxLiteralBytes} bytes`)
  if (message.total > maxLiteralBytes) return failure("tooBig", `The messages of one APPEND may have ${maxLiteralBytes} bytes together`)
  if (message.count > maxMessages) return failure("limit", `One APPEND may carry ${maxMessages} messages`)
  // RFC 3502 §6.3.11: an empty literal takes the whole command back.
  if (message.size === 0) return failure("invalid", "A message must not be empty")
  return message.total > message.freeBytes ? failure("overQuota", "The mailbox is full") : undefined
}

/** Streams a literal into the content store. After a failure the rest is still read, so that the connection stays in step. */
const receiveContent = async (session: Session, literal: LiteralSource): Promise<Result<PreparedContent, Failure>> => {
  const writer = session.services.contentStore.begin(session.limits.maxLiteralBytes)
  let failed: Failure | undefined
  let finished = false
  try {
    for await (const chunk of literal.chunks()) {
      if (failed) continue
      // RFC 9051 §4.3: a literal has no NUL; signatures and clients would each see something else in it.
      if (chunk.includes(0)) failed = failure("invalid", "A message must not contain NUL bytes")
      else {
        const written = await writer.write(chunk)
        if (!written.ok) failed = written.failure
      }
    }
    if (failed) return { ok: false, failure: failed }
    finished = true
    return await writer.finish()
  } finally {
    if (!finished) await writer.abort()
  }
}
