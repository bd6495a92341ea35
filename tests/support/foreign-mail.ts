import { once } from "node:events"
import { SMTPServer, type SMTPServerAddress, type SMTPServerOptions, type SMTPServerSession } from "smtp-server"
import type { DnsAnswer, DnsResolver, RecordData, RecordType } from "../../src/dns/resolver.ts"

/** A DNS zone in memory, unsigned. Names in `broken` are never answered for. */
export interface Zone {
  readonly mx?: Readonly<Record<string, readonly (readonly [exchange: string, preference: number])[]>>
  readonly a?: Readonly<Record<string, readonly string[]>>
  readonly aaaa?: Readonly<Record<string, readonly string[]>>
  readonly broken?: readonly string[]
}

export function fakeDns(zone: Zone): DnsResolver {
  const exists = (name: string): boolean => [zone.mx, zone.a, zone.aaaa].some((records) => records?.[name] !== undefined)
  const find = (name: string, type: RecordType): readonly RecordData[RecordType][] => {
    if (type === "MX") return (zone.mx?.[name] ?? []).map(([exchange, preference]) => ({ exchange, preference }))
    return (type === "A" ? zone.a : type === "AAAA" ? zone.aaaa : undefined)?.[name] ?? []
  }
  const resolve = async (name: string, type: RecordType): Promise<DnsAnswer<RecordData[RecordType]>> => {
    if (zone.broken?.includes(name)) return { kind: "failed", detail: `the DNS answered SERVFAIL for ${name} ${type}` }
    const [first, ...others] = find(name, type)
    if (first === undefined) return { kind: exists(name) ? "noData" : "noName", secure: false }
    return { kind: "records", records: [first, ...others], secure: false, canonicalName: name }
  }
  return { resolve: <Type extends RecordType>(name: string, type: Type) => resolve(name, type) as Promise<DnsAnswer<RecordData[Type]>> }
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
