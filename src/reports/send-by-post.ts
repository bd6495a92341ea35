/**
 * Hands a report to an HTTPS server (RFC 8460 §5.4). Where it goes is others' word, so it goes to public addresses only, and no redirect is followed. Must not
 * know: what is in it.
 */
import { Agent, request } from "node:https"
import type { IncomingMessage } from "node:http"
import { isIP, isIPv6, type LookupFunction } from "node:net"
import { callbackify } from "node:util"
import { failed, ok, type Result } from "../base/result.ts"
import { oneLine } from "../delivery/smtp-reply.ts"
import type { DnsResolver } from "../dns/resolver.ts"
import { isPublicAddress } from "../pki/revocation/allowed-url.ts"
import type { NotSent } from "./send-by-mail.ts"

/** Never rejects. */
export type SendByPost = (url: string, report: { readonly type: string; readonly body: Uint8Array }, signal: AbortSignal) => Promise<Result<void, NotSent>>

export interface SendByPostOptions {
  readonly resolver: DnsResolver
  /** Addresses that may be connected to; absent: public ones. */
  readonly mayReach?: (address: string) => boolean
  /** For all of it, look-up and connecting included. */
  readonly timeoutMs?: number
  /** Certificates (PEM) trusted instead of the system's. */
  readonly authorities?: readonly string[]
}

const defaultTimeoutMs = 60_000

export function createSendByPost({ resolver, mayReach = isPublicAddress, timeoutMs = defaultTimeoutMs, authorities }: SendByPostOptions): SendByPost {
  const agent = new Agent({ keepAlive: false, maxTotalSockets: 8, lookup: lookupBy(resolver, mayReach), minVersion: "TLSv1.2", ...(authorities && { ca: [...authorities] }) })
  return async (url, report, stop) => {
    const { hostname } = new URL(url)
    const address = hostname.replace(/^\[|\]$/g, "")
    // an address is connected to without being looked up
    if (isIP(address) !== 0 && !mayReach(address)) return failed({ detail: notPublic, permanent: true })
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
    try {
      const { statusCode = 0 } = await post(url, report, agent, signal)
      return statusCode >= 200 && statusCode < 300 ? ok(undefined) : failed({ detail: `the server answered with HTTP status ${statusCode}`, permanent: false })
    } catch (error) {
      const words = signal.aborted ? `did not answer within ${timeoutMs / 1000} s` : wordsOf(error)
      return failed({ detail: `the server cannot be asked (${words})`, permanent: false })
    }
  }
}

/** The code of what Node knows, which says as much as its advice to programmers. */
const wordsOf = (error: unknown): string => (error instanceof Error ? ("code" in error && typeof error.code === "string" ? error.code : oneLine(error.message)) : oneLine(String(error)))

const notPublic = "it leads to an address that is not public"

/** The status is all that counts; the rest of the answer is not read. */
const post = (url: string, { type, body }: { readonly type: string; readonly body: Uint8Array }, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method: "POST", agent, signal, headers: { "user-agent": "congthu", "content-type": type, "content-length": body.length } }, (response) => {
      response.on("error", () => undefined)
      resolve(response)
      response.destroy()
    })
    asked.on("error", reject)
    asked.end(body)
  })

/** Judges the very addresses that are connected to, so that a name cannot lead elsewhere at a second look-up. */
function lookupBy(resolver: DnsResolver, mayReach: (address: string) => boolean): LookupFunction {
  const addressesOf = callbackify(async (hostname: string): Promise<readonly string[]> => {
    const answers = await Promise.all([resolver.resolve(hostname, "AAAA"), resolver.resolve(hostname, "A")])
    const addresses = answers.flatMap((answer) => (answer.kind === "records" ? answer.records : []))
    if (addresses.length === 0) throw new Error("it has no address")
    if (!addresses.every(mayReach)) throw new Error(notPublic)
    return addresses
  })
  const family = (address: string): 4 | 6 => (isIPv6(address) ? 6 : 4)
  return (hostname, options, callback) =>
    addressesOf(hostname, (error, addresses) => {
      const [first] = addresses ?? []
      if (error || first === undefined) callback(error ?? new Error("it has no address"), "", 0)
      else if (options.all) callback(null, addresses.map((address) => ({ address, family: family(address) })))
      else callback(null, first, family(first))
    })
}
