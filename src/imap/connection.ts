import type { Socket } from "node:net"
import { setImmediate as yieldToOthers } from "node:timers/promises"
import { type Server as TlsServer, TLSSocket } from "node:tls"
import type { Login } from "../accounts/login.ts"
import { randomId } from "../base/id.ts"
import type { WhyEnded } from "../store/presence.ts"
import { askForCertificate, type ListenerTls } from "../tls/listener-tls.ts"
import { peerCertificates } from "../tls/peer-certificates.ts"
import { capabilityCode } from "./capabilities.ts"
import type { CommandInput } from "./command.ts"
import { CommandReceiver, type ReceiverLimits, type StreamedLine } from "./command-receiver.ts"
import { isHttpRequest } from "./command-start.ts"
import { ConnectionGone, type Dispatcher, type Outcome } from "./dispatch.ts"
import { socketSink } from "./response/byte-sink.ts"
import { taggedLine } from "./response/status-response.ts"
import { ResponseWriter } from "./response/writer.ts"
import type { SelectedView } from "./selected-mailbox.ts"
import type { ImapLimits, ImapServices, Session, SessionLink } from "./session.ts"
import { StreamedInput } from "./streamed-input.ts"

/**
 * One client: socket, command receiver, session. One command at a time; what is pipelined behind it waits in the receiver
 * and, beyond a bound, in the peer (the socket is paused). Event-driven: while a client is silent no promise, timer or
 * buffer of ours exists for it. Must not know: what commands do.
 */
export class Connection implements Session, SessionLink {
  readonly id = randomId(72)
  readonly clientAddress: string
  login: Login | null = null
  clientId = ""
  selected: SelectedView | null = null
  condstore = false
  accessed: Set<string> | null = null
  tag = ""
  /** When the client last said something; until it has signed in, when it connected: a stranger cannot stay by talking. */
  heardAt: number
  endReason = "client"

  private readonly shared: ConnectionShared
  private readonly receiver: CommandReceiver
  private socket: OwnedSocket
  private out: ResponseWriter
  private busy = false
  /** Commands in a row that could not be understood. */
  private errors = 0
  /** Pipelined commands answered since others had their turn, and since when. */
  private commandsInTurn = 0
  private turnBegan = 0
  /** Bytes the client had taken when last looked, and when that was. */
  private takenBytes = 0
  private takenAt = 0
  private ending: "no" | "logout" | "shutdown" | "closed" = "no"
  private tlsWanted = false
  /** Found out when first asked for, and again after STARTTLS. */
  private external: boolean | null = null
  private abort: AbortController | null = null
  /** Somebody inside the running command waits for more bytes. */
  private wake: (() => void) | null = null

  constructor(socket: Socket, shared: ConnectionShared) {
    this.shared = shared
    this.socket = socket
    this.clientAddress = socket.remoteAddress ?? ""
    this.heardAt = shared.services.clock.now()
    this.receiver = new CommandReceiver(shared.strangerLimits, shared.dispatcher.streams)
    this.out = new ResponseWriter(socketSink(socket))
    this.own(socket)
    this.out.line(`* OK [${capabilityCode(this)}] ${shared.hostname} ready`)
    this.out.flush()
  }

  get services(): ImapServices {
    return this.shared.services
  }

  get limits(): ImapLimits {
    return this.shared.limits
  }

  get link(): SessionLink {
    return this
  }

  get tls(): string | null {
    return this.socket instanceof TLSSocket ? `${this.socket.getProtocol() ?? "TLS"} ${this.socket.getCipher()?.name ?? ""}`.trim() : null
  }

  get clientCertificates(): readonly Uint8Array[] {
    return this.services.certificateLogins && this.socket instanceof TLSSocket ? peerCertificates(this.socket) : []
  }

  get offersExternal(): boolean {
    this.external ??= this.services.certificateLogins?.mayOffer(this.clientCertificates) ?? false
    return this.external
  }

  get signal(): AbortSignal {
    this.abort ??= new AbortController()
    if (this.ending === "closed") this.abort.abort()
    return this.abort.signal
  }

  /** No command is running, or only one that waits for the client (IDLE, AUTHENTICATE, a literal of APPEND). */
  get quiet(): boolean {
    return !this.busy || this.wake !== null
  }

  startTls(): void {
    this.tlsWanted = true
    // from here on nothing that was sent in clear is looked at (RFC 9051 §6.2.1)
    this.socket.off("data", onData).pause()
  }

  logout(): void {
    if (this.ending !== "no") return
    this.ending = "logout"
    this.endReason = "logout"
  }

