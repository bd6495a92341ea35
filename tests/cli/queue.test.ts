import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { apiTokenHash } from "../../src/accounts/api-token.ts"
import { CommandError, type CommandContext } from "../../src/cli/context.ts"
import { listPauses, pauseDestination, resumeDestination } from "../../src/cli/pause-command.ts"
import { listDestinations, listQueue, showDelivery } from "../../src/cli/queue-list.ts"
import { addQueueCommands } from "../../src/cli/queue-commands.ts"
import { type SteerOptions, steerQueue } from "../../src/cli/queue-steer.ts"
import { addTokenCommands } from "../../src/cli/token-command.ts"
import { addTraceCommand, trace } from "../../src/cli/trace-command.ts"
import { loadConfig } from "../../src/config/load.ts"
import type { QueueAction } from "../../src/store/queue-action.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { type CommandResult, commandsHere, type CommandsOptions, runCongthu } from "../support/commands.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let dir: string
let context: CommandContext
beforeAll(async () => {
  store = await createTestStore()
  dir = await mkdtemp(join(tmpdir(), "congthu-queue-"))
  await mkdir(join(dir, "keys"))
  await writeFile(join(dir, "keys", "content.key"), `${Buffer.alloc(32, 7).toString("hex")}\n`, { mode: 0o600 })
  const loaded = loadConfig({ env: {}, dataDir: dir })
  if (!loaded.ok) throw new Error("no configuration")
  context = { config: loaded.value.config, database: store.database, databaseUrl: store.database.url }
  const id = await store.account("goc@tinh.example")
  await store.database.query({ text: "INSERT INTO alias (address, account_id) VALUES ('bi-danh@tinh.example', $1)" }, [id])
})
afterAll(async () => {
  await store.close()
  await rm(dir, { recursive: true })
})

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command in this process, and keeps what it says. */
async function run(work: () => Promise<number>): Promise<Said> {
  const text = { out: "", err: "" }
  const catching = (to: "out" | "err") => (chunk: string | Uint8Array): boolean => {
    text[to] += String(chunk)
    return true
  }
  const spies = [vi.spyOn(process.stdout, "write").mockImplementation(catching("out")), vi.spyOn(process.stderr, "write").mockImplementation(catching("err"))]
  try {
    return { code: await work(), ...text }
  } catch (error) {
    if (error instanceof CommandError) return { code: 1, out: text.out, err: error.message }
    throw error
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

let counter = 0
async function submit(...recipients: readonly string[]): Promise<readonly number[]> {
  const content = await store.prepare(`Message-ID: <lenh-${++counter}@tinh.example>\r\n\r\n${counter}\r\n`)
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  return unwrap(await store.acceptances.commit(acceptance({ content, accountIds: [], remote: recipients, directoryVersion: current?.version ?? 0, reversePath: "goc@tinh.example" }))).deliveryIds
}
const steer = (action: QueueAction, numbers: readonly string[], options: Partial<SteerOptions> = {}) => run(() => steerQueue(context, action, numbers, { limit: "1000", why: "thử", by: "QT1", ...options }))
const list = (options: Partial<Parameters<typeof listQueue>[1]> = {}) => run(() => listQueue(context, { limit: "100", ...options }))

describe("queue", () => {
  test("lists as a table and as JSON, page by page, and shows one", async () => {
    const ids = await submit("mot@bang.example", "hai@bang.example", "ba@bang.example")
    await store.deliveries.claimRemote([ids[0] ?? 0], 1_000)
    await store.deliveries.recordAttempt({ deliveryId: ids[0] ?? 0, startedAt: Date.now() - 30, endedAt: Date.now(), remoteMta: "mx.bang.example [192.0.2.1]", tls: "TLSv1.3 X", bounceClass: "greylisted", outcome: { kind: "deferred", status: "4.7.1", diagnostic: `451 \x1b[31m ${"dài ".repeat(100)}`, nextAttemptAt: Date.now() + 7_500_000 } })
    const table = await list({ destination: "bang.example", limit: "2" })
    const [head = "", first = "", second = ""] = table.out.split("\n")
    expect(head).toMatch(/^NUMBER +STATE +AGE +NEXT +TRIES +FROM +TO +CLASS +LAST WORDS$/)
    expect(first).toMatch(new RegExp(`^${ids[0]} +deferred +0s +2h +1 +goc@tinh\\.example +mot@bang\\.example +greylisted +4\\.7\\.1 451 \\[31m dài`))
    expect([...first].length).toBeLessThanOrEqual(160)
    expect(second).toContain("waiting")
    expect(table.err).toBe(`There may be more: --after ${ids[1]}\n`)
    const rest = await list({ destination: "bang.example", after: String(ids[1]), json: true })
    expect(rest.out.trim().split("\n").map((line) => (JSON.parse(line) as { recipient: string }).recipient)).toEqual(["ba@bang.example"])
    expect((await list({ class: "greylisted" })).out).toMatch(new RegExp(`^NUMBER.*\\n${ids[0]} [^\\n]*\\n$`))
    const shown = await run(() => showDelivery(context, String(ids[0]), {}))
    expect(shown.out).toMatch(/^delivery +\d+: deferred\nmessage +envelope \d+, <lenh-1@tinh\.example>/)
    expect(shown.out).toMatch(/\ntry 1 +\d{4}-.* deferred 4\.7\.1 \(greylisted\) by mx\.bang\.example \[192\.0\.2\.1\], TLSv1\.3 X, \d+ ms: 451 \[31m dài/)
    expect(await run(() => showDelivery(context, "999999999", {}))).toMatchObject({ code: 1, err: expect.stringContaining("there is no delivery 999999999") as unknown })
    expect((await run(() => listDestinations(context, {}))).out).toMatch(/^DESTINATION +WAIT .*\nbang\.example +3 +/)
  })

  test.each([[{ state: "lost" }, "is not one of: waiting"], [{ class: "rude" }, "is not one of: mailboxUnknown"], [{ destination: "a b" }, "is not a domain"], [{ olderThan: "soon" }, "is not a duration"], [{ limit: "0" }, "--limit is from 1"], [{ limit: "x" }, "--limit is from 1"], [{ account: "khong@tinh.example" }, "there is no account"]])("%j is refused clearly", async (options, message) => {
    expect(await list(options)).toMatchObject({ code: 1, err: expect.stringContaining(message) as unknown })
  })

  test("steers by number, and says what it could not do", async () => {
    const [id = 0] = await submit("mot@so.example")
    expect(await steer("hold", [String(id)])).toEqual({ code: 0, out: "", err: "1 held\n" })
    expect(await steer("retry", [String(id)])).toEqual({ code: 1, out: "", err: "1 are held: release them first\n" })
    expect(await steer("release", [String(id), "999999999"])).toEqual({ code: 3, out: "", err: "1 released; they go out within seconds\n1 are not known\n" })
    expect(await steer("hold", [])).toMatchObject({ code: 1, err: expect.stringContaining("name deliveries by their numbers") as unknown })
    expect(await steer("hold", [String(id)], { destination: "so.example" })).toMatchObject({ code: 1 })
    expect(await steer("hold", ["abc"])).toMatchObject({ code: 1, err: '"abc" is not the number of a delivery' })
  })

  test("steers all that a filter means only when it is told to, and no more than the limit", async () => {
    await submit(...Array.from({ length: 12 }, (_, n) => `so${n}@nhieu.example`))
    const all = { destination: "nhieu.example" }
    const plan = await steer("bounce", [], all)
    expect(plan).toMatchObject({ code: 2, err: "bounce: 12 of the 12 deliveries that this means.\nNothing was changed: --yes does it.\n" })
    expect(plan.out.trim().split("\n")).toHaveLength(11)
    expect(await steer("bounce", [], { ...all, dryRun: true, yes: true })).toMatchObject({ code: 0, err: expect.stringContaining("Dry run: nothing was changed.") as unknown })
    const some = await steer("bounce", [], { ...all, limit: "5", yes: true })
    expect([some.code, some.err.split("\n")[0], some.err.trim().split("\n").at(-1)]).toEqual([0, "bounce: 5 of the 12 deliveries that this means; --limit sets how many.", "5 bounced; their senders are told, with the reason"])
    expect((await steer("delete", [], { ...all, yes: true })).err).toContain("7 deleted; nobody is told\n")
    expect(await steer("delete", [], { ...all, yes: true })).toEqual({ code: 0, out: "", err: "No delivery is meant by that.\n" })
  })

  test("pauses and resumes a destination", async () => {
    expect((await run(() => pauseDestination(context, "Nghi.example", { why: "bảo trì", by: "QT1", for: "2h" }))).err).toMatch(/^Paused nghi\.example until \d{4}-/)
    expect((await run(() => listPauses(context, {}))).out).toMatch(/\n\d+ +domain +nghi\.example .* QT1 +bảo trì\n$/)
    expect(await run(() => resumeDestination(context, "nghi.example", {}))).toMatchObject({ code: 0, err: "Resumed nghi.example: 0 deliveries go on within seconds.\n" })
    expect(await run(() => resumeDestination(context, "nghi.example", {}))).toMatchObject({ code: 1, err: expect.stringContaining("is not paused") as unknown })
  })
})

describe("trace", () => {
  const asked = (what: string, json = false) => run(() => trace(context, what, { since: "1d", json }))

  test("tells one message by what is known of it, and lists those of an address or its alias", async () => {
    await submit("ai@vet.example")
    const messageId = `lenh-${counter}@tinh.example`
    const story = await asked(`<${messageId}>`)
    expect(story.out).toMatch(new RegExp(`^Message-ID <${messageId}>, envelope \\d+, .*\nSHA-256 +[0-9a-f]{64}\nconnected +from 127\\.0\\.0\\.1 as thu\\.ngoai\\.example, without TLS, session s1\n`))
    expect((await asked(messageId)).out).toBe(story.out)
    expect((await asked(/SHA-256 +(\w+)/.exec(story.out)?.[1] ?? "")).out).toBe(story.out)
    const [one] = JSON.parse((await asked(`<${messageId}>`, true)).out) as readonly { readonly sha256: string; readonly deliveries: readonly unknown[] }[]
    expect(one).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown, deliveries: [{ recipient: "ai@vet.example" }] })
    for (const what of ["bi-danh@tinh.example", "ai@vet.example"]) expect((await asked(what)).out).toMatch(new RegExp(`^ENVELOPE +ACCEPTED .*\n\\d+ .* goc@tinh\\.example +ai@vet\\.example +<${messageId}>`))
  })

  test("says when nothing is known", async () => {
    expect(await asked("khong-ai@xa.example")).toMatchObject({ code: 1, err: "no message from or to khong-ai@xa.example is known in that time" })
    expect(await asked("<khong@co>")).toMatchObject({ code: 1, err: "no message is known as <khong@co>" })
  })
})

describe("from the shell", () => {
  let options: CommandsOptions
  let congthu: (...args: readonly string[]) => Promise<CommandResult>
  beforeAll(() => {
    options = { databaseUrl: store.database.url, dataDir: dir }
    congthu = commandsHere([addQueueCommands, addTokenCommands, addTraceCommand], options)
  })

  test("a token is made, shown once, listed without its text, and revoked once", async () => {
    const made = await congthu("token", "create", "--name", "giám sát", "--scope", "queue:read", "trace:read")
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^congthu_[\w-]{43}\n$/) as unknown })
    const tokens = createApiTokenStore(store.database)
    const holder = await tokens.live(apiTokenHash(made.out.trim()))
    expect(holder).toMatchObject({ name: "giám sát", scopes: ["queue:read", "trace:read"] })
    const listed = await congthu("token", "list")
    expect(listed.out).toContain("queue:read trace:read")
    expect(listed.out).not.toContain(made.out.trim())
    expect((await congthu("token", "revoke", String(holder?.id))).code).toBe(0)
    expect(await tokens.live(apiTokenHash(made.out.trim()))).toBeUndefined()
    expect((await congthu("token", "revoke", String(holder?.id))).code).toBe(1)
  })

  test.each([[["queue", "hold", "1"]], [["queue", "pause", "xa.example"]], [["token", "create", "--name", "x"]], [["trace"]]])("%j lacks something", async (args) => {
    expect((await congthu(...args)).code).toBe(2)
  })

  test("a hold from the shell carries the reason", async () => {
    const [id = 0] = await submit("mot@vo.example")
    expect(await runCongthu(options, "queue", "hold", String(id), "--why", "chờ", "--by", "QT7")).toEqual({ code: 0, out: "", err: "1 held\n" })
    expect((await congthu("queue", "show", String(id))).out).toMatch(/\nheld +.* by QT7: chờ\n/)
  })
})
