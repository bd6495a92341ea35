import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { ProofVisit } from "../../../src/accounts/factors/codes.ts"
import type { Passkeys } from "../../../src/accounts/factors/passkeys.ts"
import { consoleOrigin, type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"
import { type Forged, presentOnly, type SoftAuthenticator, softAuthenticator } from "../../support/soft-authenticator.ts"

let world: ConsoleWorld
let passkeys: Passkeys
let an: ProofVisit
let binh: ProofVisit
let device: SoftAuthenticator
beforeAll(async () => {
  world = await openConsoleWorld()
  passkeys = world.factors.passkeys
  const visit = (address: string, principalId: string, sessionId: number): ProofVisit => ({ owner: { accountId: world.accountId(address), principalId }, address, sessionId, clientAddress: "192.0.2.1", alone: false })
  an = visit("an@a.example", "P1", 1)
  binh = visit("binh@b.example", "P2", 2)
})
afterAll(() => world.close())

async function newDevice(visit: ProofVisit): Promise<SoftAuthenticator> {
  const options = await passkeys.registrationOptions(visit, "An")
  const made = softAuthenticator(consoleOrigin, options.user.id)
  expect(await passkeys.register(visit, { answer: made.register(options), name: "Khóa" })).toEqual({ ok: true, value: undefined })
  return made
}

beforeEach(async () => {
  await world.database.query({ text: "DELETE FROM second_factor" })
  device = await newDevice(an)
})

const options = async (visit: ProofVisit) => {
  const found = await passkeys.proofOptions(visit)
  if (!found) throw new Error("no passkey")
  return found
}

const forgeries: readonly (readonly [name: string, forged: Forged])[] = [
  ["another site's", { origin: "https://evil.example" }],
  ["a part of ours that is none", { origin: "https://x.console.example" }],
  ["another port's", { origin: "https://console.example:8443" }],
  ["one without TLS", { origin: "http://console.example" }],
  ["one for another name", { domain: "evil.example" }],
  ["one with a challenge that nobody made", { challenge: Buffer.alloc(56).toString("base64url") }],
  ["one of another kind", { type: "payment.get" }],
  ["one that nobody touched", { flags: 0x04 }],
  ["another key's", { strange: true }],
]

describe("an answer is refused", () => {
  test.each(forgeries)("as a second step: %s", async (_name, forged) => {
    expect((await passkeys.prove(an, device.answer(await options(an), forged))).ok).toBe(false)
    expect((await passkeys.prove(an, device.answer(await options(an)))).ok).toBe(true)
  })

  test.each<readonly [string, Forged]>([...forgeries, ["one whose user was not verified", { flags: presentOnly }], ["one that names somebody else", { userHandle: Buffer.alloc(32).toString("base64url") }], ["one that names nobody", { userHandle: "" }]])("in the place of a password: %s", async (_name, forged) => {
    expect((await passkeys.signIn(device.answer(await passkeys.signInOptions(), forged), "192.0.2.1")).ok).toBe(false)
    expect(await passkeys.signIn(device.answer(await passkeys.signInOptions()), "192.0.2.1")).toEqual({ ok: true, value: an.owner })
  })

  test.each(forgeries.filter(([, { strange }]) => strange === undefined))("at its registration: %s", async (_name, forged) => {
    const asked = await passkeys.registrationOptions(an, "An")
    expect((await passkeys.register(an, { answer: softAuthenticator(consoleOrigin, asked.user.id).register(asked, forged), name: "Khóa" })).ok).toBe(false)
  })

  test("the second time", async () => {
    const answer = device.answer(await options(an))
    expect((await Promise.all([passkeys.prove(an, answer), passkeys.prove(an, answer)])).map(({ ok }) => ok).toSorted()).toEqual([false, true])
    expect((await passkeys.prove(an, answer)).ok).toBe(false)
  })

  test("after a quarter of an hour", async () => {
    const asked = await options(an)
    world.clock.ms += 15 * 60_000
    expect((await passkeys.prove(an, device.answer(asked))).ok).toBe(false)
    world.clock.ms = Date.now()
  })

  test("when it was asked for something else: in another session, of somebody else, to sign in, beside a password", async () => {
    const [here, signIn] = [await options(an), await passkeys.signInOptions()]
    await newDevice(binh)
    for (const [visit, asked] of [[{ ...an, sessionId: 9 }, here], [binh, here], [an, await options(binh)], [an, signIn], [{ ...an, alone: true }, here]] as const) {
      expect((await passkeys.prove(visit, device.answer(asked))).ok).toBe(false)
    }
    expect((await passkeys.signIn(device.answer(here), "192.0.2.1")).ok).toBe(false)
  })

  test("when the count has not gone on; a count that stays 0 is none", async () => {
    expect((await passkeys.prove(an, device.answer(await options(an), { count: 50 }))).ok).toBe(true)
    for (const count of [50, 49, 0]) expect((await passkeys.prove(an, device.answer(await options(an), { count }))).ok).toBe(false)
    expect((await passkeys.prove(an, device.answer(await options(an), { count: 51 }))).ok).toBe(true)
    await world.database.query({ text: "UPDATE second_factor SET sign_count = 0" })
    for (let times = 0; times < 2; times++) expect((await passkeys.prove(an, device.answer(await options(an), { count: 0 }))).ok).toBe(true)
    const failures = await world.audit("signIn.failed")
    expect(failures.map(({ detail }) => detail["reasons"])).toContainEqual(expect.objectContaining({ passkeyCopied: 3 }))
  })

  test("when its key was removed", async () => {
    const asked = await options(an)
    const [factor] = (await world.factors.store.list(an.owner)).factors
    expect(await world.factors.store.remove(binh.owner, factor?.id ?? 0, { needed: false })).toBe("none")
    expect(await world.factors.store.remove(an.owner, factor?.id ?? 0, { needed: false })).toBe("removed")
    expect((await passkeys.prove(an, device.answer(asked))).ok).toBe(false)
    expect(await passkeys.proofOptions(an)).toBeUndefined()
  })
})

test("beside a password a touch is enough; alone, the device must have verified who holds it", async () => {
  expect((await passkeys.prove(an, device.answer(await options(an), { flags: presentOnly }))).ok).toBe(true)
  const alone = { ...an, alone: true }
  expect((await passkeys.prove(alone, device.answer(await options(alone), { flags: presentOnly }))).ok).toBe(false)
  expect((await passkeys.prove(alone, device.answer(await options(alone)))).ok).toBe(true)
})

test("a key is registered once, and what authenticators know of a person says nothing about him", async () => {
  const asked = await passkeys.registrationOptions(binh, "Bình")
  const again = await passkeys.register(binh, { answer: device.register(asked), name: "Khóa" })
  expect(again).toMatchObject({ ok: false, failure: { kind: "alreadyExists" } })
  expect(Buffer.from(asked.user.id, "base64url")).toHaveLength(32)
  expect((await passkeys.registrationOptions(binh, "Bình")).user.id).toBe(asked.user.id)
  expect((await passkeys.registrationOptions(an, "An")).user.id).not.toBe(asked.user.id)
})
