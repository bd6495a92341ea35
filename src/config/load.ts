import { readFileSync } from "node:fs"
import { isAbsolute, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { LineCounter, parseDocument, type Document } from "yaml"
import { failed, ok, type Result } from "../base/result.ts"
import { configKeys } from "./keys.ts"
import { type Config, configSchema } from "./schema.ts"

/**
 * The configuration of this process: the file, over it the environment, over it the command line; checked as a whole, then frozen.
 * The only reader of process.env. Secrets come from the file or the environment, never from the command line, where other
 * users of the machine would see them. Must not know: what the keys are used for.
 */
export interface LoadedConfig {
  readonly config: Config
  /** NODE_ENV=production: development conveniences are refused. */
  readonly production: boolean
  readonly file: string
}

export interface ConfigProblem {
  /** `file:line`, or the environment variable. */
  readonly where: string
  readonly key: string
  readonly reason: string
}

export interface ConfigSources {
  /** `--config`; the shipped defaults when absent. */
  readonly file?: string | undefined
  /** `--data-dir`. */
  readonly dataDir?: string | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
}

export const defaultConfigFile = fileURLToPath(new URL("../../config/default.yaml", import.meta.url))

export const shippedPolicyFile = fileURLToPath(new URL("../../config/policy.yaml", import.meta.url))

/** Names that other tools use for the same thing. */
const aliases: Readonly<Record<string, string>> = { DATABASE_URL: "CONGTHU_DATABASE_URL", REDIS_URL: "CONGTHU_REDIS_URL" }

/** Where Node keeps modules as it has parsed and stripped them: a later start loads them in half the time. */
export const compileCacheOf = ({ dataDir }: Pick<Config, "dataDir">): string => join(dataDir, "run", "compile-cache")

/** For processes that this one starts. Who knows the cache before the first module never loads the program that strips types. */
export const environmentFor = (config: Pick<Config, "dataDir">): NodeJS.ProcessEnv => ({ NODE_COMPILE_CACHE: compileCacheOf(config), ...process.env })

type Tree = { [name: string]: unknown }

export function loadConfig(sources: ConfigSources = {}): Result<LoadedConfig, readonly ConfigProblem[]> {
  const env = sources.env ?? process.env
  const file = resolve(sources.file ?? defaultConfigFile)
  const read = readTree(file)
  if (!read.ok) return read
  const { tree, document, lines } = read.value
  const fromEnvironment = overlayEnvironment(tree, env)
  if (!fromEnvironment.ok) return fromEnvironment
  if (sources.dataDir !== undefined) tree["dataDir"] = sources.dataDir
  const parsed = configSchema.safeParse(tree)
  if (!parsed.success) {
    const locate = (path: readonly PropertyKey[]): string => fromEnvironment.value.get(path.join(".")) ?? `${file}${lineOf(document, lines, path)}`
    return failed(parsed.error.issues.flatMap((issue) => problemsOf(issue, locate)))
  }
  const production = env["NODE_ENV"] === "production"
  const config = decided({ ...parsed.data, dataDir: resolve(parsed.data.dataDir) }, production)
  const weak = production ? weakInProduction(config) : []
  return weak.length > 0 ? failed(weak) : ok({ config: deepFreeze(config), production, file })
}

/** What is left to the kind of machine. */
const decided = (config: Config, production: boolean): Config =>
  config.console.secondFactor === "automatic" ? { ...config, console: { ...config.console, secondFactor: production ? "administrators" : "optional" } } : config

/** One line for each problem, for people. */
export const describeProblems = (problems: readonly ConfigProblem[]): string =>
  problems.map(({ where, key, reason }) => `${where}: ${key ? `${key}: ` : ""}${reason}`).join("\n")

interface ReadTree {
  readonly tree: Tree
  readonly document: Document
  readonly lines: LineCounter
}

function readTree(file: string): Result<ReadTree, readonly ConfigProblem[]> {
  let source: string
  try {
    source = readFileSync(file, "utf8")
  } catch (error) {
    return failed([{ where: file, key: "", reason: `cannot be read (${error instanceof Error ? error.message : String(error)})` }])
  }
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    return failed(document.errors.map((error) => ({ where: `${file}:${lines.linePos(error.pos[0]).line}`, key: "", reason: error.message })))
  }
  const tree: unknown = document.toJS({ maxAliasCount: 100 }) ?? {}
  if (typeof tree !== "object" || tree === null || Array.isArray(tree)) return failed([{ where: file, key: "", reason: "is not a YAML mapping of keys" }])
  // a section written without a key under it is null in YAML and means "all defaults"
  const present = Object.entries(tree).filter(([, value]) => value !== null)
  return ok({ tree: Object.fromEntries(present), document, lines })
}

