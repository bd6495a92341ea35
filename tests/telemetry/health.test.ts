import { expect, test } from "vitest"
import { createHealth } from "../../src/telemetry/health.ts"
import { createMetrics, exposition } from "../../src/telemetry/metrics.ts"
import { startTelemetryServer } from "../../src/telemetry/telemetry-server.ts"

const clock = { now: () => 1_000 }

test("a role is well when each of its parts is", async () => {
  const health = createHealth("smtp", clock)
  health.add("database", async () => "answers")
  expect(await health.report()).toEqual({ role: "smtp", ok: true, since: 1_000, checks: [{ name: "database", ok: true, detail: "answers" }] })
  health.add("queue", async () => {
    throw new Error("cannot be reached")
  })
  expect(await health.report()).toMatchObject({ ok: false, checks: [{ ok: true }, { name: "queue", ok: false, detail: "cannot be reached" }] })
})

test("figures of several processes are one page, told apart by role; one that cannot be read is left out", async () => {
  const [smtp, imap] = [createMetrics("smtp"), createMetrics("imap")]
  smtp.gauge("connections", "Open connections.", () => 3)
  imap.gauge("connections", "Open connections.", () => 4)
  imap.gauge("waiting", "Waiting.", () => {
    throw new Error("the store is away")
  })
  const text = await exposition([await smtp.snapshot(), await imap.snapshot()])
  expect(text).toContain('congthu_connections{role="smtp"} 3')
  expect(text).toContain('congthu_connections{role="imap"} 4')
  expect(text).not.toMatch(/^congthu_waiting/m)
})

test("health is 503 as soon as one role is not well, and when there is none", async () => {
  const health = createHealth("worker", clock)
  const server = await startTelemetryServer({ host: "127.0.0.1", port: 0, health: async () => [await health.report()], metrics: async () => [] })
  const status = async (path: string, method = "GET"): Promise<number> => (await fetch(`http://127.0.0.1:${server.port}${path}`, { method })).status
  expect(await status("/health")).toBe(200)
  health.add("database", () => Promise.reject(new Error("away")))
  expect(await status("/health")).toBe(503)
  expect(await status("/metrics")).toBe(200)
  expect(await status("/else")).toBe(404)
  expect(await status("/health", "POST")).toBe(405)
  await server.close()
})
