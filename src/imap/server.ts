import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import type { Config } from "../config/schema.ts"
import { askForCertificate, keepInStep, type ListenerTls } from "../tls/listener-tls.ts"
import { commandTable } from "./command-table.ts"
import { Connection, type ConnectionShared } from "./connection.ts"
import { Dispatcher } from "./dispatch.ts"
import type { ImapServices } from "./session.ts"
import { createSweep } from "./sweep.ts"

/**
 * The IMAP listeners: plain with STARTTLS, and TLS from the first byte. Bounds connections in all and for each address, ends
 * silent and unlawful ones in one sweep, and closes down in seconds. Must not know: commands, the store's insides.
 */
export interface ImapServer {
  /** As bound; configured port 0 means any free one. */
  readonly ports: { readonly imap: number; readonly imaps: number }
  connections(): number
  /** Stops listening, says BYE, waits a moment for commands under way. */
  close(): Promise<void>
}

export interface ImapServerOptions {
  readonly config: Pick<Config, "hostname" | "listen" | "imap">
  readonly tls: ListenerTls
  readonly services: ImapServices
  /** Other processes listen on the same ports. */
  readonly sharePorts?: boolean
  /** How often timeouts, suspensions and lost notifications are looked for. */
  readonly sweepMs?: number
}

export async function startImapServer(options: ImapServerOptions): Promise<ImapServer> {
  const { config, services } = options
  const { imap: limits, hostname } = config
  const live = new Set<Connection>()
  const byAddress = new Map<string, number>()
  const sockets = new Set<Socket>()
  // a phone that left without a word is noticed long before it would be logged out
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: keepAliveMs }
  const shared: ConnectionShared = {
    hostname,
    services,
    limits,
    // a stranger sends no more than names, passwords and SASL responses
    strangerLimits: { lineBytes: Math.min(limits.maxLineBytes, strangerLineBytes), discardBytes: strangerLineBytes * 8 },
    memberLimits: { lineBytes: limits.maxLineBytes, discardBytes: 2 * limits.maxLiteralBytes },
    tls: options.tls,
    tlsServer: () => secure,
    dispatcher: new Dispatcher(commandTable),
    ended(connection) {
      live.delete(connection)
      services.log.ended({ sessionId: connection.id, clientAddress: connection.clientAddress, reason: connection.endReason })
    },
  }

  /** Counts the raw connection, before any TLS: a handshake is what an attacker would have us pay for. */
  const admit = (socket: Socket): boolean => {
    const address = socket.remoteAddress ?? ""
    const held = byAddress.get(address) ?? 0
    if (sockets.size >= limits.maxConnections || held >= limits.maxConnectionsPerAddress) return false
    byAddress.set(address, held + 1)
    sockets.add(socket)
    socket.once("close", () => {
      sockets.delete(socket)
      const left = (byAddress.get(address) ?? 1) - 1
      if (left > 0) byAddress.set(address, left)
      else byAddress.delete(address)
    })
    return true
  }
  const serve = (socket: Socket): void => {
    socket.setNoDelay(true)
    live.add(new Connection(socket, shared))
  }

  const plain = createServer(keepAlive, (socket) => {
    if (admit(socket)) return serve(socket)
    socket.on("error", () => undefined)
    socket.end("* BYE [LIMIT] Too many connections\r\n")
  })
  const secure = createTlsServer({ ...options.tls.serverOptions(), SNICallback: options.tls.SNICallback, ...(services.certificateLogins && askForCertificate), ...keepAlive, handshakeTimeout: limits.loginTimeout }, serve)
  keepInStep(secure, options.tls)
  secure.on("connection", (socket: Socket) => {
    if (!admit(socket)) socket.destroy()
  })
  // a handshake that fails concerns nobody but its client
  secure.on("tlsClientError", () => undefined)
  const at = { host: config.listen.host, reusePort: options.sharePorts ?? false }
  const ports = { imap: await listen(plain, { ...at, port: config.listen.imap }), imaps: await listen(secure, { ...at, port: config.listen.imaps }) }
  const sweep = createSweep({ services, limits, live })
  const timer = setInterval(() => void sweep(), options.sweepMs ?? 1_000).unref()

  return {
    ports,
    connections: () => sockets.size,
    async close() {
      clearInterval(timer)
      for (const server of [plain, secure]) server.close()
      for (const connection of live) connection.shutDown("Server is shutting down")
      const impatient = setTimeout(() => {
        for (const connection of live) connection.destroy("shutdown")
        // those still in a handshake are nobody's connection yet
        for (const socket of sockets) socket.destroy()
      }, drainMs)
      await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve))))
      clearTimeout(impatient)
    },
  }
}

const listen = (server: Server, at: ListenOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen({ ...at, backlog: 1024 }, () => {
      server.off("error", reject)
      resolve((server.address() as AddressInfo).port)
    })
  })

const strangerLineBytes = 16 * 1024
const drainMs = 5_000
const keepAliveMs = 5 * 60_000
