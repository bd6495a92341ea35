import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { createAllowedUrls } from "../../src/pki/revocation/allowed-url.ts"
import { createRevocationFetch } from "../../src/pki/revocation/http-fetch.ts"
import { createOwnStatuses, type OwnStatuses } from "../../src/pki/revocation/own-statuses.ts"
import { type OcspServer, startOcspServer } from "../support/ocsp-server.ts"
import { pemOf, tlsAuthority, tlsIdentity, type TlsIdentity } from "../support/tls-identity.ts"

const authority = tlsAuthority("Authority")
const minute = 60_000
let ocsp: OcspServer
let mail: TlsIdentity
let now = Date.now()
let said: string[]
beforeAll(async () => {
  ocsp = await startOcspServer(() => now)
  mail = tlsIdentity({ names: ["mail.example"], by: authority, chain: [authority], ocspUrl: ocsp.url })
})
afterAll(() => ocsp.close())
beforeEach(() => {
  now = Date.now()
  said = []
  Object.assign(ocsp, { issuer: authority, status: "good", lastsMs: 60 * minute, broken: false })
})

function statuses(allow: readonly string[] = [ocsp.url]): OwnStatuses {
  const clock = { now: () => now }
  const fetch = createRevocationFetch({ allowed: createAllowedUrls(allow), timeoutMs: 5_000, restMs: 0, clock })
  return createOwnStatuses({ fetch, clock, skewMs: 5 * minute, log: { unanswered: ({ reason }) => void said.push(reason) } })
}
const shown = (known: OwnStatuses): boolean => known.responseFor(mail.issued.certificate.fingerprint) !== undefined

test("asked once in half the life of a response; kept while the responder is away; not shown after its end", async () => {
  const known = statuses()
  const before = ocsp.questions()
  await known.renew([mail.cert])
  await known.renew([mail.cert])
  expect([shown(known), ocsp.questions() - before]).toEqual([true, 1])
  ocsp.broken = true
  now += 30 * minute
  for (let look = 0; look < 7; look++, now += minute) await known.renew([mail.cert])
  expect([shown(known), ocsp.questions() - before]).toEqual([true, 3])
  expect(said).toEqual([`${ocsp.url} answered with HTTP status 500`])
  now += 60 * minute
  expect(shown(known)).toBe(false)
  ocsp.broken = false
  await known.renew([mail.cert])
  expect(shown(known)).toBe(true)
})

test.each<[string, () => void, RegExp]>([
  ["revoked", () => (ocsp.status = { revokedAt: now - minute }), /^$/],
  ["unknown", () => (ocsp.status = "unknown"), /does not know the certificate$/],
  ["signed by another", () => (ocsp.issuer = tlsAuthority("Stranger")), /gives a response that is signed by somebody/],
  ["over already", () => (ocsp.lastsMs = -minute), /gives a response that is not for now$/],
])("a response that is %s is not shown", async (what, prepare, reason) => {
  prepare()
  const known = statuses()
  await known.renew([mail.cert])
  expect(shown(known)).toBe(false)
  expect(said.join()).toMatch(reason)
  expect(known.revoked).toEqual(what === "revoked" ? ["CN=mail.example,O=Test"] : [])
})

test("nobody is asked about a certificate that names no responder, comes without its issuer or with another, or where configuration forbids it", async () => {
  const before = ocsp.questions()
  const silent = tlsIdentity({ names: ["mail.example"], by: authority, chain: [authority] })
  await statuses().renew([silent.cert, pemOf(mail.issued), pemOf(mail.issued) + pemOf(tlsAuthority("Another"))])
  expect(said).toEqual([])
  await statuses([]).renew([mail.cert])
  expect(said).toEqual([`${ocsp.url} may not be asked (pki.revocation.allow)`])
  expect(ocsp.questions()).toBe(before)
})
