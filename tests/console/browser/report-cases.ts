import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { complaints, type ConsoleBrowser, looksRight, pagesLookRight } from "../../support/console-browser.ts"

/** A year that is over, for every unit of the seed, so that the page has what it will have; the worker goes on from there. */
export const aYearOfReports = async ({ database }: Pick<ConsoleBrowser, "database">): Promise<string> => {
  await database.query({
    text: `INSERT INTO report_month (month, counted_until, finished_at, page_price, pages_per_document)
      SELECT m, (m + interval '1 month') AT TIME ZONE 'Asia/Ho_Chi_Minh', now(), 500, 3 FROM generate_series(date_trunc('month', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') - interval '12 months', date_trunc('month', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') - interval '1 month', interval '1 month') m
      ON CONFLICT DO NOTHING`,
  })
  await database.query({
    text: `INSERT INTO unit_month (month, unit_code, name, parent_code, accounts, holders, storage_bytes, sent_internal, sent_agencies, sent_outside, sent_signed, received, documents, copies)
      SELECT r.month, u.code, u.name, u.parent_code, a.n, a.n + 1, a.n * 123456789, v.base * 5, v.base * 2, v.base, v.base * 3, v.base * 11, v.base * 3, v.base * 12
      FROM report_month r CROSS JOIN organization_unit u CROSS JOIN LATERAL (SELECT count(*) AS n FROM account WHERE unit_code = u.code) a CROSS JOIN LATERAL (SELECT a.n * (3 + extract(month FROM r.month)::int % 5) AS base) v
      WHERE r.finished_at IS NOT NULL ON CONFLICT DO NOTHING`,
  })
  const [last] = await database.query<{ month: string }>({ text: "SELECT to_char(max(month), 'YYYY-MM') AS month FROM report_month WHERE finished_at IS NOT NULL" })
  return last?.month ?? ""
}

