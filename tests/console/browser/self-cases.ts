import { expect, test } from "vitest"
import { type ConsoleBrowser, looksRight, pagesLookRight, signIn } from "../../support/console-browser.ts"

export function selfCases(at: () => ConsoleBrowser): void {
  test("a holder's pages look right, and so does one that is not there", () => pagesLookRight(at(), 0, ["/console/me", "/console/me/app-passwords", "/console/me/password", "/console/me/sessions", "/console/me/set-up", "/console/me/accesses", "/console/me/forwarding", "/console/me/certificates", "/console/me/delegates", "/console/nowhere"]))

  test("an app password is made, shown once and revoked, by keyboard and mouse", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    await page.goto(`${url}/console/me/app-passwords`)
    await page.fill("#label", "Điện thoại <b>")
    await page.keyboard.press("Enter")
    await page.waitForSelector("code.secret")
    await looksRight(page, "app-password-made")
    await page.goto(`${url}/console/me/app-passwords`)
    const row = page.locator("tr", { hasText: "Điện thoại <b>" })
    await row.locator("summary").click()
    await looksRight(page, "app-password-revoke")
    await row.locator("button.danger").click()
    expect(await page.textContent(".notice")).toBe("Đã thu hồi mật khẩu ứng dụng.")
    await context.close()
  })

  test("the same without scripts, with the language changed on the way", async () => {
    const { window, url, logins } = at()
    const context = await window({ withoutScripts: true })
    const page = await context.newPage()
    await signIn(page, { url, login: logins[0], at: "/console/me/app-passwords" })
    await page.click(".language button")
    expect(await page.textContent("h1")).toBe("App passwords")
    await page.fill("#label", "Old office computer")
    await page.click("form.narrow button")
    expect(await page.textContent("code.secret")).toMatch(/^[\da-z-]{34}$/)
    await page.goto(`${url}/console/me/app-passwords`)
    const row = page.locator("tr", { hasText: "Old office computer" })
    await row.locator("summary").click()
    await row.locator("button.danger").click()
    expect(await page.textContent(".notice.done")).toBe("The app password is revoked.")
    await page.click(".sign-out button")
    expect(await page.textContent(".notice.done")).toBe("You have signed out.")
    await context.close()
  })

  test("? shows the keys, and the menu of a phone is behind a button", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    await page.goto(`${url}/console/me`)
    await page.keyboard.press("?")
    await page.waitForSelector("dialog[open]")
    await looksRight(page, "keys")
    await page.keyboard.press("Escape")
    await page.setViewportSize({ width: 390, height: 844 })
    await page.click(".menu-button")
    await page.waitForSelector("#menu:popover-open")
    await looksRight(page, "menu-phone")
    await context.close()
  })

  test("what looks wrong is found: a picture without words, text too pale to read, a page wider than its window", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    for (const [mark, found] of [["one = make('img'); one.src = '/console/assets/none.svg'", "image-alt"], ["one = make('p'); one.textContent = 'mờ'; one.style.color = '#ddd'", "color-contrast"], ["one = make('div'); one.textContent = '.'; one.style.width = '3000px'", "wider than the window"]] as const) {
      await page.goto(`${url}/console/me`)
      await page.evaluate(`{ let one; const make = (name) => document.querySelector('main').appendChild(document.createElement(name)); ${mark} }`)
      const fault: unknown = await looksRight(page, "wrong").catch((error: unknown) => error)
      // vitest tells the difference beside the message
      expect(`${fault instanceof Error ? fault.message : ""} ${JSON.stringify(fault)}`).toContain(found)
    }
    await context.close()
  })

  test("no script makes markup or a script of a text, by whatever way, and no other policy can be made (Trusted Types)", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    await page.goto(`${url}/console/directory`)
    const tried = (source: string): Promise<unknown> => page.evaluate(`(() => { try { ${source}; return "done" } catch (error) { return error.name } })()`)
    const ways = [
      "document.body.innerHTML = '<b>x</b>'", "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')", "document.write('x')", "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
      "document.createElement('script').src = 'https://xa.example/x.js'", "document.createElement('script').textContent = 'x'", "document.createElement('iframe').srcdoc = '<b>x</b>'",
      "trustedTypes.createPolicy('other', {})", "trustedTypes.createPolicy('default', {})", "trustedTypes.createPolicy('congthu-fragments', {})",
    ]
    expect(await Promise.all(ways.map(tried))).toEqual(ways.map(() => "TypeError"))
    // and htmx still does its work
    await page.locator("main input[type=search]").pressSequentially("nguyen")
    await page.locator(".hits a").first().waitFor()
    await context.close()
  })
}
