import { setTimeout as wait } from "node:timers/promises"
import { bulkSheet } from "./bulk-sheet.ts"
import type { ConsoleClient, ConsolePage } from "./console-client.ts"
import type { Ids } from "./console-pages.ts"
import type { Province } from "./province.ts"

/**
 * What the console does that takes longer than a page: done once, and the longest turn of each role's event loop printed. It leaves what there would be no page of
 * otherwise: a bulk job, a replay, a verification of the audit's chain. All is over when this resolves.
 */
export async function heavyWork(client: ConsoleClient, { longTurns }: Pick<Province, "longTurns">): Promise<Pick<Ids, "bulkJob" | "replay" | "chainRun">> {
  const measured = turnsDuring(longTurns)
  const upload = (rows: number): Promise<string> => measured(`a bulk file of ${rows} rows planned`, async () => idOf(await client.post("/console/directory/bulk", {}, { field: "file", name: "cap-phat.csv", bytes: bulkSheet(rows) })))
  // the first of all compiles what it runs
  await upload(1)
  await upload(20_000)
  const bulkJob = await upload(3_000)
  const replay = await measured("a policy tried on 30 days", async () => {
    const yaml = unescaped(/<textarea[^>]*name="yaml"[^>]*>([^]*?)<\/textarea>/.exec((await client.get("/console/policies/edit")).body)?.[1] ?? "")
    const id = idOf(await client.post("/console/policies/replay", { yaml, days: "30" }))
    await over(client, `/console/policies/replay/${id}/state`)
    return id
  })
  const chainRun = await measured("the audit's chain verified", async () => {
    const id = idOf(await client.post("/console/audit/chain/verify", {}))
    await over(client, `/console/audit/chain/${id}/state`)
    return id
  })
  await measured("the audit exported", async () => void (await client.get("/console/audit/export?as=csv")))
  return { bulkJob, replay, chainRun }
}

/** The planned job, worked off: who measures more afterwards has twice the people. */
export const bulkJobDone = (client: ConsoleClient, { longTurns }: Pick<Province, "longTurns">, job: string): Promise<void> =>
  turnsDuring(longTurns)("those 3,000 rows done", async () => {
    idOf(await client.post(`/console/directory/bulk/${job}/confirm`, {}))
    while (!(await client.get(`/console/directory/bulk/${job}`)).body.includes(`/console/directory/bulk/${job}/result`)) await wait(500)
  })

const turnsDuring = (longTurns: Province["longTurns"]) => async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  await longTurns()
  const value = await work()
  const longest = new Map<string, number>()
  for (const { role, cpuMs } of await longTurns()) longest.set(role, Math.max(cpuMs, longest.get(role) ?? 0))
  process.stdout.write(`${name}: longest turn ${[...longest].map(([role, cpuMs]) => `${role} ${cpuMs.toFixed(1)} ms`).join(", ") || "below 5 ms in each role"}\n`)
  return value
}

function idOf({ status, location, body }: ConsolePage): string {
  const id = location.split("/").at(-1) ?? ""
  if (status !== 303 || id === "") throw new Error(`${status} ${location}: ${body.slice(0, 300)}`)
  return id
}

/** What is under way renews itself. */
async function over(client: ConsoleClient, state: string): Promise<void> {
  while ((await client.get(state)).body.includes("every 1s")) await wait(200)
}

const unescaped = (text: string): string => text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => ({ lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" })[name] ?? "")