export function reportCases(at: () => ConsoleBrowser): void {
  let month: string
  beforeAll(async () => {
    month = await aYearOfReports(at())
  })

  test("the monthly report looks right for the province and for a department, in both languages and sizes", async () => {
    await pagesLookRight(at(), 0, ["/console/reports/monthly", `/console/reports/monthly?month=${month}&unit=SNV.VP`, "/console/reports/tls/sent", "/console/reports/dmarc/sent"])
    await pagesLookRight(at(), 1, ["/console/reports/monthly"])
  })

  test("one goes down by the table, down and up by the form and the trail; another unit is not there for a department", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    const said = complaints(page)
    await page.goto(`${url}/console/reports/monthly`)
    await page.waitForSelector("figure canvas")
    await page.click(".figures a:has-text('Sở Nội vụ')")
    await page.waitForURL(/unit=SNV$/)
    expect(await page.locator(".figures tbody tr").count()).toBeGreaterThan(5)
    await page.click(".figures a:has-text('Thanh tra')")
    await page.waitForURL(/unit=SNV.TTRA$/)
    expect(await page.locator(".crumbs a").allTextContents()).toEqual(["Ủy ban nhân dân tỉnh Giang Khê", "Sở Nội vụ"])
    await page.selectOption("#unit", "SNV")
    await page.click("main form.row button")
    await page.waitForURL(/unit=SNV$/)
    expect(said).toEqual([])
    await context.close()
    const department = await signedIn(1)
    const other = await department.newPage()
    expect((await other.goto(`${url}/console/reports/monthly?unit=UBND`))?.status()).toBe(404)
    await department.close()
  })

  test("on a phone each unit is two lines, the total is whole, and what is pressed shows the rest; nobody else sees anything of that", async () => {
    const { signedIn, url } = at()
    for (const language of ["vi", "en"] as const) {
      const context = await signedIn(0, { language, size: "phone" })
      const page = await context.newPage()
      const said = complaints(page)
      await page.goto(`${url}/console/reports/monthly`)
      const rows = page.locator(".figures tbody tr")
      const count = await rows.count()
      expect(count).toBeGreaterThan(15)
      const height = async (): Promise<number> => (await page.locator(".figures").boundingBox())?.height ?? 0
      expect(await page.locator(".figures tbody td:visible").count(), "the names, and the total").toBe(count - 1 + 13)
      const folded = await height()
      await rows.nth(1).locator("summary").click()
      expect(await rows.nth(1).locator("td:visible").count()).toBe(13)
      await looksRight(page, `monthly-opened-${language}-phone`)
      await page.evaluate("document.querySelectorAll('details.brief').forEach((one) => { one.open = true })")
      expect(folded, "less than a third of what it was").toBeLessThan((await height()) / 3)
      await page.emulateMedia({ media: "print" })
      expect([await page.locator("details.brief:visible").count(), await rows.nth(2).locator("td:visible").count()]).toEqual([0, 13])
      expect(said).toEqual([])
      await context.close()
    }
    const desktop = await signedIn(0)
    const page = await desktop.newPage()
    await page.goto(`${url}/console/reports/monthly`)
    expect([await page.locator("details.brief:visible").count(), await page.locator(".figures tbody tr:nth-child(2) td:visible").count()]).toEqual([0, 13])
    await desktop.close()
  })

  test("the running worker counts the month under way", async () => {
    const { signedIn, url, database } = at()
    const [now] = await database.query<{ month: string }>({ text: "SELECT to_char(now() AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM') AS month" })
    const context = await signedIn(0, { language: "en" })
    const page = await context.newPage()
    await expect.poll(async () => (await page.goto(`${url}/console/reports/monthly?month=${now?.month}`))?.status(), { timeout: 60_000 }).toBe(200)
    expect(await page.locator("main").innerText()).toContain("The month is not over")
    // the seed's; those that other cases have made meanwhile are counted by the next run
    const counted = Number((await page.locator(".figures tbody tr:last-child td:nth-child(2)").innerText()).replaceAll(",", ""))
    expect(counted).toBeGreaterThanOrEqual(3000)
    await context.close()
  })

  test("both files can be taken away", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    await page.goto(`${url}/console/reports/monthly?unit=SNV`)
    for (const as of ["csv", "xlsx"]) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click(`a[href*="as=${as}"]`)])
      expect(download.suggestedFilename()).toMatch(new RegExp(`^bao-cao-thang-20\\d\\d-\\d\\d-SNV\\.${as}$`))
      expect(await download.failure()).toBeNull()
    }
    await context.close()
  })

  test.each(["vi", "en"] as const)("on paper it is an official report, on A4 across, in %s", async (language) => {
    const { signedIn, url } = at()
    const context = await signedIn(0, { language })
    const page = await context.newPage()
    await page.goto(`${url}/console/reports/monthly?unit=SNV`)
    const pdf = await page.pdf({ preferCSSPageSize: true })
    // points: 297 × 210 mm
    expect(pdf.toString("latin1")).toMatch(/\/MediaBox\s*\[\s*0 0 84[12](?:\.\d+)? 59[45](?:\.\d+)?\s*\]/)
    await page.emulateMedia({ media: "print" })
    const shown = await page.locator("main").innerText()
    for (const words of language === "vi" ? ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "ỦY BAN NHÂN DÂN TỈNH GIANG KHÊ", "SỞ NỘI VỤ", "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "NGƯỜI LẬP BÁO CÁO"] : ["SOCIALIST REPUBLIC OF VIET NAM", "PREPARED BY"]) expect(shown).toContain(words)
    for (const hidden of ["main form.row", ".charts", "#menu", ".actions", "header.top"]) expect(await page.locator(hidden).first().isVisible(), hidden).toBe(false)
    const kept = process.env["SCREENSHOTS"]
    if (kept !== undefined) {
      await mkdir(kept, { recursive: true })
      await writeFile(join(kept, `monthly-${language}.pdf`), pdf)
    }
    await page.emulateMedia({ media: "screen" })
    await looksRight(page, `monthly-snv-${language}`)
    await context.close()
  })
}
