import { createHash, X509Certificate } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { join } from "node:path"
import type { AxeResults } from "axe-core"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { expect } from "vitest"
import { loadConfig } from "../../src/config/load.ts"
import { readDemoLogins } from "../../src/roles/screen.ts"
import { connectDatabase } from "../../src/store/sql/connect.ts"
import type { Database } from "../../src/store/sql/database.ts"
import { freeLoopbackPort } from "./free-port.ts"
import { startIdentityProvider, type TestIdentityProvider } from "./identity-provider.ts"
import { type RunningSystem, removeDataDir, startSystem } from "./running-system.ts"
import { newSeededFolder } from "./seeded-folder.ts"

/**
 * The console as people see it: Debian's Chromium (chromium-headless-shell) against a whole system with the full seed, one of each for all tests of tests/console/browser.
 * Pictures of the pages go to the folder that SCREENSHOTS names; without it there are none.
 */
export interface ConsoleBrowser {
  readonly system: RunningSystem
  readonly url: string
  /** The same by its name, to which passkeys are bound and the identity provider sends people back. */
  readonly namedUrl: string
  readonly identityProvider: TestIdentityProvider
  /** Demo logins: an administrator of the province, one of a department, and an office's app password. */
  readonly logins: readonly { readonly address: string; readonly password: string }[]
  readonly database: Pick<Database, "query">
  /** A browser's window of its own, with nobody signed in. */
  window(options?: WindowOptions): Promise<BrowserContext>
  /** A window of somebody who has signed in, a short while ago. */
  signedIn(login: number, options?: WindowOptions): Promise<BrowserContext>
  close(): Promise<void>
}

export interface WindowOptions {
  readonly language?: "vi" | "en"
  readonly size?: "desktop" | "phone"
  readonly dark?: boolean
  /** A browser that runs none. */
  readonly withoutScripts?: boolean
}

const sizes = { desktop: { width: 1366, height: 768 }, phone: { width: 390, height: 844 } } as const
const host = "mail.tinh.example"
/** The engine without the windows around it, which nobody would see: a fifth less time for all of the console's tests. */
const executablePath = "/usr/bin/chromium-headless-shell"
/** Less than what the console takes for a fresh proof, so that it never asks who one is in the middle of a case. */
const signedInForMs = 5 * 60_000

/** Undefined where these tests can run. */
export const browserUnavailable = (): string | undefined => (existsSync(executablePath) ? undefined : "there is no chromium-headless-shell")
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

export async function openConsoleBrowser(env: Readonly<Record<string, string>> = {}): Promise<ConsoleBrowser> {
  const [dataDir, port] = await Promise.all([newSeededFolder(), freeLoopbackPort()])
  const namedUrl = `https://${host}:${port}`
  const identityProvider = await startIdentityProvider({ origin: namedUrl })
  const [system, browser] = await Promise.all([
    startSystem(dataDir, { CONGTHU_LISTEN_HTTPS: String(port), CONGTHU_CONSOLE_URL: namedUrl, ...(await toKnow(identityProvider, dataDir)), ...env }),
    chromium.launch({ executablePath, args: ["--no-sandbox", `--host-resolver-rules=MAP ${host} 127.0.0.1`, `--ignore-certificate-errors-spki-list=${await keyHash(dataDir)}`] }),
  ])
  const url = `https://127.0.0.1:${system.ports["https"]}`
  const logins = await readDemoLogins(dataDir)
  const loaded = loadConfig({ dataDir, env: {} })
  if (!loaded.ok) throw new Error("the defaults are refused")
  const connection = await connectDatabase(loaded.value.config, "tests")
  const states = new Map<number, { readonly state: Awaited<ReturnType<BrowserContext["storageState"]>>; readonly since: number }>()
  const window = async (options: WindowOptions = {}, storageState?: Awaited<ReturnType<BrowserContext["storageState"]>>): Promise<BrowserContext> => {
    const context = await newWindow(browser, options, storageState)
    context.setDefaultTimeout(15_000)
    return context
  }
  return {
    system,
    url,
    namedUrl,
    identityProvider,
    logins,
    database: connection.database,
    window: (options) => window(options),
    async signedIn(login, options) {
      const known = states.get(login)
      if (known && Date.now() - known.since < signedInForMs) return window(options, known.state)
      const context = await window(options)
      const page = await context.newPage()
      await signIn(page, { url, login: logins[login] })
      states.set(login, { state: await context.storageState(), since: Date.now() })
      await page.close()
      return context
    },
    async close() {
      await connection.close()
      await browser.close()
      await system.end("SIGTERM")
      await identityProvider.close()
      await removeDataDir(dataDir)
    },
  }
}

