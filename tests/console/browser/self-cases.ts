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
    for (const [mark, found] of [["<img src='/console/assets/none.svg'>", "image-alt"], ["<p class='pale'>mờ</p>", "color-contrast"], ["<div class='wide'>.</div>", "wider than the window"]] as const) {
      await page.goto(`${url}/console/me`)
      await page.evaluate(`document.querySelector("main").insertAdjacentHTML("beforeend", ${JSON.stringify(mark)}); for (const one of document.querySelectorAll(".pale")) one.style.color = "#ddd"; for (const one of document.querySelectorAll(".wide")) one.style.width = "3000px"`)
      const fault: unknown = await looksRight(page, "wrong").catch((error: unknown) => error)
      // vitest tells the difference beside the message
      expect(`${fault instanceof Error ? fault.message : ""} ${JSON.stringify(fault)}`).toContain(found)
    }
    await context.close()
  })
}