  signedIn(): void {
    this.receiver.limits = this.shared.memberLimits
    this.heardAt = this.services.clock.now()
    if (!this.login) return
    const { id, clientAddress, clientId, tls, login: { accountId, principalId, credentialId } } = this
    this.services.presence?.arrive({ id, protocol: "imap", accountId, principalId, credentialId, clientAddress, clientId, tls, end: (why) => this.bye(endings[why].text, endings[why].reason) })
  }

  async nextLine(): Promise<Buffer | null> {
    this.out.flush()
    for (;;) {
      if (this.ending === "closed" || this.ending === "shutdown") return null
      const line = this.receiver.answer()
      if (line === "tooLong") {
        this.bye("Line too long", "line too long")
        return null
      }
      if (line) return line
      await this.moreInput()
    }
  }

  /** Says goodbye: at once when quiet, else when the running command has been answered. */
  shutDown(text: string): void {
    if (this.ending !== "no") return
    if (this.quiet) this.bye(text, "shutdown")
    else this.ending = "shutdown"
  }

  /** Ends the connection now, telling the client why. */
  bye(text: string, reason: string): void {
    if (this.ending === "closed") return
    this.endReason = reason
    this.out.line(`* BYE ${text}`)
    this.out.flush()
    this.end()
  }

  destroy(reason: string): void {
    this.endReason = reason
    this.socket.destroy()
  }

  /** Whether the client has taken nothing since `stalledMs` ago though there is something for it. */
  stalled(now: number, stalledMs: number): boolean {
    const taken = this.socket.bytesWritten - this.socket.writableLength
    if (!this.socket.writableNeedDrain || taken !== this.takenBytes) {
      this.takenBytes = taken
      this.takenAt = now
    }
    return now - this.takenAt > stalledMs
  }

  receive(chunk: Buffer): void {
    if (this.ending !== "no" && this.ending !== "shutdown") return
    if (this.login) this.heardAt = this.services.clock.now()
    this.receiver.push(chunk)
    if (this.wake) this.wakeUp()
    else if (!this.busy) this.pump()
    // back-pressure: what this client sends ahead stays in its own kernel
    if (this.busy && this.receiver.buffered > maxReadAheadBytes) this.socket.pause()
  }

  /** A bug outside any command: this connection is lost, the others go on. */
  broken(error: unknown): void {
    this.services.log.bug({ sessionId: this.id, command: "", error })
    this.destroy("bug")
  }

  /** The socket is gone. */
  closed(): void {
    this.finish()
    this.shared.ended(this)
  }

  /** Nothing is understood or answered any more; the peer has been told, or is gone. */
  get over(): boolean {
    return this.ending === "closed"
  }

  private own(socket: OwnedSocket): void {
    socket[owner] = this
    socket.on("data", onData).on("close", onClose).on("error", onError)
  }

  private pump(): void {
    while (!this.busy && this.ending === "no") {
      const received = this.receiver.next()
      switch (received.kind) {
        case "waiting":
          this.socket.resume()
          return
        case "continue":
          this.out.line("+ OK")
          this.out.flush()
          break
        case "refused":
          this.out.line(taggedLine(received.tag, received.reply))
          this.out.flush()
          this.count("bad")
          break
        case "tooMuch":
          this.bye("Too much to refuse politely", "input over limits")
          break
        case "stream":
          this.busy = true
          this.execute(this.stream(received)).catch((error: unknown) => this.broken(error))
          break
        case "command":
          if (!this.login && isHttpRequest(received.segments[0]?.bytes ?? nothing)) return this.bye("This is not a web server", "HTTP request")
          this.busy = true
          this.execute(this.shared.dispatcher.run(this, received.segments, this.out)).catch((error: unknown) => this.broken(error))
          break
      }
    }
  }

  private async stream(first: StreamedLine): Promise<Outcome> {
    const input = (skip: number): CommandInput => new StreamedInput(this.receiver, { line: first.line.subarray(skip), literal: first.literal }, this)
    try {
      return await this.shared.dispatcher.runStreaming(this, first.line, input, this.out)
    } finally {
      this.receiver.streamEnded()
    }
  }

  private async execute(command: Promise<Outcome>): Promise<void> {
    const outcome = await command
    this.out.flush()
    await this.out.ready()
    if (this.receiver.buffered > 0 && this.turnIsOver()) await yieldToOthers()
    this.busy = false
    if (this.over) return this.leave()
    this.count(outcome)
    if (this.ending === "logout") return this.end()
    if (this.ending === "shutdown") return this.bye("Server is shutting down", "shutdown")
    if (this.tlsWanted) return this.upgrade()
    this.pump()
  }

