/**
 * A system that Công Thư tells of events: checks that a call is genuine, passes over what it has heard already, and answers before it does anything long.
 * Behind a proxy that speaks TLS, with the secret that was shown once: CONGTHU_WEBHOOK_SECRET=whsec_… node webhook-receiver.ts
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage } from "node:http"

/** As it was sent, octet by octet: not what a JSON library made of it. While a secret is replaced there are two signatures; one that fits is enough. */
export function isFromCongThu(body: string, signature: string, secret: string): boolean {
  const [, seconds = "", signatures = ""] = /^t=(\d{1,12})((?:,v1=[0-9a-f]{64})+)$/.exec(signature) ?? []
  if (seconds === "" || Math.abs(Date.now() / 1000 - Number(seconds)) > 300) return false
  const expected = createHmac("sha256", secret).update(`${seconds}.${body}`).digest()
  return signatures.split(",v1=").slice(1).some((one) => timingSafeEqual(Buffer.from(one, "hex"), expected))
}

export interface CongThuEvent {
  /** The same at each repeat. */
  readonly event: number
  readonly type: string
  readonly at: string
  readonly webhook: number
  readonly data: Readonly<Record<string, unknown>>
}

/** In a real system: a unique column of the table that the work is written to, in the same transaction. */
const heard = new Set<number>()

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString("utf8")
}

if (import.meta.main) {
  const secret = process.env["CONGTHU_WEBHOOK_SECRET"] ?? ""
  createServer(async (request, response) => {
    const body = await bodyOf(request)
    if (!isFromCongThu(body, String(request.headers["congthu-signature"]), secret)) return response.writeHead(401).end()
    const event = JSON.parse(body) as CongThuEvent
    if (!heard.has(event.event)) {
      heard.add(event.event)
      console.log(event.at, event.type, event.data)
    }
    // anything but 2xx is tried again
    return response.writeHead(204).end()
  }).listen(8080)
}
