/**
 * smtp-server's connection and server with their seams bent: every reply passes through reply.ts, errors are counted,
 * parameters are read strictly, connections pass a gate before anything is spent on them. All that touches
 * smtp-server's insides is in this file. Must not know: what a message is.
 */
// oxlint-disable no-underscore-dangle -- smtp-server names its seams so
import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"
import { SMTPConnection, type SMTPConnectionOptions } from "smtp-server/lib/smtp-connection.js"
import type { ExternalSignIn } from "./auth-external.ts"
import { type ConnectionGate, plainAddress } from "../base/connection-gate.ts"
import { DataParser } from "./data-parser.ts"
import { checkMail, checkRcpt } from "./parameters.ts"
import { libraryText, replies, type Reply, replyText } from "./reply.ts"
import { type ListenerTls, stapleAt } from "../tls/listener-tls.ts"
import type { SmtpSession } from "./session.ts"

export interface GatedOptions {
  readonly gate: ConnectionGate
  readonly maxErrors: number
  readonly tls: ListenerTls
  readonly external?: ExternalSignIn | undefined
  readonly smtp: SMTPServerOptions
}

/** A signed-in client with an old address list is not an attacker: its refused recipients do not count. */
const countsForAll = new Set([500, 501, 502, 503, 504, 530, 535, 538, 555])

/** smtp-server's name for the context of clients that ask for no name. */
const anyName = "*"

class Connection extends SMTPConnection {
  private errors = 0
  private readonly maxErrors: number
  private readonly gated: GatedServer
  private readonly externalSignIn: ExternalSignIn | undefined

  constructor(server: GatedServer, socket: Socket | TLSSocket, options: SMTPConnectionOptions | null | undefined) {
    super(server, socket, options)
    this.maxErrors = server.maxErrors
    this.gated = server
    this.externalSignIn = server.external
    const session: SmtpSession = this.session
    session.hangUp = (reply) => {
      this.reply(reply)
      this.close()
    }
  }

  /** Called by smtp-server's constructor, before this class has fields. */
  override _createParser(): DataParser {
    const parser = new DataParser({ maxCommandLength: this._server.options.maxCommandLength })
    parser.oncommand = (command, callback) => this._onCommand(command, callback)
    parser.on("error", (error) => this.send(421, error.message))
    return parser
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (Array.isArray(data)) super.send(code, this.withoutClearAuth(data), false)
    else {
      this.cork(code)
      super.send(code, libraryText(code, data ?? "", context), false)
    }
    if (code >= 400 && code !== 421) this.countError(code)
    else if (context === "DATA_OK") this.errors = 0
  }

  /** smtp-server takes all listeners from the socket that is to speak TLS, the one that counts it out among them. */
  override upgrade(callback: () => void, secureCallback?: () => void): void {
    const socket = this._socket
    super.upgrade(callback, secureCallback)
    this.gated.countOut(socket)
  }

  override handler_MAIL(command: Buffer, callback: () => void): void {
    const problem = checkMail(command)
    if (!problem) return super.handler_MAIL(command, callback)
    this.reply(problem)
    callback()
  }

  override handler_RCPT(command: Buffer, callback: () => void): void {
    const problem = checkRcpt(command, this.session.envelope.smtpUtf8 === true)
    if (!problem) return super.handler_RCPT(command, callback)
    this.reply(problem)
    callback()
  }

  override handler_DATA(command: Buffer, callback: () => void): void {
    if (this.isAlone(command, callback)) super.handler_DATA(command, callback)
  }

  override handler_RSET(command: Buffer, callback: () => void): void {
    if (this.isAlone(command, callback)) super.handler_RSET(command, callback)
  }

  override handler_QUIT(command: Buffer, callback: () => void): void {
    if (this.isAlone(command, callback)) super.handler_QUIT(command, callback)
  }

  /** RFC 5321 §4.1.1: these commands have no arguments. */
  private isAlone(command: Buffer, callback: () => void): boolean {
    const alone = /^[A-Za-z]+[ \t]*$/.test(command.toString("latin1"))
    if (!alone) {
      this.reply(replies.noArguments)
      callback()
    }
    return alone
  }

