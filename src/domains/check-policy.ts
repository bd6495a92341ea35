/** Reads the MTA-STS policy of a domain as every other server does, and compares it with the one that this server serves. */
import type { Result } from "../base/result.ts"
import type { DnsResolver } from "../dns/resolver.ts"
import type { CheckedLine } from "./checked-line.ts"
import { maxAgeOf, type MtaStsSettings } from "./mta-sts-policy.ts"
import { policyWords } from "./todo-words.ts"

export interface ServedPolicy {
  readonly mode: string
  readonly mx: readonly string[]
  readonly maxAgeSeconds: number
}

/** `type`: by the words of RFC 8460 §4.3. */
export type FetchPolicy = (domain: string) => Promise<Result<ServedPolicy, { readonly type: string; readonly detail: string }>>

export interface PolicyFacts {
  readonly domain: string
  readonly settings: MtaStsSettings
}

export async function checkPolicy({ domain, settings }: PolicyFacts, resolver: DnsResolver, fetch: FetchPolicy): Promise<CheckedLine> {
  const about = { name: `https://mta-sts.${domain}/.well-known/mta-sts.txt`, expected: policyLine({ mode: settings.mode, mx: settings.hosts, maxAgeSeconds: maxAgeOf(settings) }), insecure: false, waits: false }
  const addresses = await Promise.all([resolver.resolve(`mta-sts.${domain}`, "A"), resolver.resolve(`mta-sts.${domain}`, "AAAA")])
  const [failed] = addresses.flatMap((answer) => (answer.kind === "failed" ? [answer.detail] : []))
  if (!addresses.some(({ kind }) => kind === "records")) {
    return failed === undefined ? { ...about, result: "missing", found: `mta-sts.${domain} has no address`, todo: policyWords.missing } : { ...about, result: "unanswered", found: failed, todo: policyWords.unanswered }
  }
  const fetched = await fetch(domain)
  if (!fetched.ok) {
    const { type, detail } = fetched.failure
    return type === "sts-policy-fetch-error" ? { ...about, result: "missing", found: detail, todo: policyWords.missing } : { ...about, result: "different", found: detail, todo: type === "sts-webpki-invalid" ? policyWords.certificate : policyWords.different }
  }
  const found = policyLine(fetched.value)
  return found === about.expected ? { ...about, result: "ok", found: "", todo: "" } : { ...about, result: "different", found, todo: policyWords.different }
}

/** The order of hosts means nothing. */
const policyLine = ({ mode, mx, maxAgeSeconds }: ServedPolicy): string => `mode: ${mode}, mx: ${mx.map((host) => host.toLowerCase()).toSorted().join(" ")}, max_age: ${maxAgeSeconds}`
