import { monitorEventLoopDelay } from "node:perf_hooks"
import { afterAll, beforeAll, expect, test } from "vitest"
import { newKeyPair } from "../../../src/pki/development-smime-ca.ts"
import { recheckCertificates } from "../../../src/pki/revocation/recheck.ts"
import type { RevocationChecker, RevocationConfig } from "../../../src/pki/revocation/revocation-checker.ts"
import type { RevocationStore } from "../../../src/pki/revocation/revocation-store.ts"
import { certificateOf, createStoredWorld, hours, signing, type SmimeWorld } from "../../support/smime-world.ts"

let world: SmimeWorld
let store: RevocationStore
let close: () => Promise<void>
beforeAll(async () => {
  ;({ world, store, close } = await createStoredWorld())
})
afterAll(() => close())

test("1,876 certificates are re-checked against the lists, and what has changed is named", async () => {
  const { publicKey } = newKeyPair("P-256")
  const issue = (notAfter?: number) =>
    certificateOf(world.ca.issueForKey(publicKey, { subject: { commonName: "Người ký" }, crlUrls: [world.server.urls.crl], ocspUrls: [world.server.urls.ocsp], ...(notAfter !== undefined && { notAfter }) }).certificateDer)
  const certificates = [...Array.from({ length: 1_866 }, () => issue()), ...Array.from({ length: 10 }, () => issue(world.clock.time - 1))]
  const revoked = certificates.slice(0, 50)
  const recheck = async (config: Partial<RevocationConfig> = {}) => {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const before = performance.now()
    let progress = 0
    const summary = await recheckCertificates({ certificates, paths: world.paths, purpose: signing, checker: world.checker(store, config), store, now: world.clock.time, onProgress: (checked) => (progress = checked) })
    delay.disable()
    console.log(`${summary.checked} certificates: ${(performance.now() - before).toFixed(0)} ms, longest turn ${(delay.max / 1e6).toFixed(1)} ms, 99% of turns below ${(delay.percentile(99) / 1e6).toFixed(1)} ms`)
    expect(progress).toBe(1_876)
    return summary
  }
  const first = await recheck()
  // the authority's own certificate is among those heard of for the first time
  expect({ ...first, changed: first.changed.length }).toEqual({ checked: 1_876, good: 1_866, revoked: 0, unknown: 0, withoutPath: 10, changed: 1_867 })
  expect(world.server.requests.toSorted()).toEqual(["/root.crl", "/signing.crl"])
  for (const { serialNumber } of revoked) world.server.revoke(serialNumber, "cessationOfOperation")
  world.clock.time += hours(1)
  const second = await recheck()
  expect(second).toMatchObject({ good: 1_816, revoked: 50, unknown: 0 })
  expect(second.changed.toSorted()).toEqual(revoked.map(({ fingerprint }) => fingerprint).toSorted())
  expect(await store.answers(revoked.map(({ fingerprint }) => fingerprint))).toHaveLength(50)
  // nobody waits long for who never answers
  for (const { fail, config } of [{ fail: world.server.goDown, config: {} }, { fail: world.server.hang, config: { timeout: 1_000 } }]) {
    fail()
    world.clock.time += hours(7)
    const before = world.server.requests.length
    expect(await recheck(config)).toMatchObject({ good: 0, revoked: 50, unknown: 1_816, changed: [] })
    // those under way when it was seen to be away, and none of the other thousands
    expect(world.server.requests.length - before).toBeLessThan(50)
  }
})

test("reading a certificate, finding its path and asking about it each have a turn on the event loop", async () => {
  const certificates = Array.from({ length: 40 }, () => world.holder())
  let turns = 0
  let over = false
  const turn = (): void => {
    turns++
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  // whatever answers, no promise that is already kept may tie the steps of two certificates together
  const checker: RevocationChecker = { ...world.checker(store), check: async () => ({ evidence: [], problems: [] }) }
  await recheckCertificates({ certificates, paths: world.paths, purpose: signing, checker, store, now: world.clock.time })
  over = true
  expect(turns).toBeGreaterThanOrEqual(2 * certificates.length)
})
