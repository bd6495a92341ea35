/**
 * One SMTP conversation with one host: connect, TLS as the policy says, one transaction after the other. nodemailer speaks the protocol; the
 * parameters it has no options for (SMTPUTF8 for a header, DSN for each recipient) are put on its commands here.
 * Invariants: the final dot is sent only after the last byte of the content; nothing large is held in memory; a policy that
 * asks for TLS is never relaxed. Must not know: DNS, queues, schedules.
 */
import { Readable } from "node:stream"
import type { ConnectionOptions } from "node:tls"
import SMTPConnection, { type SMTPConnectionEnvelope } from "nodemailer/lib/smtp-connection"
import type { Result } from "../base/result.ts"
import { lookAtPeer, type SeenPeer, tlsFaultOf } from "./look-at-peer.ts"
import type { VerifiedBy } from "./peer-check.ts"
import { reachPeer, type SmtpPeer } from "./reach-peer.ts"
import { boundReplies } from "./reply-deadline.ts"
import { describeError, parseReply, type SmtpReply } from "./smtp-reply.ts"
import type { TlsFault } from "./tls-fault.ts"
import type { TlsPeer } from "./tls-peer.ts"

export interface SmtpSessionOptions {
  readonly peer: SmtpPeer
  /** What we call ourselves in EHLO. */
  readonly hostname: string
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
  readonly starttls: "never" | "ifOffered" | "always"
  readonly tls: ConnectionOptions
  /** Asked after the handshake, before any command; a failure ends the session. Absent: whoever it is will do. */
  readonly check?: (peer: TlsPeer) => Result<VerifiedBy, TlsFault>
  /** Breaks the opening off. */
  readonly signal: AbortSignal
}

/** The host as a whole could not be used; another one may. */
export interface HostFailure {
  /** `policy`: it was not even asked. */
  readonly stage: "connect" | "tls" | "session" | "policy"
  readonly status: "4.4.1" | "4.4.2" | "4.4.3" | "4.7.5"
  readonly diagnostic: string
  /** What was wrong with its TLS. */
  readonly fault?: TlsFault | undefined
  /** Who answered the handshake, when one was finished. */
  readonly peer?: TlsPeer | undefined
  /** Of our side, once there was a connection. */
  readonly localAddress?: string | undefined
}

export interface SmtpTransaction {
  readonly reversePath: string
  readonly recipients: readonly string[]
  readonly bytes: number
  readonly chunks: () => AsyncIterable<Uint8Array>
  readonly eightBit: boolean
  readonly requireTls: boolean
  /** Added to MAIL and to each RCPT, with the space before it. */
  readonly mailParameters: string
  readonly rcptParameters: (recipient: string) => string
}

export type TransactionResult =
  /** A reply for each recipient, in the order of the transaction. */
  | { readonly kind: "answered"; readonly replies: readonly SmtpReply[] }
  /** The connection broke. After the last byte was sent the peer may have the message all the same. */
  | { readonly kind: "lost"; readonly diagnostic: string; readonly contentSent: boolean }
  /** Our own content could not be read. */
  | { readonly kind: "unreadable"; readonly error: Error }

export interface SmtpSession {
  /** Of our side. */
  readonly localAddress: string
  /** "TLSv1.3 TLS_AES_256_GCM_SHA384", null when in clear. */
  readonly tls: string | null
  /** Undefined when in clear. */
  readonly peer: TlsPeer | undefined
  /** How it proved what it was asked to; undefined when it was not asked. */
  readonly verified: VerifiedBy | undefined
  offers(extension: string): boolean
  /** SIZE (RFC 1870); undefined when the peer sets no limit. */
  readonly maxBytes: number | undefined
  /** One at a time. */
  send(transaction: SmtpTransaction, signal: AbortSignal): Promise<TransactionResult>
  isOpen(): boolean
  /** The last transaction has left nothing behind at the peer. */
  isClean(): boolean
  /** RSET (RFC 5321 §4.1.1.5): false when the session is of no more use. */
  reset(): Promise<boolean>
  /** Called once, when the connection ends. */
  onClose(listener: () => void): void
  /** QUIT, and the connection closed. */
  end(): void
}

