import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { afterReading, type DestinationState, freshDestination, maxLimit, mayEnter, type Reading, restJitter, restRule } from "../../src/delivery/destination-state.ts"
import { createDestinations, type Turn } from "../../src/delivery/destinations.ts"

const never = new AbortController().signal
/** Of the shipped schedule. */
const rule = restRule([5, 10, 30, 60, 120, 240].map((minutes) => minutes * 60_000))

describe("the state of a destination", () => {
  const readings = fc.array(fc.record({ reading: fc.constantFrom<Reading>("well", "throttled", "unreachable", "neutral"), waitMs: fc.nat(4_000_000), random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) }), { maxLength: 200 })

  test("its limit and its rest stay within bounds, whatever happens", () => {
    fc.assert(fc.property(readings, (steps) => {
      let state = freshDestination
      let now = 1_000_000
      for (const { reading, waitMs, random } of steps) {
        now += waitMs
        state = afterReading(state, reading, { rule, now, random })
        expect(state.limit).toBeGreaterThanOrEqual(1)
        expect(state.limit).toBeLessThanOrEqual(maxLimit)
        expect(state.restUntil - now).toBeLessThanOrEqual(rule.longestMs * (1 + restJitter))
      }
    }))
  })

  test("each failure after a rest makes the next rest longer, up to the longest", () => {
    let state = freshDestination
    let now = 0
    const rests: number[] = []
    for (let n = 0; n < 10; n++) {
      state = afterReading(state, "unreachable", { rule, now, random: 0 })
      rests.push(state.restUntil - now)
      now = state.restUntil
    }
    expect(rests).toEqual([30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800, 1_800].map((seconds) => seconds * 1_000))
  })

  test("nobody is left alone for longer than a delivery would wait by its schedule", () => {
    expect(rule).toEqual({ firstMs: 30_000, longestMs: 30 * 60_000 })
    expect(restRule([1_000, 2_000])).toEqual({ firstMs: 1_000, longestMs: 2_000 })
  })

  test("what fails together is one failure, and a straggler that went well does not end the rest", () => {
    const failed = [1, 2, 3].reduce((state: DestinationState, n) => afterReading(state, "throttled", { rule, now: n, random: 0 }), freshDestination)
    expect(failed).toMatchObject({ failures: 1, restUntil: 30_001 })
    expect(afterReading(failed, "well", { rule, now: 10, random: 0 })).toBe(failed)
  })

  test("one is sent ahead after a rest, and when it went well the others follow", () => {
    const failed = afterReading(freshDestination, "unreachable", { rule, now: 0, random: 0 })
    expect([mayEnter(failed, 0, 29_999), mayEnter(failed, 0, 30_000), mayEnter(failed, 1, 30_000)]).toEqual(["rest", "go", "wait"])
    const well = afterReading(failed, "well", { rule, now: 31_000, random: 0 })
    expect(well).toMatchObject({ failures: 0, restUntil: 0 })
    expect(mayEnter({ ...well, limit: 2 }, 1, 31_000)).toBe("go")
  })
})

