import { lookup, type LookupAddress } from "node:dns"
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http"
import { Agent as HttpsAgent, request as httpsRequest } from "node:https"
import type { LookupFunction } from "node:net"
import type { Clock } from "../../base/clock.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type AllowedUrls, isPublicAddress } from "./allowed-url.ts"
import { Unreachable } from "./unreachable.ts"

/** Downloads CRLs and asks OCSP responders, within what configuration allows: time, size, addresses. Must not know: what the bytes mean. */
export interface RevocationFetch {
  /** POST when there is a body. Failure: a phrase after the URL. */
  fetch(request: FetchRequest): Promise<Result<Uint8Array, string>>
  close(): void
}

export interface FetchRequest {
  readonly url: string
  readonly maxBytes: number
  readonly post?: { readonly type: string; readonly body: Uint8Array }
}

export interface RevocationFetchOptions {
  readonly allowed: AllowedUrls
  /** For all of one download, connecting included. */
  readonly timeoutMs: number
  /** How long a server that failed several times running is left alone. */
  readonly restMs: number
  readonly clock: Clock
}

/** Said of a server that is left alone: why was said when it failed. */
export const leftAlone = "failed several times running, and is left alone for now"

export function createRevocationFetch({ allowed, timeoutMs, restMs, clock }: RevocationFetchOptions): RevocationFetch {
  const unreachable = new Unreachable({ clock, restMs })
  // connections are kept per agent: one made to a listed private address is never used for a public name
  const agents = { listed: agentsFor({}), public: agentsFor({ lookup: publicOnly }) }
  return {
    async fetch({ url, maxBytes, post }) {
      const permitted = allowed.permits(url)
      if (!permitted) return failed("may not be asked (pki.revocation.allow)")
      const { origin, protocol } = permitted.url
      if (unreachable.rests(origin)) return failed(leftAlone)
      // not AbortSignal.timeout: thousands of those would live on, each until its time is over
      const abort = new AbortController()
      const timer = setTimeout(() => abort.abort(), timeoutMs)
      const options: RequestOptions = {
        method: post ? "POST" : "GET",
        agent: agents[permitted.kind][protocol === "https:" ? "https" : "http"],
        headers: { "user-agent": "congthu", ...(post && { "content-type": post.type, "content-length": post.body.length }) },
        signal: abort.signal,
      }
      try {
        const body = await readBody(await respond(permitted.url, options, post?.body), maxBytes)
        unreachable.answered(origin)
        return body
      } catch (error) {
        unreachable.failed(origin)
        return failed(abort.signal.aborted ? `did not answer within ${timeoutMs} ms` : `cannot be reached (${error instanceof Error ? error.message : String(error)})`)
      } finally {
        clearTimeout(timer)
      }
    },
    close() {
      for (const kind of [agents.listed, agents.public]) {
        kind.http.destroy()
        kind.https.destroy()
      }
    },
  }
}

const agentOptions = { keepAlive: true, maxSockets: 8, maxTotalSockets: 32, timeout: 30_000 } as const
const agentsFor = (options: { readonly lookup?: LookupFunction }) => ({ http: new HttpAgent({ ...agentOptions, ...options }), https: new HttpsAgent({ ...agentOptions, ...options }) })

/** Judges the very addresses that are connected to, so that a name cannot lead elsewhere at the second look-up. */
const publicOnly: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? []
    if (error || !first) callback(error ?? new Error("has no address"), "", 0)
    else if (!addresses.every(({ address }) => isPublicAddress(address))) callback(new Error("leads to a private address (pki.revocation.allow)"), "", 0)
    else if (options.all) callback(null, addresses)
    else callback(null, first.address, first.family satisfies LookupAddress["family"])
  })
}

function respond(url: URL, options: RequestOptions, body: Uint8Array | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options, resolve)
    request.on("error", reject)
    request.end(body)
  })
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Result<Uint8Array, string>> {
  // a redirect is not followed: it would lead where no certificate pointed
  if (response.statusCode !== 200) {
    response.destroy()
    return failed(`answered with HTTP status ${response.statusCode ?? 0}`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) {
      response.destroy()
      return failed(`sent more than ${maxBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return ok(Buffer.concat(chunks, bytes))
}
