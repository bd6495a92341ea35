import { createPostgresBackend, Queue } from "bullmq"
import { expect, test } from "vitest"
import { findDatabaseUrl } from "../../../src/store/sql/connect.ts"
import { loadConfig } from "../../../src/config/load.ts"
import { watchClients } from "../../../src/delivery/queue-clients.ts"
import { jobOptions, postgresConnection, queueNames } from "../../../src/delivery/queues.ts"
import { complaints, type ConsoleBrowser, looksRight, shot } from "../../support/console-browser.ts"

const backend: typeof createPostgresBackend = (...parts) => watchClients(createPostgresBackend(...parts))

/** A queue of the running system; BullMQ's types tell its engines apart. */
interface EngineQueue {
  add(name: string, data: unknown, options: typeof jobOptions): Promise<{ readonly id?: string | undefined }>
  getJobCounts(state: "failed"): Promise<Readonly<Record<string, number>>>
  getJob(id: string): Promise<{ readonly finishedOn?: number | undefined } | undefined>
  close(): Promise<void>
}
export type OpenQueue = (at: ConsoleBrowser) => EngineQueue

const onPostgres: OpenQueue = ({ system }) => {
  const loaded = loadConfig({ dataDir: system.dataDir, env: {} })
  const databaseUrl = loaded.ok ? findDatabaseUrl(loaded.value.config) : undefined
  return new Queue("deliver", { connection: postgresConnection(databaseUrl ?? "", 1) }, backend).on("error", () => undefined)
}

/** The board, as people see it, on whichever engine. */
export function failedJobCase(at: () => ConsoleBrowser, engine: "Redis" | "PostgreSQL", open: OpenQueue): void {
  test("a job that has failed is found on the board and run again, under the page's policy", async () => {
    const { url, database, signedIn } = at()
    const queue = open(at())
    // no number: the statement that takes it fails, as it would when the database is wrong
    const { id = "" } = await queue.add("deliver", { ids: ["không phải số"] }, jobOptions)
    await expect.poll(() => queue.getJobCounts("failed"), { timeout: 30_000 }).toEqual({ failed: 1 })
    const before = await queue.getJob(id)
    const context = await signedIn(0)
    const page = await context.newPage()
    const said = complaints(page)
    await page.goto(`${url}/console/queues`)
    expect(await page.textContent("dl.facts")).toContain(engine)
    await looksRight(page, `queues-${engine}-vi-desktop`)
    await page.click('a[href="/console/queues/board/"]')
    // all queues, each with what is in it
    for (const name of Object.values(queueNames)) await page.locator(`main a[href*="/queue/${name}"]`).first().waitFor()
    expect(await page.locator("main").innerText()).toMatch(/deliver\s[^]*1 job/i)
    await shot(page, `board-${engine}-desktop`)
    await page.goto(`${url}/console/queues/board/queue/deliver?status=failed`)
    await page.getByText("không phải số").first().waitFor()
    await shot(page, `board-failed-${engine}-desktop`)
    const answer = page.waitForResponse((response) => response.request().method() === "PUT")
    await page.getByRole("button", { name: "Retry all" }).click()
    await page.getByRole("button", { name: /confirm/i }).click()
    expect((await answer).status()).toBe(200)
    await expect.poll(async () => (await queue.getJob(id))?.finishedOn ?? 0, { timeout: 30_000 }).toBeGreaterThan(before?.finishedOn ?? 0)
    expect(await database.query({ text: "SELECT detail FROM audit WHERE kind = 'queue.boardUsed'" })).toEqual([{ detail: { action: "retriedAll", queue: "deliver", job: null } }])
    // a policy that forbids what it needs would be said here
    expect(said).toEqual([])
    await context.close()
    const phone = await signedIn(0, { language: "en", size: "phone" })
    const small = await phone.newPage()
    await small.goto(`${url}/console/queues`)
    await looksRight(small, `queues-${engine}-en-phone`)
    await small.goto(`${url}/console/queues/board/`)
    await small.getByText("deliver").first().waitFor()
    await shot(small, `board-${engine}-phone`)
    await phone.close()
    await queue.close()
  })
}

export function boardCases(at: () => ConsoleBrowser): void {
  failedJobCase(at, "PostgreSQL", onPostgres)

  test.each([{ language: "vi", size: "desktop" }, { language: "en", size: "phone" }] as const)("a webhook is made and shown, in $language on a $size", async (options) => {
    const { url, signedIn } = at()
    const context = await signedIn(0, options)
    const page = await context.newPage()
    const said = complaints(page)
    const name = `${options.language}-${options.size}`
    await page.goto(`${url}/console/webhooks/new`)
    await looksRight(page, `webhooks-new-${name}`)
    await page.fill("#description", "Phần mềm nhân sự")
    await page.fill("#url", "https://khong-co.he-thong.example/cong-thu")
    for (const type of ["person.left", "account.suspended", "policy.applied"]) await page.check(`input[value="${type}"]`)
    await page.click("main form:not(.language) button:not([type=button])")
    await page.waitForSelector("code.secret")
    await looksRight(page, `webhooks-secret-${name}`)
    await page.click('main p a[href^="/console/webhooks/"]')
    await page.locator("main form[action$='/ping'] button").click()
    await page.waitForSelector(".notice.done")
    await expect.poll(async () => { await page.reload(); return page.locator("td .bad").count() }, { timeout: 30_000 }).toBeGreaterThan(0)
    await looksRight(page, `webhook-${name}`)
    await page.goto(`${url}/console/webhooks`)
    await looksRight(page, `webhooks-${name}`)
    expect(said).toEqual([])
    await context.close()
  })
}
