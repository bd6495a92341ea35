import { request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { z } from "zod"
import type { SpamFacts } from "../../policy/scan-facts.ts"
import type { ScannedMessage } from "./scan.ts"

/** Rspamd's HTTP protocol: the message is the body of `POST /checkv2`, the envelope is in headers, JSON comes back. */
export interface RspamdOptions {
  /** Such as `http://127.0.0.1:11333`. */
  readonly url: string
  /** For the whole of one scan. */
  readonly timeoutMs: number
}

const maxReplyBytes = 1024 * 1024
const maxRecipients = 100
const reply = z.object({ action: z.string().max(50), score: z.number(), is_skipped: z.boolean().optional() })

/** Rejects when Rspamd cannot be reached, does not answer in time, or not sensibly. */
export const createRspamd = ({ url, timeoutMs }: RspamdOptions) => async ({ content, session, reversePath, recipients, signedIn }: ScannedMessage): Promise<SpamFacts> => {
  const signal = AbortSignal.timeout(timeoutMs)
  const send = url.startsWith("https:") ? httpsRequest : httpRequest
  const request = send(new URL("/checkv2", url), {
    method: "POST", signal,
    headers: {
      "Content-Length": content.size, "Queue-Id": value(session.sessionId), IP: value(session.clientAddress), Helo: value(session.helo), From: value(reversePath),
      Rcpt: recipients.slice(0, maxRecipients).map(value),
      // what a colleague writes is not judged by the network it comes from
      ...(signedIn && { User: "signed-in" }),
    },
  })
  const answered = new Promise<string>((resolve, reject) => {
    request.once("error", reject)
    request.once("response", (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => {
        text += chunk
        if (text.length > maxReplyBytes) request.destroy(new Error("Rspamd's answer is too long"))
      })
      response.once("error", reject)
      response.once("end", () => (response.statusCode === 200 ? resolve(text) : reject(new Error(`Rspamd answered ${response.statusCode ?? "nothing"}`))))
    })
  })
  const [text] = await Promise.all([answered, pipeline(Readable.from(content.read(), { objectMode: false }), request)])
  const { action, score } = reply.parse(JSON.parse(text))
  return { action, score }
}

/** A header of HTTP holds no control characters, and ours no more than an address. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that would end the header
const value = (text: string): string => Buffer.from(text.replace(/[\x00-\x1f\x7f]/g, "").slice(0, 320), "utf8").toString("latin1")
