import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { type ConsoleBrowser, complaints, looksRight } from "../../support/console-browser.ts"

/** What of the menu is shown, in the window's coordinates. */
const shown = async (page: Page): Promise<readonly { readonly href: string | null; readonly top: number; readonly bottom: number }[]> =>
  (await page.evaluate(`[...document.querySelectorAll("#menu a, #menu summary")].filter((one) => one.checkVisibility()).map((one) => { const { top, bottom } = one.getBoundingClientRect(); return { href: one.getAttribute("href"), top, bottom } })`)) as never

export function menuCases(at: () => ConsoleBrowser): void {
  test.each(["vi", "en"] as const)("all that the province's administrator may open is within a window of 1366 × 768, group by group, in %s", async (language) => {
    const { signedIn, url } = at()
    const context = await signedIn(0, { language })
    const page = await context.newPage()
    const said = complaints(page)
    await page.goto(`${url}/console/overview`)
    const all = (await page.evaluate("[...document.querySelectorAll('#menu a')].map((link) => link.getAttribute('href'))")) as string[]
    expect(all.length).toBeGreaterThan(30)
    const reached = new Set<string | null>()
    const summaries = page.locator("#menu summary")
    for (let at = 0; at < (await summaries.count()); at++) {
      await summaries.nth(at).click()
      expect(await page.locator("#menu details[open]").count(), "one at a time").toBe(1)
      for (const { href, top, bottom } of await shown(page)) {
        expect([top >= 0, bottom <= 768], `${href} at ${top} to ${bottom}`).toEqual([true, true])
        reached.add(href)
      }
    }
    expect(all.filter((href) => !reached.has(href))).toEqual([])
    expect(await page.evaluate("scrollY")).toBe(0)
    await looksRight(page, `menu-${language}-desktop`)
    // and it stays where it is when the page is scrolled
    await page.goto(`${url}/console/api`)
    await page.mouse.wheel(0, 3000)
    await page.waitForFunction("scrollY > 1000")
    expect((await shown(page)).filter(({ top, bottom }) => top < 0 || bottom > 768)).toEqual([])
    expect(said).toEqual([])
    await context.close()
  })

  test("where one is stands open; another group is opened and its page followed by keys alone", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    await page.goto(`${url}/console/reports/tls`)
    expect(await page.textContent("#menu details[open] > summary")).toBe("Báo cáo")
    await page.locator("#menu summary", { hasText: "Danh bạ" }).focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.waitForURL(`${url}/console/directory`)
    expect(await page.textContent("#menu details[open] > summary")).toBe("Danh bạ")
    expect(await page.textContent("#menu [aria-current]")).toBe("Cây đơn vị")
    await context.close()
  })

  test("on a phone it is behind a button, group by group, also without scripts", async () => {
    const { signedIn, url } = at()
    for (const [language, withoutScripts] of [["vi", false], ["en", true]] as const) {
      const context = await signedIn(0, { language, size: "phone", withoutScripts })
      const page = await context.newPage()
      await page.goto(`${url}/console/me`)
      await page.click(".menu-button")
      await page.waitForSelector("#menu:popover-open")
      if (!withoutScripts) await looksRight(page, `menu-${language}-phone`)
      await page.locator("#menu summary").first().click()
      await page.click('#menu a[href="/console/directory/find"]')
      await page.waitForURL(`${url}/console/directory/find`)
      expect(await page.locator("#menu").isVisible()).toBe(false)
      await context.close()
    }
  })
}
