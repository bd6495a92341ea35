import type { Page } from "playwright-core"
import { Secret, TOTP } from "otpauth"
import { beforeAll, expect, test } from "vitest"
import { createPasswordWork } from "../../../src/accounts/password-work.ts"
import { complaints, type ConsoleBrowser, looksRight, pagesLookRight, signIn } from "../../support/console-browser.ts"

const password = "Sen nở bên hồ sớm"
const sizes = [{ language: "vi", size: "desktop" }, { language: "en", size: "phone" }] as const

/** People of the seed whom no other case signs in as, each with a mailbox of his own. */
async function people({ database, logins }: ConsoleBrowser): Promise<readonly { readonly address: string; readonly password: string; readonly accountId: number; readonly principalId: string }[]> {
  const found = await database.query<{ address: string; accountId: number; principalId: string }>({
    text: `SELECT a.address, a.id AS "accountId", g.principal_id AS "principalId" FROM account a JOIN assignment g ON g.account_id = a.id AND 'owner' = ANY (g.rights)
      WHERE a.kind = 'personal' AND a.suspended_at IS NULL AND g.valid_until IS NULL AND NOT (a.address = ANY ($1)) ORDER BY a.id LIMIT 3`,
  }, [logins.map(({ address }) => address)])
  const hash = await createPasswordWork({ cost: 4 }).hash(password)
  for (const { accountId } of found) await database.query({ text: "WITH old AS (UPDATE credential SET revoked_at = now() WHERE account_id = $1 AND kind = 'password' AND revoked_at IS NULL) SELECT" }, [accountId])
  for (const { accountId } of found) await database.query({ text: "INSERT INTO credential (account_id, kind, hash) VALUES ($1, 'password', $2)" }, [accountId, hash])
  return found.map((one) => ({ ...one, password }))
}

/** Chromium's own (WebAuthn domain of the DevTools protocol): touches itself, and knows its holder or not, as it is told. */
async function authenticator(page: Page): Promise<{ verify(verified: boolean): Promise<void> }> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send("WebAuthn.enable")
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } })
  return { verify: async (isUserVerified) => void (await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified })) }
}

const signOut = async (page: Page): Promise<void> => {
  await page.click(".sign-out button")
  await page.waitForSelector("#address")
}

