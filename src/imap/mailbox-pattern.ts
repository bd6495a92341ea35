import { setImmediate as yieldToOthers } from "node:timers/promises"
import { hierarchyDelimiter } from "./namespace.ts"

/** A LIST pattern: `*` matches anything, `%` anything but the hierarchy delimiter (RFC 3501 §6.3.8). */
export type MailboxPattern = (name: string) => boolean

/**
 * Matches by following all ways at once, so the time is bounded by pattern times name, whatever the wildcards:
 * no pattern makes it try again and again. INBOX is matched in any case (RFC 3501 §5.1).
 */
export function mailboxPattern(pattern: string): MailboxPattern {
  const steps = pattern.replace(/[*%]*\*[*%]*/g, "*").replace(/%+/g, "%")
  const folded = steps.toUpperCase()
  return (name) => matches(steps, name) || (name === "INBOX" && matches(folded, name))
}

/** Those of `names` that match any of the patterns. Long lists against many wildcards are taken in slices, others get their turn between. */
export async function namesMatching(names: Iterable<string>, patterns: readonly string[]): Promise<ReadonlySet<string>> {
  const compiled = patterns.map(mailboxPattern)
  const wildcards = patterns.reduce((sum, pattern) => sum + pattern.length - pattern.replace(/[*%]/g, "").length + 1, 0)
  const matching = new Set<string>()
  let work = 0
  for (const name of names) {
    if (compiled.some((matches) => matches(name))) matching.add(name)
    work += name.length * wildcards
    if (work < sliceWork) continue
    work = 0
    await yieldToOthers()
  }
  return matching
}

/** Characters times wildcards: a few milliseconds. */
const sliceWork = 50_000

function matches(pattern: string, name: string): boolean {
  // positions in the pattern that the name read so far can have led to
  let now = new Set<number>()
  enter(pattern, 0, now)
  for (const char of unitsOf(name)) {
    const next = new Set<number>()
    for (const at of now) {
      const step = pattern[at]
      if (step === "*" || (step === "%" && char !== hierarchyDelimiter)) enter(pattern, at, next)
      else if (step === char && step !== "%") enter(pattern, at + 1, next)
    }
    if (next.size === 0) return false
    now = next
  }
  return now.has(pattern.length)
}

/** A wildcard may also stand for nothing. */
function enter(pattern: string, at: number, positions: Set<number>): void {
  for (let position = at; !positions.has(position); position++) {
    positions.add(position)
    if (pattern[position] !== "*" && pattern[position] !== "%") return
  }
}

const unitsOf = (name: string): readonly string[] => name.split("")