  /** Many commands need nothing but memory: a client that pipelines thousands must not keep the event loop to itself. */
  private turnIsOver(): boolean {
    const now = this.services.clock.now()
    if (++this.commandsInTurn < commandsInTurn && now - this.turnBegan < turnMs) return false
    this.commandsInTurn = 0
    this.turnBegan = now
    return true
  }

  /** RFC 9051 §4: parsers send a stranger's commands here (cross-protocol attacks), so nonsense ends a connection, and sooner before sign-in. */
  private count(outcome: Outcome): void {
    if (outcome === "ok") this.errors = 0
    else if (outcome === "bad") this.errors++
    else if (outcome === "unknown") this.errors += this.login ? 1 : Math.ceil(this.limits.maxErrors / maxStrangerErrors)
    else if (outcome === "no" && !this.login) this.errors++
    if (this.errors >= this.limits.maxErrors && this.ending === "no") this.bye("Too many errors", "too many errors")
  }

  /** Waits until more bytes have come, or the connection is over. */
  moreInput(): Promise<void> {
    this.out.flush()
    this.socket.resume()
    return new Promise((resolve) => (this.wake = resolve))
  }

  /** RFC 3501 §7.5: asks for the literal that was announced. */
  invite(): void {
    this.out.line("+ OK")
    this.out.flush()
  }

  checkOpen(): void {
    if (this.over) throw new ConnectionGone()
  }

  private wakeUp(): void {
    const wake = this.wake
    this.wake = null
    wake?.()
  }

  private upgrade(): void {
    this.tlsWanted = false
    this.receiver.clear()
    this.login = null
    this.external = null
    const plain = this.socket
    // the tagged OK must have left in clear before the first TLS record
    plain.write("", () => {
      if (this.over) return
      plain.off("close", onClose)
      const secured = new TLSSocket(plain, { isServer: true, server: this.shared.tlsServer(), secureContext: this.shared.tls.context(), SNICallback: this.shared.tls.SNICallback, ...(this.services.certificateLogins && askForCertificate) })
      this.socket = secured
      this.out = new ResponseWriter(socketSink(secured))
      this.own(secured)
    })
  }

  /** Read on until the peer closes: closing on unread bytes would have the kernel drop our last words (RFC 1122 §4.2.2.13). The sweep ends who does not. */
  private end(): void {
    this.socket.end()
    this.socket.resume()
    this.heardAt = this.services.clock.now()
    this.finish()
  }

  private finish(): void {
    if (this.over) return
    this.ending = "closed"
    if (this.login) this.services.presence?.leave(this.id)
    this.abort?.abort()
    this.receiver.clear()
    this.wakeUp()
    if (!this.busy) this.leave()
  }

  private leave(): void {
    const view = this.selected
    this.selected = null
    if (view) view.leave().catch((error: unknown) => this.services.log.unavailable({ sessionId: this.id, command: "close", error }))
  }
}

/** What all connections of a server have in common. */
export interface ConnectionShared {
  readonly hostname: string
  readonly services: ImapServices
  readonly limits: ImapLimits
  readonly strangerLimits: ReceiverLimits
  readonly memberLimits: ReceiverLimits
  readonly tls: ListenerTls
  /** Answers for the handshakes after STARTTLS, too. */
  readonly tlsServer: () => TlsServer
  readonly dispatcher: Dispatcher
  ended(connection: Connection): void
}

// Listeners are shared by all sockets: a closure for each event of ten thousand idle clients would cost megabytes.
const owner = Symbol("connection")
type OwnedSocket = Socket & { [owner]?: Connection }

function onData(this: OwnedSocket, chunk: Buffer): void {
  const connection = this[owner]
  try {
    connection?.receive(chunk)
  } catch (error) {
    connection?.broken(error)
  }
}

function onClose(this: OwnedSocket): void {
  this[owner]?.closed()
}

function onError(this: OwnedSocket, error: Error): void {
  const connection = this[owner]
  if (connection && connection.endReason === "client") connection.endReason = error.message
}

/** What the client is told, and what the log is. */
const endings = {
  administrator: { text: "Ended by an administrator", reason: "ended by an administrator" }, credential: { text: "What you signed in with is no longer valid here; sign in again", reason: "credential no longer valid" },
} as const satisfies Record<WhyEnded, { readonly text: string; readonly reason: string }>
const nothing = new Uint8Array(0)
/** Pipelined commands kept in memory for one client before it is made to wait. */
const maxReadAheadBytes = 64 * 1024
const maxStrangerErrors = 3
const commandsInTurn = 32
const turnMs = 3
