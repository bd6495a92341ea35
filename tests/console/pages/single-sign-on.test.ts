import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { AdministratorRole } from "../../../src/accounts/administrator.ts"
import type { ClaimRule } from "../../../src/accounts/account-to-open.ts"
import { createIdentityProvider } from "../../../src/console/single-sign-on/identity-provider.ts"
import { openProviderFetch } from "../../../src/console/single-sign-on/provider-fetch.ts"
import { createAdministratorStore } from "../../../src/store/sql/administrators.ts"
import { type ConsoleAnswer, consoleOrigin, type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"
import { startIdentityProvider, type TestIdentityProvider, vouchedContext } from "../../support/identity-provider.ts"

interface Shape {
  readonly acr?: readonly string[]
  readonly rule?: ClaimRule
  readonly roles?: readonly (AdministratorRole | "holder")[]
  readonly claimsInIdToken?: boolean
  readonly demanded?: boolean
  /** Whether the province knows the authority of the provider's certificate. */
  readonly trusted?: boolean
}

const an = { sub: "1", email: "an@a.example", email_verified: true, name: "An", staff_id: "P1" }

async function open({ acr = [], rule = { claim: "email", match: "address" }, roles = ["province", "unit", "auditor", "operator", "holder"], claimsInIdToken = true, demanded = false, trusted = true }: Shape) {
  const idp = await startIdentityProvider({ origin: consoleOrigin, claimsInIdToken })
  const world = await openConsoleWorld({
    needsSecondFactor: (grants) => demanded && grants.length > 0,
    openSingleSignOn: ({ sealer, signIns, clock, database }) => ({
      provider: createIdentityProvider({
        issuer: idp.issuer, name: "Định danh tỉnh", clientId: idp.clientId, clientSecret: idp.clientSecret, scopes: [], claim: rule.claim, acr, origin: consoleOrigin, sealer, clock,
        ask: openProviderFetch(trusted ? [idp.ca] : []), onTrouble: () => undefined,
      }),
      origin: consoleOrigin, rule, roles, sealer, signIns,
      rolesOf: async ({ principalId }) => (await createAdministratorStore(database).list()).filter((grant) => grant.principalId === principalId).map(({ role }) => role),
    }),
  })
  return { idp, world }
}

const awayCookie = (answer: ConsoleAnswer): string => `__Host-congthu-away=${answer.cookies["__Host-congthu-away"]}`
const sessionCookie = (answer: ConsoleAnswer): string => `__Host-congthu=${answer.cookies["__Host-congthu"]}`

/** From the button to the console's answer. */
async function comeIn({ idp, world }: { readonly idp: TestIdentityProvider; readonly world: ConsoleWorld }, { query = "", jar = new Map<string, string>() } = {}): Promise<ConsoleAnswer> {
  const begun = await world.ask(`/console/sso${query}`)
  expect(begun.status).toBe(303)
  const back = await idp.visit(String(begun.headers.location), jar)
  expect(back).toMatch(/^https:\/\/console\.example\/console\/sso\/callback\?/)
  return world.ask(back.slice(consoleOrigin.length), { cookie: awayCookie(begun), headers: { "sec-fetch-site": "cross-site" } })
}

describe("an address in the ID token", () => {
  let at: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    at = await open({ roles: ["holder", "unit"] })
  })
  afterAll(async () => {
    await at.world.close()
    await at.idp.close()
  })
  beforeEach(() => {
    at.idp.next = { claims: an }
  })

  test("leads in, to the page that was asked for, once", async () => {
    const begun = await at.world.ask("/console/sso?next=%2Fconsole%2Fme%2Fsessions")
    const to = new URL(String(begun.headers.location))
    expect(Object.fromEntries(to.searchParams)).toMatchObject({ client_id: "console", response_type: "code", code_challenge_method: "S256", redirect_uri: "https://console.example/console/sso/callback", scope: "openid profile email" })
    const back = (await at.idp.visit(to.href, new Map())).slice(consoleOrigin.length)
    const answer = await at.world.ask(back, { cookie: awayCookie(begun) })
    expect([answer.status, answer.headers.location, answer.cookies["__Host-congthu-away"]]).toEqual([303, "/console/me/sessions", ""])
    expect((await at.world.ask("/console/me", { cookie: sessionCookie(answer) })).body).toContain("an@a.example")
    expect((await at.world.audit("console.signedIn")).at(-1)).toMatchObject({ principalId: "P1", detail: { via: "singleSignOn", secondFactor: "none" } })
    // the same answer again: the provider's code is spent
    expect((await at.world.ask(back, { cookie: awayCookie(begun) })).status).toBe(422)
    // the same answer in somebody else's browser
    expect((await at.world.ask(back)).body).toContain("không bắt đầu từ trình duyệt này")
    const others = awayCookie(await at.world.ask("/console/sso"))
    expect((await at.world.ask(back, { cookie: others })).status).toBe(422)
  })

  test("never leads to another site", async () => {
    expect((await comeIn(at, { query: "?next=https%3A%2F%2Fevil.example%2F" })).headers.location).toBe("/console")
  })

  test("an answer that comes too late is told to begin again", async () => {
    const begun = await at.world.ask("/console/sso")
    const back = (await at.idp.visit(String(begun.headers.location), new Map())).slice(consoleOrigin.length)
    at.world.clock.ms += 16 * 60_000
    expect((await at.world.ask(back, { cookie: awayCookie(begun) })).status).toBe(422)
    at.world.clock.ms = Date.now()
  })

  test("who has no mailbox, an unverified address, or thinks better of it, gets a page that says so, and the audit knows", async () => {
    at.idp.next = { claims: { ...an, sub: "2", email: "khach@khac.example" } }
    const unknown = await comeIn(at)
    expect([unknown.status, unknown.cookies["__Host-congthu"]]).toEqual([403, undefined])
    expect(unknown.body).toContain("Không có hộp thư nào của bạn ứng với “khach@khac.example”")
    at.idp.next = { claims: { ...an, sub: "3", email: "<script>alert(1)</script>@a.example", email_verified: false } }
    const unverified = await comeIn(at)
    expect(unverified.body).toContain("&lt;script>alert(1)&lt;/script>@a.example")
    at.idp.next = undefined
    expect((await comeIn(at)).body).toContain("hoặc bạn đã hủy")
    const reasons = (await at.world.audit("signIn.failed")).map(({ detail }) => detail["reasons"])
    expect(Object.assign({}, ...reasons)).toMatchObject({ "singleSignOn unknown": 1, "singleSignOn unverified": 1, "singleSignOn refused": expect.any(Number) })
  })

  test("a role that may not come this way is told so, one that may comes in", async () => {
    await at.world.administer("an@a.example", "unit", "A")
    expect((await comeIn(at)).status).toBe(303)
    await at.world.administer("an@a.example", "operator")
    expect((await comeIn(at)).status).toBe(403)
    await at.world.database.query({ text: "DELETE FROM administrator" })
  })

  test("signing out offers to end the provider's session as well, with its own token", async () => {
    const cookie = sessionCookie(await comeIn(at))
    const out = await at.world.ask("/console/sign-out", { cookie, form: { _csrf: await at.world.csrf(cookie) } })
    expect(out.headers.location).toMatch(/^\/console\/sso\/signed-out\?session=/)
    const page = await at.world.ask(String(out.headers.location))
    const end = new URL(/href="(https:\/\/localhost[^"]+)"/.exec(page.body)?.[1]?.replaceAll("&amp;", "&") ?? "")
    expect(end.searchParams.get("post_logout_redirect_uri")).toBe("https://console.example/console/sign-in")
    const claims: unknown = JSON.parse(Buffer.from(end.searchParams.get("id_token_hint")?.split(".")[1] ?? "", "base64url").toString())
    expect(claims).toMatchObject({ sub: "1", aud: "console" })
    for (const session of ["", "x", "AAAA"]) expect((await at.world.ask(`/console/sso/signed-out?session=${session}`)).headers.location).toBe("/console/sign-in")
    const stored = await at.world.database.query<{ sealed: Buffer }>({ text: "SELECT id_token AS sealed FROM console_session WHERE id_token IS NOT NULL" })
    expect(stored.length).toBeGreaterThan(0)
    expect(stored.some(({ sealed }) => sealed.includes("eyJ"))).toBe(false)
  })

  test("who is to prove himself again is asked again by the provider, although it knows him", async () => {
    const jar = new Map<string, string>()
    await comeIn(at, { jar })
    const before = at.idp.asked()
    expect((await comeIn(at, { jar })).status).toBe(303)
    expect(at.idp.asked()).toBe(before)
    expect((await comeIn(at, { query: "?again=1", jar })).status).toBe(303)
    expect(at.idp.asked()).toBe(before + 1)
  })

  test("who only passes through the provider, which knows him, has proven nothing since he was last asked there", async () => {
    const jar = new Map<string, string>()
    const provenAt = async (answer: ConsoleAnswer): Promise<number | undefined> => {
      const rows = await at.world.database.query<{ at: number }>({ text: "SELECT (extract(epoch FROM proven_at) * 1000)::float8 AS at FROM console_session WHERE sha256 = sha256(convert_to($1, 'UTF8'))" }, [answer.cookies["__Host-congthu"]])
      return rows[0]?.at
    }
    const first = await provenAt(await comeIn(at, { jar }))
    // whole seconds: the provider's, not ours
    expect([first && first % 1_000, await provenAt(await comeIn(at, { jar }))]).toEqual([0, first])
    expect(await provenAt(await comeIn(at, { query: "?again=1", jar }))).toBeGreaterThanOrEqual(first ?? Number.NaN)
    expect((await at.world.ask("/console/me/forwarding", { cookie: sessionCookie(await comeIn(at, { jar })) })).body).toContain("an@a.example")
  })
})

test("a principal's identifier at the userinfo endpoint, in a context that is vouched for, is password and second step in one; a weaker one is refused", async () => {
  const at = await open({ acr: [vouchedContext], rule: { claim: "staff_id", match: "principal" }, claimsInIdToken: false, demanded: true })
  await at.world.administer("an@a.example", "province")
  at.idp.next = { claims: an }
  expect((await comeIn(at)).body).toContain("chưa xác thực bạn ở mức cần thiết")
  at.idp.next = { claims: an, acr: vouchedContext }
  const cookie = sessionCookie(await comeIn(at))
  expect((await at.world.ask("/console/overview", { cookie })).status).toBe(200)
  await at.world.close()
  await at.idp.close()
})

test.each([["is away", true], ["nobody vouches for", false]])("a provider that %s is told of, and nobody is sent there", async (_name, trusted) => {
  const at = await open({ trusted })
  if (trusted) await at.idp.close()
  const away = await at.world.ask("/console/sso")
  expect([away.status, away.headers.location]).toEqual([503, undefined])
  expect(away.body).toContain("không liên lạc được với Định danh tỉnh")
  await at.world.close()
  if (!trusted) await at.idp.close()
})
