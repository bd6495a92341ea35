import { expect, test } from "vitest"
import { createHealth, HealthFault } from "../../src/telemetry/health.ts"
import { healthText, healthWords, said } from "../../src/telemetry/health-words.ts"
import { createMetrics, exposition } from "../../src/telemetry/metrics.ts"
import { startTelemetryServer } from "../../src/telemetry/telemetry-server.ts"

const clock = { now: () => 1_000 }

test("a role is well when each of its parts is", async () => {
  const health = createHealth("smtp", clock)
  health.add("database", async () => [said("databaseAnswers", { ms: 3 })])
  expect(await health.report()).toEqual({ role: "smtp", ok: true, since: 1_000, checks: [{ name: "database", ok: true, detail: "answers in 3 ms", said: [{ phrase: "databaseAnswers", values: { ms: 3 } }] }] })
  health.add("queue", async () => {
    throw new HealthFault(said("queueAway"))
  })
  expect(await health.report()).toMatchObject({ ok: false, checks: [{ ok: true }, { name: "queue", ok: false, detail: "cannot be reached; deliveries wait in the store" }] })
  health.add("policy", () => Promise.reject(new Error("disk full")))
  expect((await health.report()).checks[2]).toMatchObject({ ok: false, detail: "disk full", said: [{ phrase: "fault" }] })
})

test("what is said is had in both languages, its times as each writes them; of another version's words nothing is made up", () => {
  const all = [said("certificateEnds", { name: "a.example", date: 0 }), said("acmeFailed", { failures: 2, reason: "{date} $&", at: 0 })]
  expect(healthText(all, "en")).toBe("the certificate of a.example ends on 1970-01-01; 2 orders failed, the last because {date} $&; the next is tried at 1970-01-01T00:00:00.000Z")
  expect(healthText(all, "vi", { at: () => "07:00 01/01/1970", date: () => "01/01/1970" })).toBe("chứng thư của a.example hết hạn ngày 01/01/1970; xin chứng thư 2 lần không được, lần cuối vì {date} $&; thử lại lúc 07:00 01/01/1970")
  expect(healthText([{ phrase: "toString" as never, values: {} }], "vi")).toBeUndefined()

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

test("every phrase has the same values in both languages", () => {
  const values = (text: string): string => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).toSorted().join()
  expect(Object.entries(healthWords).filter(([, { vi, en }]) => values(vi) !== values(en))).toEqual([])
})
