import { Agent, request } from "node:https"
import { getCACertificates } from "node:tls"

/** HTTPS to the identity provider and nowhere else: bounded in time and size, no redirects, authorities of the province's own. Must not know: OpenID Connect. */
export type ProviderFetch = (url: string, options: FetchOptions) => Promise<Response>

export interface FetchOptions {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

const patienceMs = 10_000
/** Discovery documents, keys and tokens are a few KiB. */
const maxAnswerBytes = 512 * 1024
const noContent: readonly number[] = [101, 204, 205, 304]

/** `authorities`: PEM, trusted beside those of Node. */
export function openProviderFetch(authorities: readonly string[]): ProviderFetch {
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ...(authorities.length > 0 && { ca: [...getCACertificates("default"), ...authorities] }) })
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const sent = body === undefined || body === null ? undefined : body instanceof Uint8Array ? body : String(body)
      const patience = AbortSignal.timeout(patienceMs)
      const asked = request(url, { method, agent, signal: signal ? AbortSignal.any([signal, patience]) : patience, headers: { "user-agent": "congthu", ...headers, ...(sent !== undefined && { "content-length": Buffer.byteLength(sent) }) } })
      asked.once("error", reject)
      asked.once("response", (response) => {
        const chunks: Uint8Array[] = []
        let bytes = 0
        response.on("data", (chunk: Uint8Array) => {
          bytes += chunk.length
          if (bytes > maxAnswerBytes) response.destroy(new Error(`the identity provider sent more than ${maxAnswerBytes} bytes`))
          else chunks.push(chunk)
        })
        response.once("error", reject)
        response.once("end", () => {
          const status = response.statusCode ?? 500
          const named = Object.entries(response.headers).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]]))
          resolve(new Response(noContent.includes(status) ? null : Buffer.concat(chunks), { status, headers: named }))
        })
      })
      asked.end(sent)
    })
}
