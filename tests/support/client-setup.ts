import { execFileSync, spawnSync } from "node:child_process"
import type { ClientSettings } from "../../src/console/client-setup/client-settings.ts"
import type { ClientSetup } from "../../src/console/client-setup/routes.ts"
import { createLookupRates } from "../../src/console/lookup-rates.ts"

/** Production's usual ports on one host, without an address book. */
export const clientSettings: ClientSettings = { serviceName: "Thư công vụ", host: "mail.tinh.example", imaps: 993, imap: 143, submissions: 465, submission: 587, https: 443, helpUrl: "", addressBook: null }

/** For the domains tinh.example and sở.tinh.example; nobody is counted and nothing signed. */
export const clientSetup: ClientSetup = {
  settings: clientSettings,
  isLocalDomain: (domain) => ["tinh.example", "sở.tinh.example", "xn--s-lym.tinh.example"].includes(domain.toLowerCase()),
  rates: createLookupRates(0),
  sign: null,
  clock: { now: () => Date.parse("2026-11-26T15:00:00Z") },
}

const missing = (program: string, hint: string): string | undefined => {
  if (spawnSync(program, ["--version"]).error === undefined) return undefined
  const reason = `no ${program} on PATH: what it would read is not looked at (apt-get install ${hint})`
  console.warn(reason)
  return reason
}

export const xmllintMissing = (): string | undefined => missing("xmllint", "libxml2-utils")
export const pythonMissing = (): string | undefined => missing("python3", "python3")

/** What libxml2 finds by an XPath; it throws when the document is not well-formed. */
export const xpath = (document: string, expression: string): string => execFileSync("xmllint", ["--nonet", "--xpath", expression, "-"], { input: document, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] }).trim()

/** A property list as Python's plistlib reads it. */
export const readPlist = (document: string | Buffer): unknown =>
  JSON.parse(execFileSync("python3", ["-c", "import plistlib,json,sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))"], { input: document, encoding: "utf8" })) as unknown
