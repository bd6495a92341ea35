import { createPostgresBackend, Queue, Worker } from "bullmq"
import { afterAll, beforeAll, expect, test } from "vitest"
import { boardAction } from "../../../src/console/queue-board/board-actions.ts"
import { createBoardQueues } from "../../../src/delivery/board-queues.ts"
import { watchClients } from "../../../src/delivery/queue-clients.ts"
import { jobOptions, postgresConnection } from "../../../src/delivery/queues.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"
import { redisUnavailable, startRedisServer } from "../../support/redis-server.ts"

/** The board of the queues' engine behind the console's gate, on a real engine. */
const board = "/console/queues/board"
let world: ConsoleWorld
let cookies: Record<"province" | "auditor" | "unit", string>
let queue: ReturnType<typeof openQueue>
let failed: string

beforeAll(async () => {
  world = await openConsoleWorld()
  await world.administer("an@a.example", "province")
  const province = await world.signIn("an@a.example")
  await world.administer("binh@b.example", "unit", "B")
  cookies = { province, auditor: "", unit: await world.signIn("binh@b.example") }
  queue = openQueue()
  await queue.waitUntilReady()
  failed = await failJob()
})
afterAll(async () => {
  await queue.close()
  await world.close()
})

/** As a worker of ours has it: what a server says that goes away is nobody's error. */
const backend: typeof createPostgresBackend = (...parts) => watchClients(createPostgresBackend(...parts))
const openQueue = () => new Queue("deliver", { connection: postgresConnection(world.database.url, 2) }, backend).on("error", () => undefined)

/** A job that a worker takes and fails at, as a worker of ours would. */
async function failJob(): Promise<string> {
  const worker = new Worker("deliver", () => Promise.reject(new Error("mất kết nối <b>")), { connection: postgresConnection(world.database.url, 2) }, backend)
  const over = new Promise<void>((resolve) => worker.on("error", () => undefined).on("failed", () => resolve()))
  const job = await queue.add("deliver", { ids: [1] }, { ...jobOptions })
  await over
  await worker.close()
  return job.id ?? ""
}

const see = (path: string, cookie = cookies.province) => world.ask(`${board}${path}`, { cookie })
const put = (path: string, { cookie = cookies.province, headers = {}, method = "PUT" }: { readonly cookie?: string; readonly headers?: Readonly<Record<string, string | undefined>>; readonly method?: string } = {}) =>
  world.ask(`${board}${path}`, { cookie, method, headers: { "sec-fetch-site": "same-origin", origin: "https://{host}", ...headers } })
const used = async () => (await world.audit("queue.boardUsed")).map(({ detail, actor }) => ({ ...detail, by: (actor as { name: string }).name }))

test("its page has no script or style of its own, asks nothing of another site, and has a policy that allows no more than its scripts need", async () => {
  const page = await see("/")
  expect(page.status).toBe(200)
  expect(page.headers["content-security-policy"]).toBe("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'")
  expect(page.body).not.toMatch(/https?:\/\/|<style|style=|\son\w+=/)
  const [, script] = /src="(static\/js\/[\w.-]+)"/.exec(page.body) ?? []
  expect((await see(`/${script}`)).status).toBe(200)
  expect((await see("/static/../../../../package.json")).status).toBe(404)
})

test("what waits and what has failed, with the worker's words; run again with an entry in the audit before", async () => {
  const listed = await see("/api/queues?activeQueue=deliver&status=failed&page=1&jobsPerPage=10")
  expect(listed.body).toContain("mất kết nối")
  expect(JSON.parse(listed.body)).toMatchObject({ queues: expect.arrayContaining([expect.objectContaining({ name: "deliver", readOnlyMode: false, counts: expect.objectContaining({ failed: 1 }) as unknown })]) as unknown })
  expect((await put(`/api/queues/deliver/${failed}/retry`)).status).toBe(204)
  expect(await queue.getJobCounts("failed", "wait")).toMatchObject({ failed: 0, wait: 1 })
  expect(await used()).toEqual([{ action: "retried", queue: "deliver", job: failed, by: "an@a.example" }])
  expect((await put("/api/queues/deliver/pause")).status).toBeLessThan(300)
  expect(await queue.isPaused()).toBe(true)
  await put("/api/queues/deliver/resume")
  expect((await used()).slice(1)).toMatchObject([{ action: "paused", queue: "deliver" }, { action: "resumed", queue: "deliver" }])
})

