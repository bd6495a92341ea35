import { Agent, request } from "node:https"
import type { IncomingMessage } from "node:http"
import { isIPv6, type LookupFunction } from "node:net"
import { callbackify } from "node:util"
import { failed, ok, type Result } from "../base/result.ts"
import type { DnsResolver } from "../dns/resolver.ts"
import { type AllowedUrls, isPublicAddress } from "../pki/revocation/allowed-url.ts"
import { connectProblem, type PostProblem, PostProblemError } from "./post-problem.ts"

/**
 * Posts to the webhooks of systems: https only, no redirect, bounded time, the answer's body unread. A name that leads to a private address is
 * connected to only where an administrator wrote it down (`notifications.webhooks`). Must not know: what is told, when it is tried again.
 */
export interface WebhookPost {
  /** The HTTP status, from 200 to 299. */
  post(call: WebhookCall): Promise<Result<number, PostFault>>
  close(): void
}

export interface PostFault {
  readonly problem: PostProblem
  /** The HTTP status; null: there was no answer. */
  readonly status: number | null
}

export interface WebhookCall {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface WebhookPostOptions {
  readonly allowed: AllowedUrls
  readonly resolver: DnsResolver
  readonly timeoutMs: number
  /** Certificates (PEM) trusted instead of the system's. */
  readonly authorities?: readonly string[]
}

const agentOptions = { keepAlive: false, maxTotalSockets: 32, minVersion: "TLSv1.2" } as const

export function createWebhookPost({ allowed, resolver, timeoutMs, authorities }: WebhookPostOptions): WebhookPost {
  const trust = authorities && { ca: [...authorities] }
  // what an administrator wrote down may stand in this machine's own list of hosts
  const agents = { listed: new Agent({ ...agentOptions, ...trust }), public: new Agent({ ...agentOptions, ...trust, lookup: publicOnly(resolver) }) }
  return {
    async post({ url, body, headers }) {
      const permitted = allowed.permits(url)
      if (permitted?.url.protocol !== "https:") return unanswered({ code: "notAllowed", what: "" })
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        const response = await send({ url: permitted.url, body, headers, agent: agents[permitted.kind], signal })
        const { statusCode = 0 } = response
        response.destroy()
        return statusCode >= 200 && statusCode < 300 ? ok(statusCode) : failed({ problem: { code: "status", what: String(statusCode) }, status: statusCode })
      } catch (error) {
        return unanswered(signal.aborted ? { code: "late", what: String(timeoutMs / 1000) } : connectProblem(error))
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

const unanswered = (problem: PostProblem) => failed({ problem, status: null })

interface Sent extends Omit<WebhookCall, "url"> {
  readonly url: URL
  readonly agent: Agent
  readonly signal: AbortSignal
}

const send = ({ url, body, headers, agent, signal }: Sent): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method: "POST", agent, signal, headers: { ...headers, "user-agent": "congthu", "content-type": "application/json", "content-length": Buffer.byteLength(body) } }, resolve)
    asked.on("error", reject)
    // RFC 9110 §15.2.2: nobody asked for another protocol, and without a listener such an answer would be neither an answer nor an error
    asked.on("upgrade", (response, socket) => {
      socket.destroy()
      resolve(response)
    })
    // however it ended, it has ended
    asked.on("close", () => reject(new PostProblemError("closed")))
    asked.end(body)
  })

/** The resolver of all mail questions; the very addresses that are connected to are judged, so that a name cannot lead elsewhere at the second look-up. */
function publicOnly(resolver: DnsResolver): LookupFunction {
  const addressesOf = callbackify(async (hostname: string): Promise<readonly string[]> => {
    const answers = await Promise.all([resolver.resolve(hostname, "A"), resolver.resolve(hostname, "AAAA")])
    const addresses = answers.flatMap((answer) => (answer.kind === "records" ? answer.records : []))
    if (addresses.length === 0) throw new PostProblemError("noAddress")
    if (!addresses.every(isPublicAddress)) throw new PostProblemError("private")
    return addresses
  })
  const family = (address: string): 4 | 6 => (isIPv6(address) ? 6 : 4)
  return (hostname, options, callback) =>
    addressesOf(hostname, (error, addresses) => {
      const [first] = addresses ?? []
      if (error || first === undefined) callback(error ?? new PostProblemError("noAddress"), "", 0)
      else if (options.all) callback(null, addresses.map((address) => ({ address, family: family(address) })))
      else callback(null, first, family(first))
    })
}
