import { once } from "node:events"
import { SMTPServer, type SMTPServerAddress, type SMTPServerOptions, type SMTPServerSession } from "smtp-server"
import type { MailResolver } from "../../src/delivery/mx-lookup.ts"

/** A DNS zone in memory. Names in `broken` are never answered for. */
export interface Zone {
  readonly mx?: Readonly<Record<string, readonly (readonly [exchange: string, priority: number])[]>>
  readonly a?: Readonly<Record<string, readonly string[]>>
  readonly aaaa?: Readonly<Record<string, readonly string[]>>
  readonly broken?: readonly string[]
}

const dnsError = (code: string): Error => Object.assign(new Error(code), { code })

export function fakeDns(zone: Zone): MailResolver {
  const exists = (name: string): boolean => [zone.mx, zone.a, zone.aaaa].some((records) => records?.[name] !== undefined)
  const find = async <T>(records: Readonly<Record<string, T>> | undefined, name: string): Promise<T> => {
    if (zone.broken?.includes(name)) throw dnsError("ESERVFAIL")
    const found = records?.[name]
    if (found === undefined) throw dnsError(exists(name) ? "ENODATA" : "ENOTFOUND")
    return found
  }
  return {
    resolveMx: async (name) => (await find(zone.mx, name)).map(([exchange, priority]) => ({ exchange, priority })),
    resolve4: (name) => find(zone.a, name),
    resolve6: (name) => find(zone.aaaa, name),
  }
}

export interface ForeignMessage {
  readonly from: string
  readonly mailArgs: SMTPServerAddress["args"]
  readonly to: readonly SMTPServerAddress[]
  readonly content: Buffer
  readonly secure: boolean
}

export interface ForeignServer {
  readonly address: string
  readonly port: number
  readonly received: readonly ForeignMessage[]
  /** Connections so far. */
  readonly connections: () => number
  close(): Promise<void>
}

/** Another organization's mail server, on a loopback address of its own so that all of them can have one port. */
export async function startForeignServer(options: SMTPServerOptions & { readonly hideREQUIRETLS?: boolean; readonly address: string; readonly port: number; readonly answerData?: (message: ForeignMessage) => Error | string }): Promise<ForeignServer> {
  const { address, port, answerData, ...rest } = options
  const received: ForeignMessage[] = []
  let connections = 0
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    hideDSN: true,
    ...rest,
    onConnect(session, callback) {
      connections++
      if (rest.onConnect) rest.onConnect(session, callback)
      else callback()
    },
    onData(stream, session: SMTPServerSession, callback) {
      const chunks: Buffer[] = []
      stream.on("data", (chunk: Buffer) => chunks.push(chunk))
      stream.on("end", () => {
        const from = session.envelope.mailFrom
        const message = { from: from === false ? "" : from.address, mailArgs: from === false ? false : from.args, to: session.envelope.rcptTo, content: Buffer.concat(chunks), secure: session.secure }
        const answer = answerData?.(message) ?? "2.0.0 taken"
        if (answer instanceof Error) callback(answer)
        else {
          received.push(message)
          callback(null, answer)
        }
      })
    },
  })
  server.on("error", () => undefined)
  server.listen(port, address)
  await once(server.server, "listening")
  return {
    address,
    port,
    received,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

export const smtpError = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode })
