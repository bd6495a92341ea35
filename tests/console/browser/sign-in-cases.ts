import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { openDatabase } from "../../../src/store/sql/database.ts"
import { complaints, type ConsoleBrowser, looksRight, pagesLookRight, signIn } from "../../support/console-browser.ts"

export function signInCases(at: () => ConsoleBrowser): void {
  test("signing in leads to the page that was asked for, signing out ends the session", async () => {
    const { url, logins, window } = at()
    const context = await window()
    const page = await context.newPage()
    const said = complaints(page)
    await signIn(page, { url, login: logins[0], at: "/console/me/sessions?x=1" })
    expect(page.url()).toBe(`${url}/console/me/sessions?x=1`)
    const cookie = (await context.cookies()).find(({ name }) => name === "__Host-congthu")
    expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: "Lax", path: "/" })
    await page.click(".sign-out button")
    await page.waitForSelector("#address")
    expect(await page.textContent(".notice.done")).toBe("Bạn đã đăng xuất.")
    // the cookie put back: the session is over on the server, too
    await context.addCookies(cookie ? [cookie] : [])
    await page.goto(`${url}/console/me`)
    expect(page.url()).toContain("/console/sign-in?next=%2Fconsole%2Fme&expired=1")
    expect(said).toEqual([])
    await context.close()
    const database = openDatabase({ url: (await readFile(join(at().system.dataDir, "run/postgres.url"), "utf8")).trim(), poolSize: 1, applicationName: "tests" })
    const entries = await database.query({ text: "SELECT actor FROM audit WHERE kind = 'console.sessionEnded' ORDER BY id DESC LIMIT 1" }).finally(() => database.close())
    expect(entries).toMatchObject([{ actor: { via: "console", name: logins[0]?.address, address: "127.0.0.1", principalId: expect.any(String) } }])
  })

  test("pages that need no sign-in look right: how the system is, how a mail client is set up, a link to a held message that leads nowhere", () => pagesLookRight(at(), 0, ["/", "/help", "/quarantine/abc"]))

  test("another language is one press away on them, and stays for that page", async () => {
    const context = await at().window()
    const page = await context.newPage()
    await page.goto(`${at().url}/help`)
    await page.click("header a[lang=en]")
    expect(await page.getAttribute("html", "lang")).toBe("en")
    expect(await page.textContent("h1")).toBe("How to set up a mail client")
    await context.close()
  })

  test.each(["vi", "en"] as const)("the sign-in page looks right in %s, on a desktop, on a phone, and in the dark", async (language) => {
    for (const options of [{ size: "desktop" }, { size: "phone" }, { size: "desktop", dark: true }] as const) {
      const context = await at().window({ language, ...options })
      const page = await context.newPage()
      await page.goto(`${at().url}/console`)
      expect(await page.getAttribute("html", "lang")).toBe(language)
      await looksRight(page, `sign-in-${language}-${options.size}${"dark" in options ? "-dark" : ""}`)
      await context.close()
    }
  })
}
