import { hash, randomBytes } from "node:crypto"
import { pino } from "pino"
import { afterAll, beforeAll, expect, test } from "vitest"
import { configSchema } from "../../src/config/schema.ts"
import { checkTimestamp } from "../../src/pki/timestamp.ts"
import { openStamp, type StampParts } from "../../src/roles/stamp.ts"
import { createSmimeWorld, type SmimeWorld } from "../support/smime-world.ts"

let world: SmimeWorld
const lines: string[] = []
const ends: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  world = await createSmimeWorld()
})
afterAll(async () => {
  for (const end of ends) await end()
  await world.close()
})

const parts = (timestampUrl: string): StampParts => ({
  context: {
    config: configSchema.parse({ signing: { timestampUrl }, pki: { revocation: { allow: [world.server.origin] } } }), clock: world.clock, log: pino({ level: "error" }, { write: (line: string) => void lines.push(line) }),
  },
  onClose: (end) => void ends.push(end),
})

test("where no authority is named nobody is asked", () => {
  expect(openStamp(parts(""))).toBeUndefined()
  expect(ends).toEqual([])
})

test("each signature gets a stamp of its own; without one it goes as it is, and the log says so", async () => {
  const stamp = openStamp(parts(world.server.urls.tsa))
  for (const signature of [randomBytes(64), randomBytes(256)]) {
    const token = (await stamp?.(signature, "sha256")) ?? new Uint8Array(0)
    expect(await checkTimestamp({ token, signatureDigests: { sha256: hash("sha256", signature, "base64") }, now: world.clock.time })).toMatchObject({ ok: true, value: { time: world.clock.time } })
  }
  expect(lines).toEqual([])
  world.server.corrupt()
  expect(await stamp?.(randomBytes(64), "sha256")).toBeUndefined()
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ url: world.server.urls.tsa, reason: expect.stringContaining("sends no time stamp") as unknown, msg: "a signature has no time stamp" }])
})