/** What the server is told of the identity provider. */
async function toKnow({ issuer, ca, clientId, clientSecret }: TestIdentityProvider, dataDir: string): Promise<Readonly<Record<string, string>>> {
  const [caFile, secretFile] = [join(dataDir, "identity-provider.pem"), join(dataDir, "identity-provider.secret")]
  await Promise.all([writeFile(caFile, ca), writeFile(secretFile, `${clientSecret}\n`)])
  return {
    CONGTHU_CONSOLE_OIDC_ISSUER: issuer, CONGTHU_CONSOLE_OIDC_NAME: "Định danh tỉnh", CONGTHU_CONSOLE_OIDC_CLIENT_ID: clientId,
    CONGTHU_CONSOLE_OIDC_CLIENT_SECRET_FILE: secretFile, CONGTHU_CONSOLE_OIDC_AUTHORITIES: caFile,
  }
}

/** Of the server's certificate: a browser that merely overlooks a wrong one uses no passkeys there. */
async function keyHash(dataDir: string): Promise<string> {
  const { publicKey } = new X509Certificate(await readFile(join(dataDir, "pki/server.pem")))
  return createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64")
}

const newWindow = (browser: Browser, { language = "vi", size = "desktop", dark = false, withoutScripts = false }: WindowOptions, storageState?: Awaited<ReturnType<BrowserContext["storageState"]>>): Promise<BrowserContext> =>
  browser.newContext({
    ignoreHTTPSErrors: true, viewport: sizes[size], locale: language === "vi" ? "vi-VN" : "en-GB", colorScheme: dark ? "dark" : "light", isMobile: size === "phone", hasTouch: size === "phone", javaScriptEnabled: !withoutScripts,
    ...(storageState && { storageState }),
  })

export async function signIn(page: Page, { url, login, at = "/console" }: { readonly url: string; readonly login: { readonly address: string; readonly password: string } | undefined; readonly at?: string }): Promise<void> {
  if (!login) throw new Error("there is no such demo login")
  await page.goto(`${url}${at}`)
  await page.fill("#address", login.address)
  await page.fill("#password", login.password)
  await page.click("form.narrow button")
  await page.waitForURL((now) => !now.pathname.endsWith("/sign-in"))
}

/** A picture for whoever wants to look: pictures are the dearest part of a look at a page. */
export async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"]
  if (folder === undefined) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

/** WCAG 2.2 A and AA by axe, nothing wider than the window. */
export async function looksRight(page: Page, name: string): Promise<void> {
  await isAccessible(page, name)
  await fits(page, name)
}

async function fits(page: Page, name: string): Promise<void> {
  // charts are drawn anew after the window has changed
  await expect.poll(() => page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), { message: `${name} is wider than the window, by`, timeout: 5_000, interval: 50 }).toBeLessThanOrEqual(0)
  await shot(page, name)
}

async function isAccessible(page: Page, name: string): Promise<void> {
  // by the debugger, which the page's own policy does not bind
  await page.evaluate(axeSource)
  const violations = (await page.evaluate("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }).then(({ violations }) => violations)")) as AxeResults["violations"]
  expect(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`)).toEqual([])
}

/** What the browser complains of: scripts that fail, and what the content policy stops. */
export function complaints(page: Page): readonly string[] {
  const said: string[] = []
  page.on("pageerror", (error) => said.push(error.message))
  page.on("console", (message) => {
    if (message.type() === "error") said.push(message.text())
  })
  return said
}

const otherSize = { desktop: "phone", phone: "desktop" } as const

/** Each page looks right in both languages, on a desktop and on a phone, and the browser has nothing to complain of. Each is loaded once in a language: axe, which sees no words, sees each size once. */
export async function pagesLookRight({ signedIn, url }: ConsoleBrowser, login: number, paths: readonly string[]): Promise<void> {
  for (const { language, size } of [{ language: "vi", size: "desktop" }, { language: "en", size: "phone" }] as const) {
    const context = await signedIn(login, { language, size })
    const page = await context.newPage()
    const said = complaints(page)
    for (const path of paths) {
      const name = `${path.slice(1).replaceAll(/[/?=]/g, "-")}-${login}-${language}`
      await page.setViewportSize(sizes[size])
      await page.goto(`${url}${path}`)
      expect(await page.getAttribute("html", "lang")).toBe(language)
      await looksRight(page, `${name}-${size}`)
      await page.setViewportSize(sizes[otherSize[size]])
      await fits(page, `${name}-${otherSize[size]}`)
    }
    // the browser says so of every page that is not there
    expect(said.filter((text) => !/status of 40[34]/.test(text))).toEqual([])
    await context.close()
  }
}
