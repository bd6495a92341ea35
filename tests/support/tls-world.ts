import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:https"
import { attempt, type AttemptParts } from "../../src/delivery/attempt.ts"
import type { AttemptReport } from "../../src/delivery/attempt-report.ts"
import { tlsaText } from "../../src/delivery/dane.ts"
import { createMtaStsFetch } from "../../src/delivery/mta-sts-fetch.ts"
import { createMtaStsPolicies, type MtaStsPolicies } from "../../src/delivery/mta-sts.ts"
import { noPartners, type Partners } from "../../src/delivery/partners.ts"
import type { TlsFault } from "../../src/delivery/tls-fault.ts"
import { createTlsPolicy } from "../../src/delivery/tls-policy.ts"
import type { RemoteDelivery } from "../../src/store/delivery-store.ts"
import { createTlsPolicyStore } from "../../src/store/sql/tls-policies.ts"
import type { TlsSessions } from "../../src/store/tls-policy-store.ts"
import type { TestDatabase } from "./database.ts"
import type { DnsWorld } from "./dns-world.ts"
import { type ForeignServer, startForeignServer } from "./foreign-mail.ts"
import type { Issued } from "./test-pki.ts"
import type { TlsIdentity } from "./tls-identity.ts"

/** The world that outgoing mail meets: a DNS, servers of other domains with whatever certificate, servers of MTA-STS policies; and our side of it. */

/** The text of a TLSA record for a certificate. */
export function tlsaOf(usage: number, selector: 0 | 1, { certificate }: Pick<Issued, "certificate">): string {
  const association = createHash("sha256").update(selector === 0 ? certificate.der : certificate.publicKeyInfo).digest()
  return `TLSA ${tlsaText({ usage, selector, matching: 1, association })}`
}

export interface PolicyServer {
  readonly port: number
  /** Host → what it serves; others are 404. */
  readonly policies: Map<string, { readonly text: string; readonly type?: string; readonly status?: number; readonly location?: string }>
  readonly asked: readonly string[]
  close(): Promise<void>
}

export const startPolicyServer = (address: string, identity: TlsIdentity): Promise<PolicyServer> => startPolicyServerAt({ address, port: 0 }, identity)

export async function startPolicyServerAt({ address, port }: { readonly address: string; readonly port: number }, { cert, key }: TlsIdentity): Promise<PolicyServer> {
  const policies: PolicyServer["policies"] = new Map()
  const asked: string[] = []
  const server = createServer({ cert, key }, (request, response) => {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "")
    asked.push(`${host}${request.url ?? ""}`)
    const found = policies.get(host)
    response.writeHead(found?.status ?? (found ? 200 : 404), { "content-type": found?.type ?? "text/plain", ...(found?.location && { location: found.location }) })
    response.end(found?.text ?? "nothing here")
  })
  server.listen(port, address)
  await once(server, "listening")
  const bound = server.address()
  return {
    port: typeof bound === "object" && bound ? bound.port : 0,
    policies,
    asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

export interface Sender {
  readonly sessions: TlsSessions[]
  readonly faults: (TlsFault & { readonly domain: string })[]
  readonly mtaSts: MtaStsPolicies
  /** Lets time pass. */
  pass(ms: number): void
  /** One attempt at `domain`. */
  send(domain: string, more?: { readonly requireTls?: boolean; readonly content?: string; readonly source?: RemoteDelivery["source"] }): Promise<AttemptReport>
  close(): Promise<void>
}

export interface SenderOptions {
  readonly dns: DnsWorld
  readonly database: TestDatabase
  readonly port: number
  readonly policyPort: number
  readonly authorities: readonly string[]
  readonly partners?: Partners
  readonly more?: Partial<AttemptParts>
}

export const plainContent = "Subject: Th\r\nFrom: an@tinh.example\r\n\r\nbody\r\n"

export function createSender({ dns, database, port, policyPort, authorities, partners = noPartners, more }: SenderOptions): Sender {
  let offset = 0
  const clock = { now: () => Date.now() + offset }
  const sessions: TlsSessions[] = []
  const faults: (TlsFault & { readonly domain: string })[] = []
  const resolver = dns.resolver()
  const mtaSts = createMtaStsPolicies({
    resolver, store: createTlsPolicyStore(database), clock,
    fetch: createMtaStsFetch({ resolver, port: policyPort, authorities, timeoutMs: 5_000 }),
    failed: (domain, fault) => faults.push({ domain, ...fault }),
  })
  const tlsPolicyFor = createTlsPolicy({ resolver, mtaSts, partners, clock })
  return {
    sessions,
    faults,
    mtaSts,
    pass: (ms) => void (offset += ms),
    send(domain, { requireTls = false, content = plainContent, source = "submission" } = {}) {
      const delivery: RemoteDelivery = {
        id: 1, envelopeId: 1, source, reversePath: "an@tinh.example", recipient: `bo@${domain}`, originalRecipient: `bo@${domain}`, notify: [], ret: null, envid: null, requireTls, smtpUtf8: false,
        content: Buffer.alloc(32), size: content.length, tracePrefix: "Received: by mail.tinh.example\r\n", attempts: 0, acceptedAt: 0, expiresAt: 1e15,
      }
      const parts: AttemptParts = {
        routing: { resolver, hostname: "mail.tinh.example", isOwnAddress: () => false, random: () => 0 },
        tlsPolicyFor,
        tlsReporting: { record: (session) => void sessions.push(session) },
        contents: { read: async function* () { yield Buffer.from(content) } },
        smarthost: "", connectTimeoutMs: 2_000, commandTimeoutMs: 5_000, port, authorities, ...more,
      }
      return attempt({ domain, deliveries: [delivery] }, parts, new AbortController().signal)
    },
    close: () => mtaSts.close(),
  }
}

/** Servers of other domains; closed together. */
export class Foreigners {
  private readonly servers: ForeignServer[] = []
  private readonly port: number
  /** Names that clients asked for in the handshake. */
  readonly serverNames: string[] = []

  constructor(port: number) {
    this.port = port
  }

  async start(address: string, { cert, key }: TlsIdentity, more: Partial<Parameters<typeof startForeignServer>[0]> = {}): Promise<ForeignServer> {
    const server = await startForeignServer({
      address, port: this.port, cert, key, ...more,
      onSecure: (_socket, session, callback) => {
        const { servername } = session as { readonly servername?: string | false }
        this.serverNames.push(servername || "")
        callback()
      },
    })
    this.servers.push(server)
    return server
  }

  /** Offers no TLS, as if somebody on the way had taken it out. */
  stripped = (address: string, identity: TlsIdentity): Promise<ForeignServer> => this.start(address, identity, { hideSTARTTLS: true, disabledCommands: ["STARTTLS"] })

  async close(): Promise<void> {
    this.serverNames.length = 0
    await Promise.all(this.servers.splice(0).map((server) => server.close()))
  }
}

export const brief = ({ outcomes }: AttemptReport): string => outcomes.map(({ kind, status }) => `${kind} ${status}`).join(", ")
export const words = ({ outcomes }: AttemptReport): string => outcomes[0]?.diagnostic ?? ""
