import { readFile } from "node:fs/promises"
import type { Page } from "playwright-core"
import { expect, test } from "vitest"
import { complaints, type ConsoleBrowser, looksRight, pagesLookRight } from "../../support/console-browser.ts"

const families = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ"]
const middles = ["Văn", "Thị", "Hữu", "Đức", "Ngọc", "Minh", "Quang", "Thanh", "Xuân", "Kim"]
const given = ["An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Khánh", "Lan", "Mai", "Nam", "Oanh", "Phúc", "Quỳnh", "Sơn", "Tâm", "Uyên", "Việt", "Xuân", "Yến", "Đạt", "Ánh", "Ước", "Ý", "Én", "Ổn", "Linh", "Nga", "Huy", "Thảo", "Trung"]
const units = ["SNV.VP", "SNV.TTRA", "SNV.KHTC", "SNV.TCCB", "SNV.PC", "UBND.VP"]

/** Every 150th row has one bad cell, of four kinds. */
const rowOf = (at: number): string => {
  const name = `${families[at % 10]} ${middles[Math.floor(at / 10) % 10]} ${given[Math.floor(at / 100) % 30]}`
  const isBad = at % 150 === 75
  const kind = Math.floor(at / 150) % 4
  return [isBad && kind === 0 ? "" : name, isBad && kind === 1 ? "Sở Không Có" : units[at % units.length], "Chuyên viên", isBad && kind === 2 ? "không có" : `09${String(10_000_000 + at)}`, isBad && kind === 3 ? "nhiều" : "2GiB"].join(",")
}
const file = (rows: number): Buffer => Buffer.from(`\ufeffHọ và tên,Đơn vị,Chức vụ,Điện thoại,Hạn mức\r\n${Array.from({ length: rows }, (_, at) => rowOf(at)).join("\r\n")}\r\n`)

const shareOf = (page: Page): Promise<number> => page.evaluate("document.querySelector('progress')?.value ?? 0")