export function securityCases(at: () => ConsoleBrowser): void {
  let who: Awaited<ReturnType<typeof people>>
  beforeAll(async () => {
    who = await people(at())
  })

  test("the pages look right in both languages, on a desktop and on a phone", () =>
    pagesLookRight(at(), 0, ["/console/me/security", "/console/me/security/authenticator", "/console/me/security/passkey", "/console/second-factors"]))

  test("an authenticator app is added by its key, asked for at the next sign-in, and removed", async () => {
    const { window, url, database } = at()
    const [person] = who
    const context = await window()
    const page = await context.newPage()
    const said = complaints(page)
    await signIn(page, { url, login: person, at: "/console/me/security" })
    await page.click("a[href$='/authenticator']")
    await page.click("details summary:has-text('Không quét được')")
    const secret = Secret.fromBase32((await page.textContent("code.secret"))?.replaceAll(" ", "") ?? "")
    const code = (steps: number): string => new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 })
    await page.fill("#_code", "12345")
    await page.click("form.narrow button")
    expect(await page.textContent("#_code-error")).toContain("Mã không đúng")
    await page.fill("#name", "Điện thoại <b>của tôi</b>")
    await page.fill("#_code", code(0))
    await page.click("form.narrow button")
    await page.waitForSelector("ol.codes")
    const [recovery = ""] = await page.locator("ol.codes code").allTextContents()
    await looksRight(page, "recovery-codes")
    await signOut(page)
    for (const { language, size } of sizes) {
      const other = await window({ language, size })
      const half = await other.newPage()
      await signIn(half, { url, login: person, at: "/console/me/app-passwords" })
      expect(half.url()).toContain("/console/second-factor?next=%2Fconsole%2Fme%2Fapp-passwords")
      await looksRight(half, `second-factor-${language}-${size}`)
      await other.close()
    }
    await signIn(page, { url, login: person, at: "/console/me/security" })
    // the next half minute's, which a clock that goes ahead would show: this one's is spent
    await page.fill("#_code", code(1))
    await page.click("form.narrow button")
    await page.waitForURL("**/console/me/security")
    await looksRight(page, "security-with-app")
    await signOut(page)
    await signIn(page, { url, login: person, at: "/console/me/security" })
    await page.fill("#_code", recovery)
    await page.click("form.narrow button")
    await page.waitForURL("**/console/me/security")
    expect(await page.textContent("main")).toContain("Còn 9 mã chưa dùng")
    const row = page.locator("tr", { hasText: "của tôi" })
    await row.locator("summary").click()
    await row.locator("button.danger").click()
    expect(await page.textContent(".notice.done")).toBe("Đã gỡ.")
    expect(said.filter((text) => !text.includes("422"))).toEqual([])
    await context.close()
    const kinds = await database.query<{ kind: string }>({ text: "SELECT kind FROM audit WHERE principal_id = $1 AND kind LIKE 'secondFactor.%' ORDER BY id" }, [person?.principalId])
    expect(kinds.map(({ kind }) => kind)).toEqual(["secondFactor.added", "secondFactor.recoveryCodesMade", "secondFactor.used", "secondFactor.recoveryCodeUsed", "secondFactor.removed"])
    // and the system has written to the mailbox about each but the use of a code of the app
    const told = (): Promise<readonly { readonly told: number }[]> =>
      database.query({
        text: `SELECT count(*) AS told FROM audit t, jsonb_array_elements(t.detail->'entries') e WHERE t.kind = 'account.changesTold' AND t.account_id = $1
          AND EXISTS (SELECT FROM delivery d WHERE d.envelope_id = t.envelope_id AND d.recipient = $2 AND d.state = 'delivered')`,
      }, [person?.accountId, person?.address])
    await expect.poll(told, { timeout: 60_000, interval: 500 }).toEqual([{ told: 4 }])
  })

  test("a passkey opens the console without a password where its user is verified, is a second step where not, and counts once", async () => {
    const { window, namedUrl: url, database } = at()
    const person = who[1]
    const context = await window()
    const page = await context.newPage()
    const said = complaints(page)
    const { verify } = await authenticator(page)
    await signIn(page, { url, login: person, at: "/console/me/security/passkey" })
    await page.fill("#name", "Máy tính cơ quan")
    await page.click(".passkey button")
    await page.waitForSelector("ol.codes")
    // this authenticator has one already
    await page.goto(`${url}/console/me/security/passkey`)
    await page.click(".passkey button")
    await page.waitForSelector(".passkey .error:not([hidden])")
    expect(await page.textContent(".passkey .error")).toBe("Thiết bị này đã được đăng ký rồi.")
    await looksRight(page, "passkey-known")
    await signOut(page)

    const sent = page.waitForRequest((request) => request.url().endsWith("/console/sign-in/passkey"))
    await page.click(".passkey button")
    await page.waitForURL("**/console/me")
    const answer = (await sent).postData() ?? ""
    expect(await page.textContent("main")).toContain(person?.address ?? "?")
    await page.goto(`${url}/console/me/security`)
    await looksRight(page, "security-with-passkey")
    const [session] = await database.query({ text: 'SELECT opened_by AS "openedBy", second_factor AS "secondFactor" FROM console_session WHERE principal_id = $1 AND ended_at IS NULL' }, [person?.principalId])
    expect(session).toEqual({ openedBy: "passkey", secondFactor: "passed" })
    await signOut(page)
    const again = await context.request.post(`${at().url}/console/sign-in/passkey`, { data: answer, headers: { "content-type": "application/x-www-form-urlencoded", origin: at().url }, maxRedirects: 0 })
    expect([again.status(), (await context.cookies()).some(({ name }) => name === "__Host-congthu")]).toEqual([422, false])

    // the device no longer knows who holds it: not without the password, with it though
    await verify(false)
    await page.goto(`${url}/console/sign-in`)
    await page.click(".passkey button")
    await page.waitForSelector(".passkey .error:not([hidden])")
    await signIn(page, { url, login: person, at: "/console/me/security" })
    await looksRight(page, "second-factor-passkey")
    await page.click(".passkey button")
    await page.waitForURL("**/console/me/security")

    // what matters is confirmed by it, too, where it knows who holds it: no password is beside it
    await database.query({ text: "UPDATE console_session SET proven_at = proven_at - interval '1 hour' WHERE principal_id = $1" }, [person?.principalId])
    await page.locator("details.confirm", { hasText: "Tạo mã mới" }).locator("summary").click()
    await page.locator("details.confirm", { hasText: "Tạo mã mới" }).locator("button").click()
    await page.waitForSelector(".passkey")
    await looksRight(page, "prove-again-passkey")
    await page.click(".passkey button")
    await page.waitForSelector(".passkey .error:not([hidden])")
    await verify(true)
    await page.click(".passkey button")
    await page.waitForSelector("ol.codes")
    await signOut(page)

    // a copy of the key, whose count stands behind
    await database.query({ text: "UPDATE second_factor SET sign_count = 1000000 WHERE principal_id = $1" }, [person?.principalId])
    await page.click(".passkey button")
    await page.waitForSelector(".notice.problem")
    expect(await page.textContent(".notice.problem")).toContain("Khóa đăng nhập không được chấp nhận")
    expect(said.filter((text) => !text.includes("422"))).toEqual([])
    await context.close()
  })

  test("an administrator finds who has lost a factor, and resets it", async () => {
    const { signedIn, url } = at()
    const person = who[1]
    for (const [login, options] of [[0, { language: "vi", size: "phone" }], [0, { language: "en", size: "desktop" }]] as const) {
      const context = await signedIn(login, options)
      const page = await context.newPage()
      await page.goto(`${url}/console/second-factors`)
      await page.fill("#q", person?.address ?? "")
      await page.keyboard.press("Enter")
      await page.waitForURL("**/second-factors?q=**")
      await page.click("details.confirm summary")
      await looksRight(page, `reset-${options.language}-${options.size}`)
      if (options.language === "en") {
        await page.click("button.danger")
        expect(await page.textContent(".notice.done")).toContain("It is reset.")
      }
      await context.close()
    }
  })

  test("at any other address passkeys say where they work", async () => {
    const { window, url } = at()
    const context = await window({ language: "en" })
    const page = await context.newPage()
    await page.goto(`${url}/console/sign-in`)
    await page.click(".passkey button")
    expect(await page.textContent(".passkey .error:not([hidden])")).toBe("Passkeys work only when this page is opened by the name mail.tinh.example.")
    await context.close()
  })

  test("the identity provider leads in, and out again on both sides", async () => {
    const { window, url, namedUrl, identityProvider } = at()
    const person = who[2]
    identityProvider.next = { claims: { sub: "7", email: person?.address, email_verified: true } }
    const context = await window()
    const page = await context.newPage()
    const said = complaints(page)
    // begun at whatever address: it goes on at the one that the provider knows
    await page.goto(`${url}/console/me/sessions`)
    await page.click("text=Đăng nhập qua Định danh tỉnh")
    await page.waitForURL(`${namedUrl}/console/me/sessions`)
    await page.click(".sign-out button")
    await page.waitForURL("**/console/sso/signed-out?**")
    await looksRight(page, "signed-out-vi-desktop")
    expect(said).toEqual([])
    await page.click("text=Đăng xuất cả ở Định danh tỉnh")
    await page.waitForURL(`${identityProvider.issuer}/session/end**`)
    await page.goto(`${namedUrl}/console/sign-in`)
    identityProvider.next = { claims: { sub: "8", email: "khach@khac.example", email_verified: true } }
    const stranger = await window({ language: "en", size: "phone" })
    const theirs = await stranger.newPage()
    await theirs.goto(`${namedUrl}/console/sso`)
    await theirs.waitForSelector(".notice.problem")
    await looksRight(theirs, "single-sign-on-unknown-en-phone")
    await Promise.all([context.close(), stranger.close()])
  })
}
