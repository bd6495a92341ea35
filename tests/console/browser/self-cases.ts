import { expect, test } from "vitest"
import { complaints, type ConsoleBrowser, looksRight } from "../../support/console-browser.ts"

export function selfCases(at: () => ConsoleBrowser): void {
  test.each(["/console/me", "/console/me/sessions", "/console/overview", "/console/nowhere"])("%s looks right in both languages, on a desktop and on a phone", async (path) => {
    for (const language of ["vi", "en"] as const) {
      for (const size of ["desktop", "phone"] as const) {
        const context = await at().signedIn(0, { language, size })
        const page = await context.newPage()
        const said = complaints(page)
        await page.goto(`${at().url}${path}`)
        expect(await page.getAttribute("html", "lang")).toBe(language)
        await looksRight(page, `${path.slice(1).replaceAll("/", "-")}-${language}-${size}`)
        expect(said.filter((text) => !text.includes("404"))).toEqual([])
        await context.close()
      }
    }
  })
}
