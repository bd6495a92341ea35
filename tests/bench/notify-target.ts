import { Agent, request } from "node:https"
import { setTimeout as wait } from "node:timers/promises"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import type { Database } from "../../src/store/sql/database.ts"

/** The API of the system under test with a token that sends, and as many mailboxes as one call may name. */
export interface NotifyTarget {
  readonly addresses: readonly string[]
  /** The status, and the body when it is JSON. */
  call(method: string, path: string, body?: string): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>
  close(): void
}

const mailboxes = 10_000
const connections = 32
const patienceMs = 30_000

export async function openNotifyTarget({ database, port }: { readonly database: Database; readonly port: number }): Promise<NotifyTarget> {
  const rows = await database.query<{ address: string }>({ text: addMailboxes }, [mailboxes])
  const addresses = rows.map(({ address }) => address)
  const [sender] = await database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = $1" }, [addresses[0]])
  const token = newApiToken()
  await createApiTokenStore(database).add({ name: "bench", sha256: apiTokenHash(token), scopes: ["notifications:send"], createdBy: "bench", expiresAt: null, sender: { accountId: sender?.id ?? 0, principalId: null } })
  const agent = new Agent({ keepAlive: true, maxSockets: connections, rejectUnauthorized: false })
  const call: NotifyTarget["call"] = (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }) }
      request({ host: "127.0.0.1", port, path: `/api/v1${path}`, method, agent, headers }, (response) => {
        let text = ""
        response.on("data", (chunk: Buffer) => (text += chunk.toString()))
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Readonly<Record<string, unknown>> }))
      }).on("error", reject).end(body)
    })
  // the roles hear of the new accounts at their next look
  for (let waited = 0; (await call("POST", "/notifications", JSON.stringify({ to: [addresses.at(-1)], subject: "bench", text: "bench" }))).status !== 202; waited += 200) {
    if (waited > patienceMs) throw new Error("the new mailboxes are not known")
    await wait(200)
  }
  return { addresses, call, close: () => agent.destroy() }
}

/** Accounts that nobody was ever given: machines'. */
const addMailboxes = `
  WITH a AS (
    INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT 'notify' || n || '@bench.example', 'organizational', 'Bench ' || n, 'BENCH', 1099511627776 FROM generate_series(1, $1::int) AS n
    ON CONFLICT DO NOTHING RETURNING id, address
  ), m AS (INSERT INTO mailbox (account_id, name) SELECT id, 'INBOX' FROM a), v AS (UPDATE directory_version SET version = version + 1)
  SELECT 'notify' || n || '@bench.example' AS address FROM generate_series(1, $1::int) AS n`
