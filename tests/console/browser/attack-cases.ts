import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { createServer } from "node:https"
import { join } from "node:path"
import type { BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { serve, type Serving } from "../../../src/base/serving.ts"
import { fieldText } from "../../../src/console/text/fields.ts"
import { type ConsoleBrowser, complaints, looksRight, signIn } from "../../support/console-browser.ts"
import { testTls } from "../../support/test-tls.ts"

/** Sessions that have run out under somebody's hands, and requests that somebody else has made up. */
const passwords = "/console/me/app-passwords"

/** The two limits of a session, as if the time had gone by. */
const limits = {
  idle: "UPDATE console_session SET last_seen_at = now() - interval '31 minutes' WHERE sha256 = $1 RETURNING id",
  absolute: "UPDATE console_session SET created_at = now() - interval '12 hours 1 minute' WHERE sha256 = $1 RETURNING id",
} as const

export function attackCases(at: () => ConsoleBrowser): void {
  const fresh = async (login = 0, options: Parameters<ConsoleBrowser["window"]>[0] = {}): Promise<{ readonly context: BrowserContext; readonly page: Page }> => {
    const { window, url, logins } = at()
    const context = await window(options)
    const page = await context.newPage()
    await signIn(page, { url, login: logins[login], at: passwords })
    return { context, page }
  }
  const runOut = async (context: BrowserContext, limit: keyof typeof limits): Promise<void> => {
    const token = (await context.cookies()).find(({ name }) => name === "__Host-congthu")?.value ?? ""
    expect(await at().database.query({ text: limits[limit] }, [createHash("sha256").update(token).digest()])).toHaveLength(1)
  }
  const signInHere = async (page: Page, login = 0): Promise<void> => {
    await page.fill("#address", at().logins[login]?.address ?? "")
    await page.fill("#password", at().logins[login]?.password ?? "")
    await page.click("form.narrow button")
  }
  const made = (label: string) => at().database.query({ text: "SELECT FROM credential WHERE label = $1" }, [label])
  const expired = (path: string): string => `${at().url}/console/sign-in?${new URLSearchParams({ next: path, expired: "1" }).toString()}`

  test.each([{ limit: "idle", language: "vi" }, { limit: "absolute", language: "en" }] as const)("a session that has met its $limit limit: the next press and the next form end at the sign-in page, nothing is changed, and one goes on where one was, in $language", async ({ limit, language }) => {
    const { url } = at()
    const { context, page } = await fresh(0, { language })
    await runOut(context, limit)
    await page.click(`a[href="/console/me/sessions"]`)
    expect(page.url()).toBe(expired("/console/me/sessions"))
    expect(await page.textContent(".notice.problem")).toBe(language === "vi" ? "Phiên làm việc đã hết. Hãy đăng nhập lại để tiếp tục ở trang vừa mở." : "Your session has ended. Sign in again to go on with the page you asked for.")
    await looksRight(page, `session-ended-${language}`)
    await signInHere(page)
    await page.waitForURL(`${url}/console/me/sessions`)

    await page.goto(`${url}${passwords}`)
    await page.fill("#label", `Máy ${limit}`)
    await runOut(context, limit)
    const answer = page.waitForResponse((response) => response.request().method() === "POST")
    await page.keyboard.press("Enter")
    expect((await answer).status()).toBe(403)
    expect(await page.textContent("h1")).toBe(language === "vi" ? "Chưa lưu: phiên làm việc đã hết" : "Not saved: your session has ended")
    expect(await page.inputValue(`textarea[aria-label="${fieldText.label[language]}"]`)).toBe(`Máy ${limit}`)
    await looksRight(page, `session-ended-form-${language}`)
    await page.click("main a[role=button]")
    await signInHere(page)
    await page.waitForURL(`${url}${passwords}`)
    expect(await made(`Máy ${limit}`)).toEqual([])
    await context.close()
  })

  test("a page that asks for a part of itself after its session's end goes to sign in, and comes back whole", async () => {
    const { url } = at()
    const { context, page } = await fresh()
    await page.goto(`${url}/console/directory`)
    await runOut(context, "idle")
    await page.locator("main input[type=search]").pressSequentially("nguyen")
    await page.waitForURL(expired("/console/directory"))
    await signInHere(page)
    await page.waitForURL(`${url}/console/directory`)
    await context.close()
  })

  test("a page with live figures notices, asks once and no more, and comes back after signing in", async () => {
    const { url } = at()
    const { context, page } = await fresh()
    const said = complaints(page)
    await page.goto(`${url}/console/overview`)
    await page.waitForSelector("figure canvas")
    await runOut(context, "absolute")
    let asked = 0
    page.on("request", (request) => void (asked += Number(request.url().endsWith("/overview/live"))))
    // as when somebody comes back to the tab: the stream is opened anew
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.waitForURL(expired("/console/overview"))
    await page.waitForSelector("#password")
    expect(asked).toBe(1)
    await signInHere(page)
    await page.waitForURL(`${url}/console/overview`)
    expect(said).toEqual([])
    await context.close()
  })

  test("after signing in one is nowhere but in the console, whatever a link says", async () => {
    const { url, window } = at()
    for (const next of ["https://xa.example/console", "//xa.example/console", "/console/../help", "javascript:alert(1)", "/\\xa.example"]) {
      const context = await window()
      const page = await context.newPage()
      await page.goto(`${url}/console/sign-in?${new URLSearchParams({ next }).toString()}`)
      await signInHere(page)
      await page.waitForURL(`${url}/console/overview`)
      await context.close()
    }
  })

  test("the form token of one session is worth nothing in another's browser, and the page says what to do", async () => {
    const { url } = at()
    const [victim, attacker] = [await fresh(0), await fresh(1)]
    const token = "form.narrow input[name=_csrf]"
    const stolen = await victim.page.inputValue(token)
    const own = await attacker.page.inputValue(token)
    expect(stolen).not.toBe(own)
    for (const [{ page }, forged, label] of [[attacker, stolen, "Thẻ lấy cắp"], [victim, own, "Thẻ của kẻ khác"]] as const) {
      await page.evaluate(`document.querySelector(${JSON.stringify(token)}).value = ${JSON.stringify(forged)}`)
      await page.fill("#label", label)
      const answer = page.waitForResponse((response) => response.request().method() === "POST")
      await page.keyboard.press("Enter")
      expect((await answer).status()).toBe(403)
      expect(await page.textContent("h1")).toBe("Chưa lưu: biểu mẫu đã cũ")
      expect(await page.textContent("main p")).toContain("Hãy mở lại trang và gửi lần nữa.")
      expect(await page.locator("main").innerHTML()).not.toContain(forged)
      expect(await made(label)).toEqual([])
    }
    await looksRight(victim.page, "stale-token-vi")
    await victim.page.click("main a[role=button]")
    await victim.page.waitForURL(`${url}${passwords}`)
    await victim.page.fill("#label", "Sau khi mở lại")
    await victim.page.keyboard.press("Enter")
    await victim.page.waitForSelector("code.secret")
    expect(await made("Sau khi mở lại")).toHaveLength(1)
    await Promise.all([victim.context.close(), attacker.context.close()])
  })

  foreignCases(at, { fresh, made })
}

interface Kit {
  fresh(login?: number, options?: Parameters<ConsoleBrowser["window"]>[0]): Promise<{ readonly context: BrowserContext; readonly page: Page }>
  made(label: string): Promise<readonly unknown[]>
}

/** Another site, with a page for each way in which a browser may be made to send something. */
function foreignCases(at: () => ConsoleBrowser, { fresh, made }: Kit): void {
  let site: Serving
  let target = { action: "", token: "" }
  beforeAll(async () => {
    const { cert, key } = await testTls("localhost")
    site = await serve(createServer({ cert, key }, (request, response) => void response.setHeader("content-type", "text/html; charset=utf-8").end(pages[request.url ?? ""]?.(target) ?? "<!doctype html><title>.</title>")), { host: "127.0.0.1", port: 0 })
  })
  afterAll(() => site.close())

  // 127.0.0.1 with another port is the same site to a browser, which sends the cookies along; localhost is another one
  test.each([{ host: "127.0.0.1", withCookie: true, language: "vi" }, { host: "localhost", withCookie: false, language: "en" }] as const)("a page at https://$host posts a form with a token of the attacker's: refused, nothing is changed, and the page says what to do, in $language", async ({ host, withCookie, language }) => {
    const { url, system } = at()
    const refusals = async (): Promise<number> => (await readFile(join(system.dataDir, "logs/web.log"), "utf8")).split('"why":"foreign"').length
    const before = await refusals()
    const [victim, attacker] = [await fresh(0, { language }), await fresh(1)]
    target = { action: `${url}${passwords}/new`, token: await attacker.page.inputValue("form.narrow input[name=_csrf]") }
    for (const path of Object.keys(pages).filter((path) => path.startsWith("/form"))) {
      const page = await victim.context.newPage()
      const posted = page.waitForRequest((request) => request.method() === "POST")
      await page.goto(`https://${host}:${site.port}${path}`)
      await page.click("button")
      const request = await posted
      expect((await request.allHeaders())["cookie"]?.includes("__Host-congthu=") ?? false, path).toBe(withCookie)
      expect((await request.response())?.status(), path).toBe(403)
      await page.waitForLoadState()
      expect(await page.textContent("h1")).toBe(language === "vi" ? "Yêu cầu đến từ trang khác" : "The request came from another site")
      expect(await page.textContent("main p")).toContain(language === "vi" ? "Không có gì bị thay đổi. Hãy đóng trang vừa dẫn bạn tới đây" : "Nothing was changed. Close the page that led you here")
      await looksRight(page, `foreign${path.replaceAll("/", "-")}-${host}`)
      await page.close()
    }
    // scripts of that site fare no better, and see nothing of the answer
    const page = await victim.context.newPage()
    await page.goto(`https://${host}:${site.port}/script`)
    const send = (mode: string): Promise<unknown> =>
      page.evaluate(`fetch(${JSON.stringify(target.action)}, { method: "POST", mode: ${JSON.stringify(mode)}, credentials: "include", body: new URLSearchParams({ label: "Từ kịch bản", _csrf: ${JSON.stringify(target.token)} }) }).then((answer) => answer.type, (error) => error.name)`)
    expect([await send("no-cors"), await send("cors")]).toEqual(["TypeError", "TypeError"])
    // nor is the console shown in a frame of theirs, to be pressed unseen
    await page.goto(`https://${host}:${site.port}/frame`)
    await expect.poll(() => page.frames().map((frame) => frame.url())).toContain("chrome-error://chromewebdata/")
    for (const label of ["Từ trang khác", "Từ kịch bản"]) expect(await made(label)).toEqual([])
    // all of them have come here
    await expect.poll(async () => (await refusals()) - before).toBe(Object.keys(pages).filter((path) => path.startsWith("/form")).length + 2)
    await Promise.all([victim.context.close(), attacker.context.close()])
  })
}

type Target = { readonly action: string; readonly token: string }
const fields = ({ token }: Target): string => `<input name="label" value="Từ trang khác"><input name="_csrf" value="${token}"><button>Nhận quà</button></form>`
const pages: Readonly<Record<string, (target: Target) => string>> = {
  "/form": (target) => `<!doctype html><form method="post" action="${target.action}">${fields(target)}`,
  "/form/multipart": (target) => `<!doctype html><form method="post" enctype="multipart/form-data" action="${target.action}">${fields(target)}`,
  "/form/plain": (target) => `<!doctype html><form method="post" enctype="text/plain" action="${target.action}">${fields(target)}`,
  "/form/no-referrer": (target) => `<!doctype html><meta name="referrer" content="no-referrer"><form method="post" action="${target.action}">${fields(target)}`,
  "/script": () => "<!doctype html><title>.</title>",
  "/frame": ({ action }) => `<!doctype html><iframe src="${new URL("/console/me/app-passwords", action).href}"></iframe>`,
}
