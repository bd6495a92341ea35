import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createKeyRing, type KeyRingSetting } from "../../../src/pki/sign/key-ring.ts"
import { pem } from "../../../src/pki/write-certificate.ts"
import { openSigningWorld, run, type SigningWorld } from "./signing-world.ts"

let world: SigningWorld
beforeAll(async () => {
  world = await openSigningWorld()
  const { certificateDer, privateKey } = world.ca.issue({ subject: { commonName: "Một cửa" } })
  await world.file("password", "bi mat")
  const both = await world.file("both.pem", pem("CERTIFICATE", certificateDer) + privateKey.export({ type: "pkcs8", format: "pem" }).toString())
  await run("openssl", ["pkcs12", "-export", "-in", both, "-passout", `file:${world.dir}/password`, "-out", `${world.dir}/good.p12`])
})
afterAll(() => world.close())

const setting = (name: string, file: string, ...addresses: readonly string[]): KeyRingSetting => ({ name, pkcs12: { file: join(world.dir, file), passwordFile: join(world.dir, "password") }, pss: false, for: addresses })

test("each address has its key; the others have none", async () => {
  const ring = createKeyRing({ settings: [setting("mot-cua", "good.p12", "MotCua@sonv.tinh.example", "trakq@sonv.tinh.example")], clock: { now: () => 0 }, log: { error: () => undefined } })
  const first = await ring.for("motcua@SONV.tinh.example", "mot-cua")
  expect(first).toMatchObject({ ok: true, value: { key: { name: "mot-cua" }, pss: false } })
  const second = await ring.for("trakq@sonv.tinh.example", "mot-cua")
  expect(first?.ok && second?.ok && first.value.key === second.value.key).toBe(true)
  expect(await ring.for("khac@sonv.tinh.example", "mot-cua")).toBeUndefined()
  expect(await ring.for("motcua@sonv.tinh.example", "khac")).toBeUndefined()
  expect(await ring.problems()).toEqual([])
  await ring.close()
})

test("a key that cannot be opened is tried again after a while, and not before; it is logged each time", async () => {
  const clock = { time: 0, now: () => clock.time }
  const errors: object[] = []
  const ring = createKeyRing({ settings: [setting("moi", "later.p12", "moi@sonv.tinh.example")], clock, log: { error: (detail) => errors.push(detail) } })
  const asked = async (): Promise<boolean | undefined> => (await ring.for("moi@sonv.tinh.example", "moi"))?.ok
  expect(await Promise.all([asked(), asked()])).toEqual([false, false])
  expect(await ring.problems()).toHaveLength(1)
  await run("cp", [join(world.dir, "good.p12"), join(world.dir, "later.p12")])
  expect(await asked()).toBe(false)
  clock.time += 30_000
  expect(await Promise.all([asked(), asked()])).toEqual([true, true])
  expect(errors).toMatchObject([{ key: "moi" }])
  await ring.close()
})
