/**
 * The policy in force, as this process has it: compiled, whole, replaced in one assignment. Whoever decides takes `current()` once, and
 * that decision rests on exactly that version. Another version is read when the change feed names it, and a slow tick compares
 * versions in case a notification was lost. A text that cannot be used leaves the one before in force, and `problem()` says so.
 */
import { setImmediate as breathe } from "node:timers/promises"
import { latestRead } from "../base/latest-read.ts"
import { type CompiledPolicy, compilePolicy } from "../policy/compile-policy.ts"
import { checkPolicy, describePolicyProblem, parsePolicy } from "../policy/read-policy.ts"
import type { ChangeFeed } from "../store/change-feed.ts"
import type { PolicyStore } from "../store/policy-store.ts"

export interface PolicyInForce {
  readonly version: number
  readonly policy: CompiledPolicy
}

export interface PolicySource {
  /** Never waits. */
  current(): PolicyInForce
  refresh(): Promise<PolicyInForce>
  /** Why this process does not decide by the newest text; null when it does. */
  problem(): string | null
  close(): void
}

export interface PolicySourceOptions {
  readonly policies: PolicyStore
  readonly feed?: ChangeFeed
  /** The configured file as it is at this start. */
  readonly file: { readonly name: string; readonly text: string }
  /** How the history names who put the file in force. */
  readonly by: string
  readonly log: PolicyLog
  /** How often versions are compared; 0 never. */
  readonly tickMs?: number
}

export interface PolicyLog {
  inForce(event: { readonly version: number; readonly rules: number }): void
  refused(event: { readonly problem: string }): void
  notRead(event: { readonly err: unknown }): void
}

/** Resolves when there is a policy to decide by; rejects when neither the file nor any stored version can be used. */
export async function createPolicySource({ policies, feed, file, by, log, tickMs = 5_000 }: PolicySourceOptions): Promise<PolicySource> {
  let problem = await offerFile(policies, file, by, feed)
  if (problem !== null) log.refused({ problem })
  let seen = (await policies.versionInForce()) ?? 0
  const first = await newestUsable(policies, { newest: seen, after: 0 })
  if (first.usable === null) throw new Error(`there is no policy to decide by: ${problem ?? first.problem ?? "none was ever put in force"}`)
  let inForce = first.usable
  problem = first.problem ?? problem
  if (first.problem !== null) log.refused({ problem: first.problem })
  log.inForce({ version: inForce.version, rules: inForce.policy.rules.length })

  const refresh = latestRead(async (): Promise<PolicyInForce> => {
    const newest = (await policies.versionInForce()) ?? seen
    if (newest === seen) return inForce
    const found = await newestUsable(policies, { newest, after: inForce.version })
    seen = newest
    problem = found.problem
    if (problem !== null) log.refused({ problem })
    if (found.usable) {
      inForce = found.usable
      log.inForce({ version: inForce.version, rules: inForce.policy.rules.length })
    }
    return inForce
  })
  const refreshQuietly = (): void => void refresh().catch((err: unknown) => log.notRead({ err }))

  const unsubscribe = feed?.subscribe((changes) => {
    if (changes.some((change) => change.kind === "policy" && change.version !== seen)) refreshQuietly()
  }, refreshQuietly)
  const timer = tickMs > 0 ? setInterval(refreshQuietly, tickMs).unref() : undefined

  return {
    current: () => inForce,
    refresh,
    problem: () => problem,
    close() {
      clearInterval(timer)
      unsubscribe?.()
    },
  }
}

/** Puts the configured file in force when it has changed; returns what is wrong with it. */
async function offerFile(policies: PolicyStore, { name, text }: PolicySourceOptions["file"], by: string, feed: ChangeFeed | undefined): Promise<string | null> {
  const compiled = await compile(text)
  if (typeof compiled === "string") return `${name}:${compiled}; the policy before it stays in force`
  const version = await policies.applyFile({ yaml: text, by })
  if (version !== null) feed?.publish([{ kind: "policy", version }])
  return null
}

interface Found {
  readonly usable: PolicyInForce | null
  /** Why the newest version is not the one. */
  readonly problem: string | null
}

/** A newer program may have put in force what this one does not understand; so many are passed over at most. */
const maxLookedBack = 50

async function newestUsable(policies: PolicyStore, { newest, after }: { readonly newest: number; readonly after: number }): Promise<Found> {
  let problem: string | null = null
  for (let version = newest; version > Math.max(after, newest - maxLookedBack); version--) {
    const stored = await policies.version(version)
    const compiled = stored ? await compile(stored.yaml) : "is not there"
    if (typeof compiled !== "string") return { usable: { version, policy: compiled }, problem }
    problem ??= `policy version ${version} cannot be used, the one before it stays in force: ${compiled}`
  }
  return { usable: null, problem }
}

/** The first problem in words when there is one. Mail goes on between the two steps. */
async function compile(yaml: string): Promise<CompiledPolicy | string> {
  const parsed = parsePolicy(yaml)
  await breathe()
  const read = parsed.ok ? checkPolicy(parsed.value) : parsed
  if (read.ok) return compilePolicy(read.value)
  const [first] = read.failure
  return `${first ? describePolicyProblem(first) : "is bad"}${read.failure.length > 1 ? ` (and ${read.failure.length - 1} more)` : ""}`
}
