/**
 * How an automated system sends a notification and follows it to its end; needs nothing but Node 24.
 *   CONGTHU_URL=https://mail.tinh.example CONGTHU_TOKEN=congthu_… node docs/notification-client.ts nguoi-nhan@tinh.example
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto"
import { setTimeout as wait } from "node:timers/promises"

const url = process.env["CONGTHU_URL"] ?? "https://localhost:8443"
const authorization = `Bearer ${process.env["CONGTHU_TOKEN"] ?? ""}`
const maxTries = 6

interface Accepted {
  readonly id: number
  readonly status: string
}

/** The key is made once for what is to be sent, and kept with it: however often the call is repeated, one notification is made. */
async function send(notification: object, idempotencyKey: string): Promise<Accepted> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${url}/api/v1/notifications`, {
      method: "POST", body: JSON.stringify(notification),
      headers: { authorization, "content-type": "application/json", "idempotency-key": idempotencyKey, "accept-language": "en" },
    }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
    if (!(response instanceof Error) && response.status === 202) return (await response.json()) as Accepted
    // 429 and 5xx, and no answer at all, are worth another try; anything else would be refused again
    const again = response instanceof Error || response.status === 429 || response.status >= 500
    if (!again || tries === maxTries) throw new Error(response instanceof Error ? response.message : await response.text())
    await wait(response instanceof Error ? 1_000 * 2 ** tries : 1_000 * Number(response.headers.get("retry-after") ?? 2 ** tries))
  }
}

/** Server-sent events: one for each change of a recipient's state, and `end` when nothing can change any more. */
async function follow({ status }: Accepted, told: (event: string, data: Readonly<Record<string, unknown>>) => void): Promise<void> {
  for (let last = "0"; ; ) {
    const response = await fetch(`${url}${status}/events`, { headers: { authorization, "last-event-id": last } })
    if (!response.ok || !response.body) throw new Error(await response.text())
    let text = ""
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const fields = new Map(text.slice(0, end).split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const))
        text = text.slice(end + 2)
        last = fields.get("id") ?? last
        const event = fields.get("event")
        if (event !== undefined) told(event, JSON.parse(fields.get("data") ?? "{}") as Readonly<Record<string, unknown>>)
        if (event === "end") return
      }
    }
  }
}

/** For the side that receives webhooks: the call is ours, unchanged, and not an old one played again. `body` as it came, before it is parsed. */
export function isFromCongThu(body: string, signature: string, secret: string): boolean {
  const [, seconds = "", mac = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? []
  const expected = createHmac("sha256", secret).update(`${seconds}.${body}`).digest()
  return mac !== "" && timingSafeEqual(Buffer.from(mac, "hex"), expected) && Math.abs(Date.now() / 1000 - Number(seconds)) < 300
}

if (import.meta.main) {
  const to = process.argv.slice(2)
  const accepted = await send(
    {
      to, template: "result-ready", priority: "urgent",
      data: { citizenName: "Nguyễn Thị Hoa", dossierNumber: "H30.15-261126-0012", procedure: "Cấp giấy phép xây dựng", office: "Trung tâm Phục vụ hành chính công", place: "Quầy số 4" },
    },
    randomUUID(),
  )
  process.stdout.write(`accepted as ${accepted.id}\n`)
  await follow(accepted, (event, data) => {
    if (event === "status") process.stdout.write(`${String(data["address"])}: ${String(data["state"])}\n`)
    else {
      const { delivered = 0, failed = 0 } = data["recipients"] as Record<string, number>
      process.stdout.write(`${String(data["state"])}: ${delivered} delivered, ${failed} failed\n`)
    }
  })
}
