import type { HeldReason } from "../../src/store/acceptance-store.ts"
import type { ConsoleWorld } from "./console-world.ts"
import { acceptance, prepareContent, unwrap } from "./store.ts"

/** Messages for the console's pages to show, accepted as intake accepts them. */
export interface ConsoleMessage {
  readonly to?: readonly string[]
  readonly remote?: readonly string[]
  readonly from?: string
  readonly subject?: string
  readonly body?: string
  readonly type?: string
  readonly held?: HeldReason
  /** Who submitted it. */
  readonly submittedBy?: string
}

let counter = 0

export async function acceptMessage(world: ConsoleWorld, { to = [], remote = [], from = "nguoigui@ngoai.example", subject = "Giấy mời", body = "Kính gửi", type = "text/plain; charset=utf-8", held, submittedBy }: ConsoleMessage) {
  const messageId = `thu-${++counter}@ngoai.example`
  const content = await prepareContent(world.contents, `Message-ID: <${messageId}>\r\nFrom: ${from}\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`)
  const [current] = await world.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const base = acceptance({ content, accountIds: to.map((address) => world.accountId(address)), remote, reversePath: from, directoryVersion: current?.version ?? 0 })
  const deliveries = base.deliveries.map((delivery, at) => ({ ...delivery, recipient: to[at] ?? delivery.recipient, originalRecipient: to[at] ?? delivery.originalRecipient }))
  const session = submittedBy === undefined ? base.session : { sessionId: "s2", clientAddress: "192.0.2.9", helo: "may", tls: "TLSv1.3", accountId: world.accountId(submittedBy), principalId: null }
  const accepted = unwrap(await world.acceptances.commit({ ...base, deliveries, session, ...(held && { held }) }))
  return { ...accepted, messageId }
}
