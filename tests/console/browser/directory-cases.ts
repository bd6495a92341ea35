import { expect, test } from "vitest"
import { type ConsoleBrowser, looksRight, pagesLookRight } from "../../support/console-browser.ts"

export function directoryCases(at: () => ConsoleBrowser): void {
  test("pages of the directory look right", async () => {
    const { database } = at()
    const [person] = await database.query<{ id: string }>({ text: "SELECT id FROM principal WHERE unit_code = 'SNV.VP' ORDER BY id LIMIT 1" })
    const [group] = await database.query<{ address: string }>({ text: "SELECT address FROM mail_group ORDER BY address LIMIT 1" })
    const path = "/console/directory"
    await pagesLookRight(at(), 0, [
      path, `${path}/find?text=nguyen`, `${path}/units/SNV?show=unit`, `${path}/people/${person?.id}`, `${path}/accounts/vp%40sonv.tinh.example`, `${path}/groups/${encodeURIComponent(group?.address ?? "")}`,
      `${path}/units/SNV.VP/change`, `${path}/new/account?unitCode=SNV.VP`,
      `${path}/people/${person?.id}/move?unitCode=SNV.TTRA`, `${path}/people/${person?.id}/leave`, `${path}/accounts/vp%40sonv.tinh.example/hand-over?to=${person?.id}`,
    ])
  })

  test("typed without accents, chosen with arrows, opened with Enter; the same without scripts", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    await page.goto(`${url}/console/directory`)
    await page.keyboard.press("/")
    await page.waitForSelector("#text:focus")
    await page.locator("#text").pressSequentially("so noi vu")
    await page.waitForSelector(".hits a:has-text('Sở Nội vụ')")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    expect(await page.evaluate("document.activeElement === document.querySelector('.hits a')")).toBe(true)
    await looksRight(page, "directory-found")
    await page.keyboard.press("Escape")
    await page.keyboard.press("ArrowDown")
    const wanted = await page.evaluate("document.activeElement.getAttribute('href')")
    await page.keyboard.press("Enter")
    await page.waitForURL(`${url}${String(wanted)}`)
    await context.close()
    const plain = await signedIn(0, { withoutScripts: true })
    const other = await plain.newPage()
    await other.goto(`${url}/console/directory`)
    await other.fill("#text", "so noi vu")
    await other.click(".find button")
    expect(await other.textContent(".hits")).toContain("Sở Nội vụ")
    await plain.close()
  })

  test("a later answer takes no one off the hit they stand on; who stood on one that is gone types again", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    await page.goto(`${url}/console/directory`)
    const found = async (text: string, letGo: Promise<unknown>): Promise<void> => {
      await page.route((asked) => asked.searchParams.get("text") === text, async (route) => {
        await letGo
        await route.continue()
      })
      await page.fill("#text", text)
    }
    await found("so noi v", Promise.resolve())
    await page.waitForSelector(".hits a:has-text('Sở Nội vụ')")
    for (const [text, standsOn] of [["so noi vu", "Sở Nội vụ"], ["khong co o dau", null]] as const) {
      const gate = Promise.withResolvers<undefined>()
      const asked = page.waitForRequest((request) => request.url().includes("/directory/find?"))
      await found(text, gate.promise)
      await asked
      await page.keyboard.press("ArrowDown")
      await page.evaluate("document.activeElement.classList.add('before')")
      gate.resolve(undefined)
      await page.waitForSelector("#found .before", { state: "detached" })
      if (standsOn === null) await page.waitForSelector("#text:focus")
      else await page.waitForSelector(`.hits a:focus:has-text('${standsOn}')`)
    }
    await context.close()
  })

  test("an account is made by the unit's rule with an owner that the field proposed; a rule is previewed while it is typed", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(0)
    const page = await context.newPage()
    await page.goto(`${url}/console/directory/new/person?unitCode=SNV.VP`)
    await page.fill("#name", "Đoàn Thị Ước Mơ")
    await page.click("main form.narrow button")
    const id = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1) ?? "")
    await page.goto(`${url}/console/directory/new/account?unitCode=SNV.VP`)
    await page.fill("#displayName", "Đoàn Thị Ước Mơ")
    await page.locator("#ownerId").pressSequentially("uoc mo")
    await page.waitForSelector(`#ownerId-list option[value="${id}"]`, { state: "attached" })
    await page.fill("#ownerId", id)
    await page.click("main form.narrow button")
    expect(await page.textContent(".notice.done")).toContain("modtu")
    await page.goto(`${url}/console/directory/units/SNV.VP/change`)
    await page.fill("#addressRule", "{ho}.{ten}.{so}@{domain}")
    await expect.poll(() => page.textContent("#rule-preview"), { timeout: 15_000 }).toMatch(/\w+\.\w+@sonv/)
    await context.close()
  })

  test("a delegated administrator is refused outside the own units, by page", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(1)
    const page = await context.newPage()
    expect((await page.goto(`${url}/console/directory/units/SNV`))?.status()).toBe(200)
    for (const path of ["units/UBND", "units/UBND.VP/change", "accounts/vp%40tinh.example"]) expect([403, 404]).toContain((await page.goto(`${url}/console/directory/${path}`))?.status())
    expect((await page.goto(`${url}/console/directory/units/UBND`))?.status()).toBe(403)
    await looksRight(page, "directory-refused")
    await context.close()
  })
}
