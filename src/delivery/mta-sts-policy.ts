/** The texts of MTA-STS: the TXT record that announces a policy and the policy itself (RFC 8461 §3). Pure. */
import { failed, ok, type Result } from "../base/result.ts"

export interface MtaStsPolicy {
  readonly mode: "enforce" | "testing" | "none"
  /** Names of MX hosts; `*.` stands for exactly one label. Lower case. */
  readonly mx: readonly string[]
  readonly maxAgeSeconds: number
}

/** RFC 8461 §3.2: a year. Whoever says more means it no more than that. */
const maxAgeLimit = 31_557_600
/** A policy is a few lines. */
export const maxPolicyBytes = 64 * 1024
const maxPatterns = 200

/** The `id` of the one record that announces a policy; undefined when there is none, or more than one (RFC 8461 §3.1). */
export function announcedId(records: readonly string[]): string | undefined {
  const [only, ...others] = records.filter((record) => /^v=STSv1[ \t]*;/.test(record))
  if (only === undefined || others.length > 0) return undefined
  const ids = only.split(";").flatMap((field) => /^[ \t]*id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})[ \t]*$/.exec(field)?.[1] ?? [])
  return ids[0]
}

const modes: Readonly<Record<string, MtaStsPolicy["mode"]>> = { enforce: "enforce", testing: "testing", none: "none" }
const labels = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** RFC 8461 §3.2. Unknown keys are passed over, of a key that may be there once the first counts. Failure: one English clause. */
export function parsePolicy(text: string): Result<MtaStsPolicy, string> {
  const fields = text.split(/\r?\n/).filter((line) => line.trim() !== "").map(fieldOf)
  const first = (name: string): string | undefined => fields.find((field) => field?.name === name)?.value
  if (first("version") !== "STSv1") return failed("it is not of version STSv1")
  const mode = modes[first("mode") ?? ""]
  if (mode === undefined) return failed("its mode is none of enforce, testing, none")
  const maxAge = first("max_age") ?? ""
  if (!/^\d{1,10}$/.test(maxAge)) return failed("its max_age is no number of seconds")
  const mx = fields.flatMap((field) => (field?.name === "mx" ? [field.value.toLowerCase().replace(/\.$/, "")] : []))
  if (mx.length > maxPatterns) return failed(`it names more than ${maxPatterns} hosts`)
  if (mx.some((pattern) => pattern.length > 253 || !labels.test(pattern))) return failed("a host in it is no name")
  if (mx.length === 0 && mode !== "none") return failed("it names no host")
  return ok({ mode, mx: [...new Set(mx)], maxAgeSeconds: Math.min(Number(maxAge), maxAgeLimit) })
}

function fieldOf(line: string): { readonly name: string; readonly value: string } | undefined {
  const at = line.indexOf(":")
  return at === -1 ? undefined : { name: line.slice(0, at).trim(), value: line.slice(at + 1).trim() }
}

/** RFC 8461 §4.1 */
export function permitsHost({ mx }: Pick<MtaStsPolicy, "mx">, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "")
  const dot = name.indexOf(".")
  return mx.some((pattern) => (pattern.startsWith("*.") ? dot > 0 && name.slice(dot) === pattern.slice(1) : name === pattern))
}

/** As reports quote it (RFC 8460 §4.4). */
export const policyLines = ({ mode, mx, maxAgeSeconds }: MtaStsPolicy): readonly string[] => ["version: STSv1", `mode: ${mode}`, ...mx.map((pattern) => `mx: ${pattern}`), `max_age: ${maxAgeSeconds}`]
