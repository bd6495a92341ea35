import { type BenchCase, type Figure, milliseconds } from "../bench-case.ts"
import { type ConsoleClient, openConsole } from "../console-client.ts"
import { type AskedPage, askedPages, findIds } from "../console-pages.ts"
import { bulkJobDone, heavyWork } from "../console-work.ts"
import type { Meter } from "../meter.ts"
import type { Login, LongTurn, Province } from "../province.ts"
import { fillProvince, messagesOfMonth } from "../province-traffic.ts"
import { Samples } from "../samples.ts"
import type { Target } from "../target.ts"

/** Every page of the console, as an administrator of the province, one of a unit and somebody without a role see it. */
const times = 100
const wantedMs = 100
const unit = "SNV"

interface Measured {
  readonly name: string
  readonly who: string
  readonly status: number
  readonly bytes: number
  /** CPU of the web role and of PostgreSQL for each request, ms: what the page would take on a machine with nothing else to do. */
  readonly cpuMs: number
  readonly p50: number
  readonly p95: number
  /** The longest turn of the web role's event loop, ms of CPU; 0: none of 5 ms. */
  readonly turnMs: number
}

export const pages: BenchCase = {
  name: "pages", title: `Every page of the console ${times} times over HTTPS, the full seed, ${messagesOfMonth} messages of a month`, engine: "province", runs: 1, limitMs: 1_200_000,
  async run(target, meter) {
    const { province } = target
    if (!province) throw new Error("it has no province whose console we could open")
    await fillProvince(target, province)
    const all: Measured[] = []
    const open = (login: Login): Promise<ConsoleClient> => openConsole({ host: target.host, port: province.httpsPort }, login)
    const first = await open(province.province)
    const made = await heavyWork(first, province)
    const asked = askedPages({ ...(await findIds(province.database, { unit, holder: province.holder.address })), ...made })
    first.close()
    for (const [who, login] of [["province", province.province], ["unit", province.unit], ["holder", province.holder]] as const) {
      const client = await open(login)
      const measured = await everyPage(target, province, { meter, client, who, asked })
      client.close()
      all.push(...measured)
    }
    const last = await open(province.province)
    await bulkJobDone(last, province, made.bulkJob)
    last.close()
    print(all)
    const unseen = asked.filter(({ name }) => all.every((one) => one.name !== name))
    if (unseen.length > 0) process.stdout.write(`shown to none of the three, or nothing there to show: ${unseen.map(({ name }) => name).join(" ")}\n`)
    return summary(all)
  },
}

async function everyPage(target: Target, { longTurns }: Province, { meter, client, who, asked }: { readonly meter: Meter; readonly client: ConsoleClient; readonly who: string; readonly asked: readonly AskedPage[] }): Promise<readonly Measured[]> {
  const measured: Measured[] = []
  const ms = await meter.during(asked.length * times, async () => {
    for (const { name, path } of asked) {
      const { status, body } = await client.get(path)
      if (status >= 500) throw new Error(`${path}: ${status}`)
      // who may not see it is not measured in saying so
      if (status !== 200 && status !== 422) continue
      await longTurns()
      const took = new Samples()
      const before = cpuOf(target)
      for (let time = 0; time < times; time++) took.add((await client.get(path)).ms)
      measured.push({ name, who, status, bytes: Buffer.byteLength(body), cpuMs: ((cpuOf(target) - before) * 1000) / times, p50: took.p50, p95: took.quantile(0.95), turnMs: longest(await longTurns()) })
    }
  })
  process.stdout.write(`as ${who}: ${measured.length} pages in ${(ms / 1000).toFixed(0)} s, others used ${Math.max(0, meter.usage.noiseCores ?? 0).toFixed(2)} cores\n`)
  return measured
}

const print = (all: readonly Measured[]): void => {
  process.stdout.write("   p50 ms   p95 ms   CPU ms  turn ms      KB  as        page\n")
  for (const { name, who, bytes, cpuMs, p50, p95, turnMs } of all.toSorted((a, b) => b.p95 - a.p95))
    process.stdout.write(`${p50.toFixed(1).padStart(9)}${p95.toFixed(1).padStart(9)}${cpuMs.toFixed(1).padStart(9)}${turnMs.toFixed(1).padStart(9)}${(bytes / 1024).toFixed(0).padStart(8)}  ${who.padEnd(10)}${name}\n`)
}

const cpuOf = (target: Target): number => ["web", "postgres"].reduce((sum, role) => sum + (target.cpuSeconds().get(role) ?? 0), 0)
const longest = (turns: readonly LongTurn[]): number => Math.max(0, ...turns.filter(({ role }) => role === "web").map(({ cpuMs }) => cpuMs))

function summary(all: readonly Measured[]): readonly Figure[] {
  const slowest = Math.max(...all.map(({ p95 }) => p95))
  const over = all.filter(({ p95 }) => p95 > wantedMs).length
  return [{ name: "pages", value: all.length, unit: "", better: "more" }, { name: `p95 above ${wantedMs} ms`, value: over, unit: "", better: "less" }, milliseconds("slowest p95", slowest), milliseconds("most CPU", Math.max(...all.map(({ cpuMs }) => cpuMs))), milliseconds("longest turn", Math.max(...all.map(({ turnMs }) => turnMs)))]
}
