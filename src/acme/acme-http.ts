import { Agent, request } from "node:https"
import { getCACertificates } from "node:tls"

/** HTTPS as ACME needs it (RFC 8555 §6.1): one request, one answer, bounded in time and size, no redirects. Must not know: what is asked. */
export interface AcmeAnswer {
  readonly status: number
  header(name: string): string
  readonly body: string
}

export interface AcmeHttp {
  /** Rejects with an Error of one sentence when there is no answer. */
  send(request: { readonly method: "GET" | "HEAD" | "POST"; readonly url: string; readonly body?: string }): Promise<AcmeAnswer>
  close(): void
}

const patienceMs = 30_000
/** A chain of certificates is a few KiB. */
const maxAnswerBytes = 512 * 1024

/** `authorities`: PEM, trusted beside those of Node. `signal` breaks off whatever is under way. */
export function openAcmeHttp({ authorities, signal }: { readonly authorities: readonly string[]; readonly signal: AbortSignal }): AcmeHttp {
  const agent = new Agent({ keepAlive: true, maxSockets: 2, ...(authorities.length > 0 && { ca: [...getCACertificates("default"), ...authorities] }) })
  return {
    send: ({ method, url, body }) =>
      new Promise((resolve, reject) => {
        const host = new URL(url).host
        const fail = (why: string): void => reject(new Error(`${host} ${why}`))
        const abort = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
        const asked = request(url, { method, agent, signal: abort, headers: { "user-agent": "congthu", ...(body !== undefined && { "content-type": "application/jose+json", "content-length": Buffer.byteLength(body) }) } })
        asked.once("error", (error) => fail(abort.aborted ? "did not answer in time" : `cannot be reached (${error.message})`))
        asked.once("response", (response) => {
          const chunks: Uint8Array[] = []
          let bytes = 0
          response.on("data", (chunk: Uint8Array) => {
            bytes += chunk.length
            if (bytes <= maxAnswerBytes) chunks.push(chunk)
            else {
              fail(`sent more than ${maxAnswerBytes} bytes`)
              response.destroy()
            }
          })
          response.once("error", (error) => fail(`broke off (${error.message})`))
          response.once("end", () => resolve({ status: response.statusCode ?? 0, header: (name) => String(response.headers[name] ?? ""), body: Buffer.concat(chunks).toString("utf8") }))
        })
        asked.end(body)
      }),
    close: () => agent.destroy(),
  }
}
