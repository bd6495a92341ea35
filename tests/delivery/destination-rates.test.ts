import { expect, test } from "vitest"
import { createDestinationRates, type DestinationRate, longestWaitMs } from "../../src/delivery/destination-rates.ts"
import { createProcessSendSlots } from "../../src/delivery/process-send-slots.ts"
import { takeTurn } from "../../src/delivery/take-turn.ts"

const world = (rates: readonly DestinationRate[], otherwise = 0) => {
  let now = 1_000_000
  const clock = { now: () => now }
  return { clock, rates: createDestinationRates({ rates, otherwise, slots: createProcessSendSlots(clock), clock, random: () => 0.5 }), forward: (ms: number) => (now += ms) }
}
const to = (...names: readonly string[]) => ({ key: names.slice(1).join(" "), names })

test.each([
  ["the recipient's domain", ["xa.example"], to("xa.example", "mx.nha-mang.example"), 6],
  ["one of its hosts", ["*.nha-mang.example"], to("xa.example", "mx1.khac.example", "mx2.nha-mang.example"), 6],
  ["the first entry that means it", ["mx.nha-mang.example"], to("hai.example", "mx.nha-mang.example"), 6],
  ["none: the rate of all others", ["khac.example"], to("xa.example", "mx.nha-mang.example"), 60],
])("a destination is meant by %s", async (_what, destinations, destination, perMinute) => {
  const { rates } = world([{ destinations, perMinute: 6 }, { destinations: ["hai.example"], perMinute: 1 }], 60)
  expect(await rates.take(destination)).toBeUndefined()
  expect(await rates.take(destination)).toMatchObject({ perMinute })
})

test("without a rate, and with a rate of 0, as many go as are there", async () => {
  const { rates } = world([{ destinations: ["tu-do.example"], perMinute: 0 }], 1)
  for (let n = 0; n < 100; n++) expect(await rates.take(to("tu-do.example", "mx.a.example"))).toBeUndefined()
  expect(await world([]).rates.take(to("a.example", "mx.b.example"))).toBeUndefined()
})

test("in no minute more than the rate, whoever asks when", async () => {
  const { rates, clock, forward } = world([], 30)
  const gone: number[] = []
  for (let n = 0; n < 3_000; n++) {
    if (!(await rates.take(to("a.example", "mx.a.example")))) gone.push(clock.now())
    forward((n * 7919) % 311)
  }
  expect(gone.length).toBeGreaterThan(100)
  for (const start of gone) expect(gone.filter((at) => at >= start && at < start + 60_000).length).toBeLessThanOrEqual(30)
})

test("those that wait are told times of their own, none of them far away", async () => {
  const { rates, clock } = world([], 6)
  const destination = to("a.example", "mx.a.example")
  await rates.take(destination)
  const waits: number[] = []
  for (let n = 0; n < 200; n++) waits.push(((await rates.take(destination))?.until ?? 0) - clock.now())
  expect(waits.slice(0, 5)).toEqual([10_000, 20_000, 30_000, 40_000, 50_000])
  expect(Math.max(...waits)).toBeLessThanOrEqual(longestWaitMs + 10_000)
})

test("whoever need not wait long waits for the moment, and gives up when told to", async () => {
  const real = { now: () => Date.now() }
  const rates = createDestinationRates({ rates: [], otherwise: 1_200, slots: createProcessSendSlots(real), clock: real, random: () => 0 })
  const never = new AbortController()
  const destination = to("a.example", "mx.a.example")
  const turns = await Promise.all([1, 2, 3].map(() => takeTurn(destination, { rates, clock: real }, never.signal)))
  expect(turns).toEqual([undefined, undefined, undefined])
  const slow = createDestinationRates({ rates: [], otherwise: 20, slots: createProcessSendSlots(real), clock: real, random: () => 0 })
  await takeTurn(destination, { rates: slow, clock: real }, never.signal)
  const waiting = takeTurn(destination, { rates: slow, clock: real }, never.signal)
  never.abort()
  expect(await waiting).toEqual({ kind: "stopped" })
})