  /** EXTERNAL is ours (auth-external.ts); smtp-server refuses a second sign-in, and what is not offered. */
  override handler_AUTH(command: Buffer, callback: () => void): void {
    const [, mechanism = "", initial, ...more] = command.toString("latin1").trim().split(/\s+/)
    const session: SmtpSession = this.session
    if (mechanism.toUpperCase() !== "EXTERNAL" || !session.offersExternal || !this.secure || session.user) return super.handler_AUTH(command, callback)
    if (more.length > 0) this.reply(replies.badParameter)
    else if (initial !== undefined) return this.signInByCertificate(initial, callback)
    else {
      // RFC 4422 App. A: an empty challenge
      this._nextHandler = (line, done) => this.signInByCertificate(line.toString("latin1").trim(), done)
      this.send(334)
    }
    callback()
  }

  private signInByCertificate(response: string, callback: () => void): void {
    const signIn = async (): Promise<void> => {
      const outcome = response === "*" || !this.externalSignIn ? replies.authenticationCancelled : await this.externalSignIn.signIn(this.session, response)
      if ("accountId" in outcome) {
        this.session.user = outcome
        this.session.transmissionType = this._transmissionType()
        this.send(235, "Authentication successful")
      } else this.reply(outcome)
      callback()
    }
    void signIn()
  }

  private reply(reply: Reply): void {
    this.send(reply.code, replyText(reply, this.session.envelope?.smtpUtf8 === true))
  }

  /** RFC 4954 §4: AUTH is not offered where a password would travel in clear. */
  private withoutClearAuth(lines: string[]): string[] {
    if (!this.secure) return lines.filter((line) => !line.startsWith("AUTH "))
    const session: SmtpSession = this.session
    return session.offersExternal ? lines.map((line) => (line.startsWith("AUTH ") ? `${line} EXTERNAL` : line)) : lines
  }

  /** Replies to pipelined commands leave in one packet; before a TLS handshake and before the end everything must be on its way. */
  private cork(code: number): void {
    const socket = this._socket
    if (code === 220 || code === 421) while (socket.writableCorked > 0) socket.uncork()
    else if (socket.writableCorked === 0 && !this._upgrading) {
      socket.cork()
      process.nextTick(() => socket.uncork())
    }
  }

  private countError(code: number): void {
    if (code < 500 || (this.session.user && !countsForAll.has(code))) return
    this.errors++
    if (this.errors >= this.maxErrors) this.reply(replies.tooManyErrors)
  }
}

export class GatedServer extends SMTPServer {
  readonly maxErrors: number
  readonly external: ExternalSignIn | undefined
  private readonly gate: ConnectionGate
  /** Each with what counts it out. */
  private readonly sockets = new Map<Socket, () => void>()

  constructor({ gate, maxErrors, tls, external, smtp }: GatedOptions) {
    super({ ...smtp, ...tls.serverOptions(), SNICallback: tls.SNICallback })
    this.gate = gate
    this.external = external
    const renew = (): void => void this.secureContext.set(anyName, tls.context())
    renew()
    this.server.once("close", tls.onChange(renew))
    stapleAt(this.server, tls)
    this.maxErrors = maxErrors
  }

  /** Called for each accepted socket before TLS, greeting or session exist. */
  override _acceptSocket(socket: Socket, handshake: boolean): (() => void) | false {
    const address = plainAddress(socket.remoteAddress ?? "")
    const entry = this.gate.enter(address)
    if (entry === "ok") {
      this.sockets.set(socket, () => {
        if (this.sockets.delete(socket)) this.gate.leave(address)
      })
      this.countOut(socket)
      return super._acceptSocket(socket, handshake)
    }
    socket.on("error", () => undefined)
    // before a TLS handshake no reply could be read
    if (handshake) socket.destroy()
    else {
      const reply = entry === "full" ? replies.tooManyConnections : replies.tooManyConnectionsFromYou
      socket.write(`${reply.code} ${replyText(reply, false)}\r\n`)
      socket.destroySoon()
    }
    return false
  }

  /** When it closes. */
  countOut(socket: Socket): void {
    const leave = this.sockets.get(socket)
    if (leave) socket.once("close", leave)
  }

  override connect(socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null): void {
    const connection = new Connection(this, socket, options)
    this.connections.add(connection)
    connection.on("error", (error: Error) => this._onError(error))
    connection.on("connect", (info) => this._onClientConnect(info))
    connection.init()
  }

  /** Idle connections hear 421 at once (RFC 5321 §3.8); who is in the middle of a message has until the close timeout. */
  shutDown(): Promise<void> {
    return new Promise((resolve) => {
      this.close(() => {
        for (const socket of this.sockets.keys()) socket.destroy()
        resolve()
      })
      for (const connection of this.connections) {
        if (!connection._dataStream && !connection._handlerPending) connection.send(421, "Server shutting down")
      }
    })
  }
}