test("another site's request changes nothing, nor does one without a session, or what the board may not do here", async () => {
  const before = await used()
  const path = "/api/queues/deliver/pause"
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://xau.example" }, { "sec-fetch-site": undefined, origin: undefined }]) expect((await put(path, { headers })).status).toBe(403)
  expect((await world.ask(`${board}${path}`, { method: "PUT", headers: { "sec-fetch-site": "same-origin" } })).status).toBe(401)
  expect((await world.ask(`${board}/api/queues`)).status).toBe(401)
  expect((await world.ask(`${board}/`)).headers.location).toContain("/console/sign-in")
  for (const [method, refused] of [["POST", "/api/queues/deliver/add"], ["PUT", "/api/queues/deliver/obliterate"], ["PUT", "/api/queues/deliver/empty"], ["PATCH", `/api/queues/deliver/${failed}/update-data`], ["PATCH", `/api/queues/deliver/${failed}/delay`], ["PUT", "/api/queues/deliver/concurrency"], ["DELETE", "/api/queues/deliver"]] as const) {
    expect([refused, (await put(refused, { method })).status]).toEqual([refused, 403])
  }
  expect([await queue.isPaused(), await used()]).toEqual([false, before])
})

test("an auditor looks on and changes nothing; who administers a unit, or nothing, does not come in", async () => {
  expect([(await see("/", cookies.unit)).status, (await see("/api/queues", cookies.unit)).status]).toEqual([403, 403])
  expect((await world.ask("/console/queues", { cookie: cookies.unit })).status).toBe(403)
  await world.database.query({ text: "UPDATE administrator SET ended_at = now() WHERE unit_code = 'B'" })
  await world.administer("binh@b.example", "auditor")
  const auditor = await world.signIn("binh@b.example")
  expect(JSON.parse((await see("/api/queues", auditor)).body)).toMatchObject({ queues: expect.arrayContaining([expect.objectContaining({ name: "deliver", readOnlyMode: true })]) as unknown })
  expect((await put("/api/queues/deliver/pause", { cookie: auditor })).status).toBe(403)
  expect(await queue.isPaused()).toBe(false)
})

test("the page before it says in Vietnamese what it is, and on which engine", async () => {
  const { body } = await world.ask("/console/queues", { cookie: cookies.province })
  expect(body).toMatch(/PostgreSQL[\s\S]*kết nối được/)
  expect(body).toContain(`href="${board}/"`)
})

test.skipIf(redisUnavailable() !== undefined)("a Redis that is away is said to be, and is reached when it is back", async () => {
  const redis = await startRedisServer()
  const queues = createBoardQueues({ kind: "redis", url: redis.url })
  expect((await queues.open()).ok).toBe(true)
  await redis.kill()
  expect(await queues.open()).toMatchObject({ ok: false, failure: expect.any(String) as unknown })
  await redis.start()
  await expect.poll(async () => (await queues.open()).ok, { timeout: 20_000 }).toBe(true)
  await queues.close()
  await redis.stop()
})

test("a PostgreSQL that is not there is said not to be", async () => {
  const nowhere = createBoardQueues({ kind: "postgres", url: "postgres://127.0.0.1:1/none" })
  expect(await nowhere.open()).toMatchObject({ ok: false })
  await nowhere.close()
})

test.each([
  ["PUT", "/api/queues/relay/12/retry", { action: "retried", queue: "relay", job: "12" }],
  ["PUT", "/api/queues/relay/retry/failed", { action: "retriedAll", queue: "relay", job: null }],
  ["PUT", "/api/queues/relay/clean/failed", { action: "removedAll", queue: "relay", job: null }],
  ["PUT", "/api/queues/relay/12/clean", { action: "removed", queue: "relay", job: "12" }],
  ["PUT", "/api/queues/resume", { action: "resumedAll", queue: null, job: null }],
  ["POST", "/api/queues/relay/12/retry", undefined],
  ["PUT", "/api/queues/relay/clean/active", undefined],
  ["PUT", "/api/queues/relay/rate-limit/release", undefined],
  ["PUT", "/api/queues/relay/job-schedulers/x/run", undefined],
  ["PUT", "/API/queues/pause", undefined],
  ["PUT", "/api/queues/pause/", undefined],
  ["PUT", "/api//queues/pause", undefined],
  ["PUT", "/api/queues/relay/%70ause", undefined],
])("%s %s", (method, path, action) => expect(boardAction(method, path)).toEqual(action))
