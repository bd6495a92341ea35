import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { type ConsoleBrowser, complaints, signIn } from "../../support/console-browser.ts"
import { program } from "../../support/programs.ts"
import { until } from "../../support/running-system.ts"

const script = program("congthu")
const run = promisify(execFile)

export function oneTimeCases(at: () => ConsoleBrowser): void {
  const congthu = async (...args: readonly string[]): Promise<string> => (await run(process.execPath, [script, "--data-dir", at().system.dataDir, ...args])).stdout

  test("a one-time password leads to the page on which it is replaced, and to no other before", async () => {
    const password = (await congthu("account", "create", "--name", "Nguyễn Thị Mới Đến", "--unit", "SNV")).trim()
    const { url, window } = at()
    const context = await window()
    const page = await context.newPage()
    const said = complaints(page)
    // the command has told the system of the new mailbox before it ended
    await signIn(page, { url, login: { address: "denntm.snv@sonv.tinh.example", password } })
    expect(page.url()).toBe(`${url}/console/me/password`)
    for (const path of ["/console", "/console/me", "/console/me/app-passwords", "/console/overview"]) {
      await page.goto(`${url}${path}`)
      expect(page.url(), path).toBe(`${url}/console/me/password`)
    }
    await page.fill("#current", password)
    await page.fill("#wanted", "Mùa thu Hà Nội 1954")
    await page.fill("#again", "Mùa thu Hà Nội 1954")
    await page.click("form.narrow button")
    await page.waitForURL(`${url}/console/me`)
    await page.goto(`${url}/console/me/app-passwords`)
    expect(page.url()).toBe(`${url}/console/me/app-passwords`)
    expect(said.filter((line) => !line.includes("422"))).toEqual([])
    await context.close()
    // it opens nothing any more; the new one does
    const again = await window()
    await signIn(await again.newPage(), { url, login: { address: "denntm.snv@sonv.tinh.example", password: "Mùa thu Hà Nội 1954" } })
    await again.close()
  })

  test("a confirmed file is worked off by the running system's queue", async () => {
    const file = join(at().system.dataDir, "danh-sach.csv")
    await writeFile(file, `Họ tên,Đơn vị\n${Array.from({ length: 120 }, (_, n) => `Trần Hàng Loạt ${"abcdefghijklmnopqrstuvwxyz".charAt(n % 26)}${n},SNV.VP`).join("\n")}\n`)
    const job = /^Job (\d+): 120 to add/.exec(await congthu("bulk", "plan", file))?.[1] ?? ""
    await congthu("bulk", "apply", job)
    await until(async () => (await congthu("bulk", "status", job)).includes("done, 120 of 120 rows, 0 failed"), 60_000)
    expect((await congthu("directory", "search", "tran hang loat", "--kind", "account", "--limit", "200")).match(/^account /gm)).toHaveLength(120)
  })
}
