/** Fetches MTA-STS policies over HTTPS (RFC 8461 §3.3). Must not know: what is kept, who asks. */
import { Agent, request } from "node:https"
import type { IncomingMessage } from "node:http"
import { isIPv6, type LookupFunction } from "node:net"
import { callbackify } from "node:util"
import { failed, ok, type Result } from "../base/result.ts"
import type { DnsResolver } from "../dns/resolver.ts"
import { maxPolicyBytes, type MtaStsPolicy, parsePolicy } from "./mta-sts-policy.ts"
import { oneLine } from "./smtp-reply.ts"
import { type TlsFault, tlsFault } from "./tls-fault.ts"

/** Never throws. Failure: what a report calls it, and a clause for people. */
export type MtaStsFetch = (domain: string, signal: AbortSignal) => Promise<Result<MtaStsPolicy, TlsFault>>

export interface MtaStsFetchOptions {
  readonly resolver: DnsResolver
  /** For all of it, look-up and connecting included. */
  readonly timeoutMs?: number
  /** Where policies are served. */
  readonly port?: number
  /** Certificates (PEM) trusted instead of the system's. */
  readonly authorities?: readonly string[]
}

/** RFC 8461 §3.3 suggests one minute; a message waits for it. */
const defaultTimeoutMs = 30_000
const httpsPort = 443

export function createMtaStsFetch({ resolver, timeoutMs = defaultTimeoutMs, port = httpsPort, authorities }: MtaStsFetchOptions): MtaStsFetch {
  // a new connection each: they are a day apart
  const agent = new Agent({ keepAlive: false, maxTotalSockets: 32, lookup: lookupBy(resolver), minVersion: "TLSv1.2", ...(authorities && { ca: [...authorities] }) })
  return async (domain, stop) => {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
    try {
      const response = await ask(`https://mta-sts.${domain}:${port}/.well-known/mta-sts.txt`, agent, signal)
      const text = await policyText(response)
      if (!text.ok) return text
      const policy = parsePolicy(text.value)
      return policy.ok ? policy : failed(tlsFault("sts-policy-invalid", `the policy that mta-sts.${domain} serves cannot be used: ${policy.failure}`))
    } catch (error) {
      return failed(reachFault(domain, error, signal.aborted ? `did not answer within ${timeoutMs / 1000} s` : undefined))
    }
  }
}

const ask = (url: string, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { agent, signal, headers: { "user-agent": "congthu", accept: "text/plain" } }, resolve)
    asked.on("error", reject)
    asked.end()
  })

async function policyText(response: IncomingMessage): Promise<Result<string, TlsFault>> {
  const refuse = (detail: string): Result<never, TlsFault> => {
    response.destroy()
    return failed(tlsFault("sts-policy-fetch-error", detail))
  }
  // RFC 8461 §3.3: redirects are not followed
  if (response.statusCode !== 200) return refuse(`the policy server answered with HTTP status ${response.statusCode ?? 0}`)
  if (!/^text\/plain[ \t]*(?:;|$)/i.test(response.headers["content-type"] ?? "")) return refuse("the policy server's answer is not text/plain")
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxPolicyBytes) return refuse(`the policy server sent more than ${maxPolicyBytes} bytes`)
    chunks.push(chunk)
  }
  return ok(Buffer.concat(chunks, bytes).toString("utf8"))
}

const certificateCodes = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID)/

/** RFC 8460 §4.3.2.3: a certificate that does not hold is told apart from a server that is not there. */
function reachFault(domain: string, error: unknown, late: string | undefined): TlsFault {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  const words = late ?? oneLine(error instanceof Error ? error.message : String(error))
  if (certificateCodes.test(code)) return tlsFault("sts-webpki-invalid", `the certificate of mta-sts.${domain} does not hold (${code})`)
  return tlsFault("sts-policy-fetch-error", `mta-sts.${domain} cannot be asked (${words})`)
}

/** The resolver of all other mail questions, not the machine's. */
function lookupBy(resolver: DnsResolver): LookupFunction {
  const addressesOf = callbackify(async (hostname: string): Promise<readonly string[]> => {
    const answers = await Promise.all([resolver.resolve(hostname, "AAAA"), resolver.resolve(hostname, "A")])
    return answers.flatMap((answer) => (answer.kind === "records" ? answer.records : []))
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