describe("turns", () => {
  const world = (total = 100, slowMs = 60_000) => {
    const clock = { at: 0, now: () => clock.at }
    return { clock, destinations: createDestinations({ total, rule, clock, random: () => 0, slowMs }) }
  }
  const go = (turn: Turn): Extract<Turn, { readonly kind: "go" }> => {
    if (turn.kind !== "go") throw new Error(turn.kind)
    return turn
  }
  const isSettled = async (work: Promise<unknown>): Promise<boolean> => (await Promise.race([work.then(() => true), new Promise((turn) => setImmediate(() => turn(false)))])) === true

  test("begin with two at once and come to ten when all goes well", async () => {
    const { destinations } = world()
    const [first, second] = [go(await destinations.enter("mx.xa.example", never)), go(await destinations.enter("mx.xa.example", never))]
    const third = destinations.enter("mx.xa.example", never)
    expect(await isSettled(third)).toBe(false)
    for (const turn of [first, second]) turn.leave("well", "")
    go(await third).leave("well", "")
    let inside = 0
    let most = 0
    await Promise.all(Array.from({ length: 500 }, async () => {
      const turn = go(await destinations.enter("mx.xa.example", never))
      most = Math.max(most, ++inside)
      await new Promise((next) => setImmediate(next))
      inside--
      turn.leave("well", "")
    }))
    expect(most).toBe(10)
  })

  test("a destination that is away costs the others nothing, and tells those who wait", async () => {
    const { destinations, clock } = world()
    const [first, second] = [go(await destinations.enter("xa", never)), go(await destinations.enter("xa", never))]
    const third = destinations.enter("xa", never)
    expect(await isSettled(third)).toBe(false)
    go(await destinations.enter("gan", never)).leave("well", "")
    first.leave("unreachable", "connection refused")
    expect(await third).toEqual({ kind: "rest", until: 30_000, why: "connection refused" })
    second.leave("unreachable", "connection refused")
    expect(await destinations.enter("xa", never)).toMatchObject({ kind: "rest", until: 30_000 })
    clock.at = 30_000
    const ahead = go(await destinations.enter("xa", never))
    const behind = destinations.enter("xa", never)
    expect(await isSettled(behind)).toBe(false)
    ahead.leave("well", "")
    go(await behind).leave("well", "")
  })

  test("the total is shared by turns between the destinations", async () => {
    const { destinations } = world(1)
    const first = go(await destinations.enter("dong", never))
    const order: string[] = []
    const waiting = ["dong", "dong", "vang"].map(async (key) => {
      const turn = go(await destinations.enter(key, never))
      order.push(key)
      turn.leave("well", "")
    })
    first.leave("well", "")
    await Promise.all(waiting)
    expect(order).toEqual(["dong", "vang", "dong"])
  })

  test("who is stopped does not wait, and leaves no place behind", async () => {
    const { destinations } = world(1)
    const first = go(await destinations.enter("xa", never))
    const stop = new AbortController()
    const waiting = destinations.enter("xa", stop.signal)
    stop.abort()
    expect(await waiting).toEqual({ kind: "stopped" })
    first.leave("well", "")
    first.leave("well", "")
    go(await destinations.enter("xa", never))
    const next = destinations.enter("gan", never)
    expect(await isSettled(next)).toBe(false)
  })

  test("servers that take their time keep no place from the others, however many there are; the slowest ends for them", async () => {
    const { destinations } = world(2, 5)
    const slow: Extract<Turn, { readonly kind: "go" }>[] = []
    for (let n = 0; n < 22; n++) slow.push(go(await destinations.enter(`mx${n}.cham.example`, never)))
    go(await destinations.enter("nhanh", never)).leave("well", "")
    await expect.poll(() => slow.filter(({ signal }) => signal.aborted).length).toBe(2)
    expect(slow.slice(0, 2).every(({ signal }) => signal.aborted)).toBe(true)
    // whoever leaves late leaves no place twice
    for (const turn of slow) turn.leave("unreachable", "slow")
    const again = [go(await destinations.enter("mot", never)), go(await destinations.enter("hai", never))]
    expect(await isSettled(destinations.enter("ba", never))).toBe(false)
    for (const turn of again) turn.leave("well", "")
  })

  test("a slow server's own places stay taken, and whoever waits behind slow ones alone is sent home", async () => {
    const { destinations } = world(2, 5)
    const [first] = [go(await destinations.enter("cham", never)), go(await destinations.enter("cham", never))]
    expect(await destinations.enter("cham", never)).toEqual({ kind: "rest", until: 30_000, why: "its server takes its time with what it was sent" })
    go(await destinations.enter("khac", never)).leave("well", "")
    expect(await destinations.enter("cham", never)).toMatchObject({ kind: "rest" })
    first.leave("well", "")
    go(await destinations.enter("cham", never)).leave("well", "")
  })
})
