import { setTimeout as pause } from "node:timers/promises"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { type ApiAnswer, askApi } from "../support/api-client.ts"
import { eventually, type FaultsWorld, inboxSources, startFaultsWorld } from "../support/faults-world.ts"
import { health, killNow, until } from "../support/running-system.ts"
import { type Random, seededRandom } from "./random.ts"

/**
 * Notifications to hundreds while roles are killed with SIGKILL at random instants: an automated system sends with a key, and again until it hears 202. At the end each recipient of what
 * was accepted has it exactly once, and its state says delivered.
 */
export interface NotificationCrashOptions {
  readonly kills: number
  readonly seed: number
}

export interface NotificationCrash {
  readonly problems: readonly string[]
  readonly notifications: number
  readonly recipients: number
  /** Answers that never came: sent again with the same key. */
  readonly repeats: number
  readonly kills: Readonly<Record<string, number>>
}

const people = 150
/** Mailboxes that are read over IMAP as well, besides what the store says of all. */
const readers = 6

export async function runNotificationCrash({ kills, seed }: NotificationCrashOptions): Promise<NotificationCrash> {
  const random = seededRandom(seed)
  const world = await startFaultsWorld({ accounts: people, env: { CONGTHU_NOTIFICATIONS_RECIPIENTS_PER_HOUR: "1000000", CONGTHU_NOTIFICATIONS_CALLS_PER_MINUTE: "100000", CONGTHU_API_REQUESTS_PER_MINUTE: "0" } })
  try {
    const client = await openClient(world)
    const killed: Record<string, number> = {}
    for (let n = 0; n < kills; n++) {
      const sending = client.send(n, random)
      // somewhere between the call and its last recipient
      await pause(random.below(400))
      const victim = killOne(world, random)
      killed[victim] = (killed[victim] ?? 0) + 1
      await sending
    }
    await client.send(kills, random)
    await until(async () => (await health(world.system.ports).catch(() => undefined))?.ok === true, 30_000)
    const problems = [...(await client.verify()), ...(await client.readBack(Array.from({ length: readers }, () => random.below(people))))]
    return { problems, notifications: client.accepted.size, recipients: [...client.accepted.values()].reduce((sum, { length }) => sum + length, 0), repeats: client.repeats(), kills: killed }
  } finally {
    await world.close()
  }
}

function killOne({ system }: FaultsWorld, random: Random): string {
  // the one that sends them is the one to look at
  const alive = [...system.processes()].filter(([name]) => name !== "postgres").flatMap((one) => (one[0] === "worker" ? [one, one, one] : [one]))
  if (alive.length === 0) return "nobody"
  const [name, pid] = random.pick(alive)
  killNow(pid)
  return name
}

async function openClient(world: FaultsWorld) {
  const { accounts, database, system } = world
  const token = newApiToken()
  const sender = { accountId: accounts[0]?.id ?? 0, principalId: "VC1" }
  await createApiTokenStore(database).add({ name: "một cửa", sha256: apiTokenHash(token), scopes: ["notifications:send"], createdBy: "QT1", expiresAt: null, sender })
  const ask = (method: string, path: string, question: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<ApiAnswer> => askApi(system.ports.https, method, path, { token, ...question })
  /** What the API is asked until it answers so: the role that serves it is killed, too. */
  const asked = async (wanted: number, ...question: Parameters<typeof ask>): Promise<ApiAnswer> => {
    let answer: ApiAnswer | undefined
    await until(async () => {
      answer = await ask(...question).catch(() => undefined)
      if (answer?.status !== wanted) repeats++
      if (answer && answer.status < 500 && answer.status !== wanted) throw new Error(`${question[1]}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer?.status === wanted
    }, 60_000)
    return answer as ApiAnswer
  }
  // the description of the API is read once, and must be while its role lives
  await ask("GET", "/notifications")
  let repeats = 0
  const accepted = new Map<number, readonly string[]>()
  const identities = new Map<number, string>()
  return {
    accepted,
    repeats: () => repeats,
    /** To all or most of them, one message for everybody or one for each. */
    async send(number: number, random: Random): Promise<void> {
      const to = accounts.filter(() => random.below(10) > 0).map(({ address }) => address)
      const each = random.below(2) === 0
      const body = each
        ? { to: to.map((address) => ({ address, data: { message: `Riêng cho ${address}` } })), template: "system-alert", data: { system: `va-cham-${number}`, level: "Thử", since: "2026-11-26T08:15:00+07:00" } }
        : { to, subject: `va-cham-${number}`, text: "Kính gửi quý cơ quan." }
      const { body: answer } = await asked(202, "POST", "/notifications", { body, headers: { "idempotency-key": `va-cham-${number}` } })
      accepted.set(Number(answer["id"]), to)
      identities.set(Number(answer["id"]), each ? `each ${String(answer["id"])}` : `all ${number}`)
    },
    async verify(): Promise<readonly string[]> {
      const problems: string[] = []
      const [{ count } = { count: 0 }] = await database.query<{ count: number }>({ text: "SELECT count(*) AS count FROM notification" })
      if (count !== accepted.size) problems.push(`${count} notifications for ${accepted.size} keys`)
      for (const [id, to] of accepted) {
        const settled = (answer: ApiAnswer): boolean => answer.body["state"] === "sent" && (answer.body["recipients"] as Record<string, number>)["accepted"] === 0
        await eventually(() => asked(200, "GET", `/notifications/${id}`), settled, 60_000)
        const { body } = await asked(200, "GET", `/notifications/${id}/recipients?limit=1000`)
        const states = new Map((body["recipients"] as readonly { readonly address: string; readonly state: string }[]).map(({ address, state }) => [address, state]))
        for (const address of to) if (states.get(address) !== "delivered") problems.push(`notification ${id} says of ${address}: ${states.get(address)}`)
        const rows = await database.query<{ address: string; times: number }>({
          text: "SELECT a.address, count(*) AS times FROM message m JOIN envelope e ON e.id = m.envelope_id JOIN mailbox b ON b.id = m.mailbox_id JOIN account a ON a.id = b.account_id JOIN notification n ON n.id = $1 WHERE e.content = n.content OR e.message_id LIKE 'notification.' || n.id || '.%' GROUP BY a.address",
        }, [id])
        const times = new Map(rows.map((row) => [row.address, row.times]))
        for (const address of new Set([...to, ...times.keys()])) if (times.get(address) !== (to.includes(address) ? 1 : undefined)) problems.push(`${address} has notification ${id} ${times.get(address) ?? 0} times`)
      }
      return problems
    },
    /** As its mail client would see it. */
    async readBack(which: readonly number[]): Promise<readonly string[]> {
      const problems: string[] = []
      for (const account of which.flatMap((index) => accounts[index] ?? [])) {
        const found = (await inboxSources(world.people, account)).map(identityOf).toSorted()
        const wanted = [...accepted].filter(([, to]) => to.includes(account.address)).map(([id]) => identities.get(id)).toSorted()
        if (JSON.stringify(found) !== JSON.stringify(wanted)) problems.push(`${account.address} reads ${found.join()}, was sent ${wanted.join()}`)
      }
      return problems
    },
  }
}

/** A message of one's own is numbered by its notification; one for all has the subject that it was given. */
function identityOf(source: string): string {
  const own = /^Message-ID: <notification\.(\d+)\.\d+@/im.exec(source)?.[1]
  return own === undefined ? `all ${/^Subject: va-cham-(\d+)\r?$/m.exec(source)?.[1]}` : `each ${own}`
}
