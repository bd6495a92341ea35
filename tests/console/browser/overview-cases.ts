import { test } from "vitest"
import { type ConsoleBrowser, looksRight, pagesLookRight } from "../../support/console-browser.ts"

/** Before anybody looks: the dashboard remembers the past for a while. */
export const twelveWeeksOfMail = ({ database }: ConsoleBrowser): Promise<unknown> =>
  database.query({
    text: `INSERT INTO mail_hour SELECT h, n, n / 2, n * 9 / 10, n / 3, n / 4, n / 5, n / 5 FROM generate_series(date_trunc('hour', now()) - interval '80 days', date_trunc('hour', now()) - interval '1 hour', interval '1 hour') h,
      LATERAL (SELECT (extract(hour FROM h)::int * 7 + extract(day FROM h)::int * 3) % 90 AS n) AS v ON CONFLICT DO NOTHING`,
  })

export function overviewCases(at: () => ConsoleBrowser): void {
  test("the dashboard looks right with twelve weeks of mail in it, and with a department's figures only", async () => {
    await pagesLookRight(at(), 0, ["/console/overview"])
    await pagesLookRight(at(), 1, ["/console/overview"])
  })

  test("figures renew themselves while one looks, by one stream, and the charts are drawn", async () => {
    const { signedIn, url, database } = at()
    const context = await signedIn(0, { dark: true })
    const page = await context.newPage()
    await page.goto(`${url}/console/overview`)
    await page.waitForSelector("figure:nth-child(3) canvas")
    await looksRight(page, "console-overview-dark")
    const before = await page.textContent('[data-live="failed"]')
    await database.query({ text: `INSERT INTO audit (kind, detail) VALUES ('signIn.failed', '{"times": 41}')` })
    // nothing that would be evaluated in the page: its policy forbids that
    await page.locator('[data-live="failed"]', { hasText: new RegExp(`^${Number(before) + 41}$`) }).waitFor()
    await context.close()
  })
}
