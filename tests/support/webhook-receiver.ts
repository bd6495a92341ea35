import { once } from "node:events"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { testTls } from "./test-tls.ts"

/** A system's own HTTPS server that webhooks call. */
export interface WebhookReceiver {
  readonly url: string
  readonly ca: string
  readonly calls: ReceivedCall[]
  /** HTTP statuses of the next answers; 200 when empty. */
  readonly answers: number[]
  close(): void
}

export interface ReceivedCall {
  readonly path: string
  readonly status: number
  readonly text: string
  readonly signature: string
  readonly body: { readonly event: number; readonly type: string; readonly webhook: number; readonly at: string; readonly data: Readonly<Record<string, unknown>> }
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const { ca, cert, key } = await testTls("localhost")
  const calls: ReceivedCall[] = []
  const answers: number[] = []
  const server = createServer({ cert, key }, (request, response) => {
    let text = ""
    request.on("data", (chunk: Buffer) => (text += chunk.toString()))
    request.on("end", () => {
      const status = answers.shift() ?? 200
      calls.push({ path: request.url ?? "", status, text, signature: String(request.headers["congthu-signature"]), body: JSON.parse(text) as ReceivedCall["body"] })
      response.writeHead(status).end()
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/`, ca, calls, answers,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