export function bulkCases(at: () => ConsoleBrowser): void {
  test("3,000 rows, 20 of them bad: planned, confirmed, watched, looked at again, its result taken", { timeout: 300_000 }, async () => {
    const { signedIn, url, database } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    const said = complaints(page)
    await page.goto(`${url}/console/directory/bulk`)
    await page.setInputFiles("#file", { name: "3000-dong.csv", mimeType: "text/csv", buffer: file(3_000) })
    await page.click("main form.narrow button")
    await page.waitForSelector("mark")
    expect(await page.textContent(".tabs [aria-current]")).toContain("(20)")
    expect(await page.locator("mark").count()).toBe(20)
    await looksRight(page, "bulk-planned")
    const job = page.url()
    await page.locator("details.confirm summary").first().click()
    await page.locator("details.confirm[open] form button").click()
    const began = performance.now()
    await expect.poll(() => shareOf(page), { timeout: 60_000, interval: 100 }).toBeGreaterThan(0)
    await looksRight(page, "bulk-under-way")
    // somebody else, or the same person tomorrow, sees it move too
    const other = await context.newPage()
    await other.goto(job)
    await expect.poll(() => shareOf(other), { timeout: 60_000, interval: 100 }).toBeGreaterThan(await shareOf(other))
    await other.close()
    // the page comes anew by itself when all is done
    await page.waitForSelector("button[value=csv]", { timeout: 180_000 })
    const seconds = (performance.now() - began) / 1000
    await looksRight(page, "bulk-done")
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("button[value=csv]")])
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n")
    expect(lines).toHaveLength(3_001)
    expect(lines.filter((line) => line.includes(",Đã thực hiện,") && /,[\da-z]{4}(?:-[\da-z]{4}){3,},/.test(line))).toHaveLength(2_980)
    const [counted] = await database.query<{ accounts: number }>({ text: "SELECT count(*) AS accounts FROM credential WHERE kind = 'oneTime' AND revoked_at IS NULL" })
    expect(counted?.accounts).toBe(2_980)
    process.stdout.write(`bulk: 2,980 mailboxes with one-time passwords through the page in ${seconds.toFixed(1)} s\n`)
    expect(said).toEqual([])
    await context.close()
  })

  test("cancelled in the middle: what was done stays whole, of the rest there is nothing, and the page says which is which", { timeout: 300_000 }, async () => {
    const { signedIn, url, database } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    const said = complaints(page)
    await page.goto(`${url}/console/directory/bulk`)
    await page.setInputFiles("#file", { name: "dung-giua-chung.csv", mimeType: "text/csv", buffer: file(2_000) })
    await page.click("main form.narrow button")
    await page.waitForSelector("mark")
    const id = Number(page.url().split("/").at(-1)?.split("?")[0])
    const confirm = async (): Promise<void> => {
      await page.locator("details.confirm summary").first().click()
      await page.locator("details.confirm[open] form button").click()
    }
    await confirm()
    await expect.poll(() => shareOf(page), { timeout: 60_000, interval: 100 }).toBeGreaterThan(0)
    await confirm()
    await page.waitForSelector("button[value=csv]", { timeout: 60_000 })
    await looksRight(page, "bulk-cancelled")
    const states = new Map((await database.query<{ state: string; rows: number }>({ text: "SELECT state, count(*) AS rows FROM bulk_row WHERE job_id = $1 GROUP BY state" }, [id])).map(({ state, rows }) => [state, rows]))
    const [done, cancelled] = [states.get("done") ?? 0, states.get("cancelled") ?? 0]
    expect(done, "something was done before").toBeGreaterThan(0)
    expect(cancelled, "something was left").toBeGreaterThan(0)
    expect(states.get("pending"), "nothing waits any more").toBeUndefined()
    expect(await page.textContent('[data-live="done"]')).toBe(new Intl.NumberFormat("vi-VN").format(done))

    // each row that was done has a person, a mailbox that is theirs, its folders and a password; no other has anything
    const [made] = await database.query<Record<"people" | "accounts" | "owned" | "opened" | "foldered", number>>({
      text: `WITH a AS (SELECT DISTINCT account_id AS id FROM audit WHERE kind = 'account.added' AND (detail->>'bulkJob')::bigint = $1)
        SELECT (SELECT count(*) FROM audit WHERE kind = 'principal.added' AND (detail->>'bulkJob')::bigint = $1) AS people, count(*) AS accounts,
          count(*) FILTER (WHERE EXISTS (SELECT FROM assignment s WHERE s.account_id = a.id AND 'owner' = ANY (s.rights))) AS owned,
          count(*) FILTER (WHERE EXISTS (SELECT FROM credential c WHERE c.account_id = a.id AND c.kind = 'oneTime')) AS opened,
          count(*) FILTER (WHERE EXISTS (SELECT FROM mailbox m WHERE m.account_id = a.id AND m.name = 'INBOX')) AS foldered FROM a`,
    }, [id])
    expect(made).toEqual({ people: done, accounts: done, owned: done, opened: done, foldered: done })
    const [left] = await database.query<{ rows: number }>({ text: "SELECT count(*) AS rows FROM bulk_row r WHERE job_id = $1 AND state <> 'done' AND (principal_id IS NOT NULL OR secret IS NOT NULL OR EXISTS (SELECT FROM account a WHERE a.address = r.address))" }, [id])
    expect(left?.rows).toBe(0)

    const [download] = await Promise.all([page.waitForEvent("download"), page.click("button[value=csv]")])
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n").slice(1)
    expect(lines).toHaveLength(2_000)
    expect(lines.filter((line) => /,[\da-z]{4}(?:-[\da-z]{4}){3,},/.test(line))).toHaveLength(done)
    expect(lines.filter((line) => line.includes(",Đã hủy,"))).toHaveLength(cancelled)
    expect(lines.filter((line) => line.includes(",Đã hủy,") && line.includes("@")), "no address that was only planned").toEqual([])
    expect(said).toEqual([])
    await context.close()
  })

  test("pages of bulk changes look right", async () => {
    const [job] = await at().database.query<{ id: number }>({ text: "SELECT max(id) AS id FROM bulk_job" })
    await pagesLookRight(at(), 0, ["/console/directory/bulk", `/console/directory/bulk/${job?.id}?show=bad`])
  })
}