/** A peer that does not answer QUIT is left. */
const quitMs = 5_000

export async function openSmtpSession(options: SmtpSessionOptions): Promise<{ readonly kind: "open"; readonly session: SmtpSession } | { readonly kind: "failed"; readonly failure: HostFailure }> {
  const { peer, hostname, connectTimeoutMs, commandTimeoutMs, starttls, tls, check, signal } = options
  const socket = await reachPeer(peer, connectTimeoutMs, signal)
  if (socket instanceof Error) return { kind: "failed", failure: { stage: "connect", status: "4.4.1", diagnostic: describeError(socket) } }
  const localAddress = socket.localAddress ?? ""
  const connection = new SMTPConnection({
    connection: socket,
    host: peer.name,
    name: hostname,
    tls,
    requireTLS: starttls === "always",
    ignoreTLS: starttls === "never",
    // RFC 5321 §4.5.3.2: the greeting has as long as any other reply
    connectionTimeout: commandTimeoutMs,
    greetingTimeout: commandTimeoutMs,
    socketTimeout: commandTimeoutMs,
    maxResponseSize: 64 * 1024,
  })
  const abort = (): void => connection.close()
  signal.addEventListener("abort", abort, { once: true })
  connection.once("end", () => signal.removeEventListener("abort", abort))
  const seen = lookAtPeer(connection, check)
  boundReplies(connection, commandTimeoutMs)
  let duringTls = false
  const error = await new Promise<Error | undefined>((resolve) => {
    connection.on("error", (failure: Error) => {
      duringTls ||= connection.upgrading === true
      resolve(failure)
    })
    connection.once("end", () => resolve(new Error("the connection was closed")))
    connection.connect((failure) => resolve(failure))
    if (signal.aborted) abort()
  })
  signal.removeEventListener("abort", abort)
  if (error) {
    connection.close()
    const fault = seen().fault ?? tlsFaultOf(error, { duringTls, demanded: starttls === "always" })
    return { kind: "failed", failure: { stage: fault ? "tls" : "session", status: fault ? "4.7.5" : "4.4.2", diagnostic: describeError(error), fault, peer: seen().peer, localAddress } }
  }
  return { kind: "open", session: sessionOn(connection, { ...seen(), localAddress }) }
}

function sessionOn(connection: SMTPConnection, { peer, verified, localAddress }: SeenPeer & { readonly localAddress: string }): SmtpSession {
  // the last reply before `connect` is the one to EHLO, after STARTTLS when there was one
  const greeting = connection.lastServerResponse === false ? "" : connection.lastServerResponse
  const extensions = new Map(greeting.split("\n").slice(1).map((line) => [/^\d{3}[ -]([A-Za-z0-9-]+)/.exec(line)?.[1]?.toUpperCase() ?? "", line] as const))
  const limit = Number(/SIZE[ \t]+(\d{1,15})\b/i.exec(extensions.get("SIZE") ?? "")?.[1] ?? 0)
  const current: { transaction?: SmtpTransaction } = {}
  addParameters(connection, current)
  let open = true
  let clean = true
  connection.once("end", () => (open = false))
  return {
    localAddress,
    tls: peer ? `${peer.version} ${peer.cipher}` : null,
    peer,
    verified,
    offers: (extension) => extensions.has(extension),
    maxBytes: limit > 0 ? limit : undefined,
    async send(transaction, signal) {
      current.transaction = transaction
      const { result, ended } = await send(connection, transaction, signal)
      clean = ended
      return result
    },
    isOpen: () => open,
    isClean: () => clean,
    reset: () =>
      new Promise((resolve) => {
        if (!open) return resolve(false)
        const closed = (): void => resolve(false)
        connection.once("end", closed)
        connection.reset((error) => {
          connection.off("end", closed)
          clean = !error
          resolve(clean)
        })
      }),
    onClose(listener) {
      if (open) connection.once("end", listener)
      else listener()
    },
    end() {
      if (!open) return
      connection.quit()
      setTimeout(() => connection.close(), quitMs).unref()
    },
  }
}