/** Puts the environment's values into `tree`; returns which variable set which key. A variable that is no key is an error: it is a slip of the pen. */
function overlayEnvironment(tree: Tree, env: Readonly<Record<string, string | undefined>>): Result<ReadonlyMap<string, string>, readonly ConfigProblem[]> {
  const byVariable = new Map(configKeys.map((key) => [key.variable, key]))
  const setBy = new Map<string, string>()
  const problems: ConfigProblem[] = []
  // the aliases first, so that our own name wins
  for (const name of Object.keys(env).sort((a, b) => Number(a.startsWith("CONGTHU_")) - Number(b.startsWith("CONGTHU_")))) {
    const value = env[name]
    if (value === undefined || !(name in aliases || name.startsWith("CONGTHU_"))) continue
    const full = aliases[name] ?? name
    const direct = byVariable.get(full)
    const key = direct ?? (full.endsWith("_FILE") ? byVariable.get(full.slice(0, -"_FILE".length)) : undefined)
    if (!key) {
      problems.push({ where: `environment variable ${name}`, key: "", reason: `is no key of the configuration${hint(full, [...byVariable.keys()])}` })
      continue
    }
    if (direct) place(tree, key.path, value)
    else {
      try {
        place(tree, key.path, readFileSync(value, "utf8").trimEnd())
      } catch {
        problems.push({ where: `environment variable ${name}`, key: key.path.join("."), reason: `the file "${value}" cannot be read` })
        continue
      }
    }
    setBy.set(key.path.join("."), `environment variable ${name}`)
  }
  return problems.length > 0 ? failed(problems) : ok(setBy)
}

function place(tree: Tree, path: readonly string[], value: string): void {
  const [head, ...rest] = path
  if (head === undefined) return
  if (rest.length === 0) {
    tree[head] = value
    return
  }
  const inner = tree[head]
  const next: Tree = typeof inner === "object" && inner !== null && !Array.isArray(inner) ? { ...inner } : {}
  tree[head] = next
  place(next, rest, value)
}

type Issue = { readonly code?: string | undefined; readonly path: readonly PropertyKey[]; readonly message: string; readonly keys?: readonly string[] }

function problemsOf(issue: Issue, locate: (path: readonly PropertyKey[]) => string): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    const names = configKeys.map((key) => key.path.join("."))
    return (issue.keys ?? []).map((key) => {
      const path = [...issue.path, key]
      return { where: locate(path), key: path.join("."), reason: `is no key of the configuration${hint(path.join("."), names)}` }
    })
  }
  return [{ where: locate(issue.path), key: issue.path.join("."), reason: issue.message }]
}

/** `:12` of the key in the file, empty when the file does not have it. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    const range = typeof node === "object" && node !== null && "range" in node ? (node.range as readonly number[] | null | undefined) : undefined
    if (range?.[0] !== undefined) return `:${lines.linePos(range[0]).line}`
  }
  return ""
}

/** The nearest real name when it is near enough to be what was meant. */
function hint(name: string, candidates: readonly string[]): string {
  let best = ""
  let bestDistance = 4
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best ? `; did you mean ${best}?` : ""
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? limit
}

/** Each development convenience that a production machine must not run on, with what to set instead. */
function weakInProduction(config: Config): ConfigProblem[] {
  const rules: readonly (readonly [boolean, string, string])[] = [
    [config.demo.seed, "demo.seed", "demonstration logins have known passwords: set it to false"],
    [config.database.url === "", "database.url", "the embedded PostgreSQL has no backups and no replica: name a server (DATABASE_URL)"],
    [config.tls.certificateFile === "" ? config.tls.certificates.length === 0 && config.tls.acme.directory === "" : config.tls.keyFile === "", "tls.certificateFile", "the development CA is trusted by nobody: set tls.certificateFile and tls.keyFile, or tls.acme.directory"],
    [config.pki.anchors.length === 0, "pki.anchors", "the development S/MIME CA vouches for nobody: name the authorities whose signatures count"],
    [config.pki.algorithms.minRsaBits < 2048, "pki.algorithms.minRsaBits", "RSA below 2048 bits is within reach of a forger"],
    [config.store.keyFile === "", "store.keyFile", "the key that seals the mail would lie beside the mail: name a file kept and backed up elsewhere"],
    [config.auth.keyFile === "", "auth.keyFile", "the key of app passwords would lie beside the data: name a file kept and backed up elsewhere"],
    [config.audit.keyFile === "", "audit.keyFile", "whoever can change the audit's tables could sign it anew with the key beside them: name a file kept and backed up elsewhere"],
    [/\.(example|test|invalid|localhost)$/.test(config.hostname), "hostname", `"${config.hostname}" is a reserved name: set this server's own`],
  ]
  return rules.filter(([weak]) => weak).map(([, key, reason]) => ({ where: "NODE_ENV=production", key, reason }))
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) deepFreeze(inner)
  }
  return Object.freeze(value)
}

/** A path of the configuration, or `fallback` inside the data folder when it is empty. */
export const pathOr = (config: Config, path: string, fallback: string): string => (path === "" ? resolve(config.dataDir, fallback) : isAbsolute(path) ? path : resolve(path))

/** The file of rules for messages. */
export const policyFile = (config: Config): string => (config.policy.file === "" ? shippedPolicyFile : resolve(config.policy.file))