interface Sent {
  readonly result: TransactionResult
  /** The peer has taken the message: it is ready for the next. */
  readonly ended: boolean
}

async function send(connection: SMTPConnection, transaction: SmtpTransaction, signal: AbortSignal): Promise<Sent> {
  // nodemailer keeps its book of refused recipients on the object it is given
  const envelope: Partial<Pick<SMTPConnectionEnvelope, "rejectedErrors">> & { from: string; to: string[]; size: number; use8BitMime: boolean; requireTLSExtensionEnabled: boolean } = {
    from: transaction.reversePath,
    to: [...transaction.recipients],
    size: transaction.bytes,
    use8BitMime: transaction.eightBit,
    requireTLSExtensionEnabled: transaction.requireTls,
  }
  let contentSent = false
  const content = Readable.from(
    (async function* () {
      yield* transaction.chunks()
      contentSent = true
    })(),
    { objectMode: false },
  )
  let unreadable: Error | undefined
  content.once("error", (error) => (unreadable = error))
  const { error, response } = await new Promise<{ readonly error?: Error & { readonly response?: string | undefined; readonly command?: string | undefined }; readonly response?: string }>((resolve) => {
    const abort = (): void => connection.close()
    // nodemailer closes first and tells the reason afterwards
    const closed = (): void => void setImmediate(() => settle({ error: new Error("the connection was closed") }))
    const settle = (how: Parameters<typeof resolve>[0]): void => {
      signal.removeEventListener("abort", abort)
      connection.off("end", closed)
      resolve(how)
    }
    signal.addEventListener("abort", abort, { once: true })
    connection.once("end", closed)
    connection.send(envelope, content, (failure, info) => settle(failure ? { error: failure } : { response: info.response }))
    if (signal.aborted) abort()
  })
  if (unreadable || (error && error.response === undefined)) {
    // Without the final dot a peer throws away what it has (RFC 5321 §4.1.1.4).
    connection.close()
    return { result: unreadable ? { kind: "unreadable", error: unreadable } : { kind: "lost", diagnostic: describeError(error), contentSent }, ended: false }
  }
  // after a refused MAIL the answers to the RCPTs that were sent along mean nothing (RFC 2920 §3.1)
  const rejected = error?.command === "MAIL FROM" ? [] : (envelope.rejectedErrors ?? [])
  const refused = new Map(rejected.map(({ recipient, response: reply }) => [recipient ?? "", parseReply(reply ?? "")]))
  const overall = parseReply(response ?? error?.response ?? "")
  return { result: { kind: "answered", replies: transaction.recipients.map((recipient) => refused.get(recipient) ?? overall) }, ended: error === undefined }
}

/** nodemailer takes one set of DSN parameters for all recipients and decides on SMTPUTF8 by addresses alone; both go on its commands instead. */
function addParameters(connection: SMTPConnection, current: { readonly transaction?: SmtpTransaction }): void {
  const sendCommand: unknown = Reflect.get(connection, "_sendCommand")
  if (typeof sendCommand !== "function") throw new Error("this version of nodemailer has no _sendCommand")
  const complete = (command: string): string => {
    const { transaction } = current
    if (transaction && command.startsWith("MAIL FROM:")) return `${command}${transaction.mailParameters}`
    if (transaction && command.startsWith("RCPT TO:")) return `${command}${transaction.rcptParameters(command.slice("RCPT TO:<".length, -1))}`
    return command
  }
  Reflect.set(connection, "_sendCommand", (command: string, logged?: string): void => {
    Reflect.apply(sendCommand, connection, [complete(command), logged])
  })
}
