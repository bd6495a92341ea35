/** What a DMARC record says for reports: the policy it publishes and where they go. Pure. */
import { asciiDomain, isValidMailbox } from "../mail/address.ts"
import { readTags } from "../mail/dkim/tag-list.ts"
import { policies, type Policy, type PublishedPolicy } from "../store/aggregate-report.ts"

export interface ReportDestination {
  readonly address: string
  /** A-labels, lower case. */
  readonly host: string
  /** Largest report that is wanted, as it is mailed (`!10m`, RFC 7489 §6.2); null: any. */
  readonly maxBytes: number | null
}

/** RFC 9990 §3.5 lets a receiver limit the number; RFC 7489 §6.3 asks for two. */
const maxDestinations = 5
const maxUriCharacters = 500
const units: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** Tags of a text that begins as DMARC records do (RFC 9989 §4.7); undefined when it is none. */
export function dmarcTags(text: string): ReadonlyMap<string, string> | undefined {
  if (!/^[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/.test(text.trimStart())) return undefined
  return readTags(text)
}

/** The `mailto:` destinations of `rua`, in order; others, and what is no address, are left out. */
export function reportDestinations(tags: ReadonlyMap<string, string>): readonly ReportDestination[] {
  return (tags.get("rua") ?? "").split(",").slice(0, maxDestinations).flatMap((uri) => destination(uri.trim()) ?? [])
}

function destination(uri: string): ReportDestination | undefined {
  if (uri.length > maxUriCharacters) return undefined
  const [, path = "", amount, unit = ""] = /^mailto:([^!?]+)(?:\?[^!]*)?(?:!(\d{1,9})([kmgt]?))?$/i.exec(uri) ?? []
  const address = decoded(path)
  // RFC 6531 §3.3 lets any character beyond ASCII be part of an address: spaces and ends of lines of other scripts, too
  if (address === undefined || !isValidMailbox(address) || /[\s\p{Cc}]/u.test(address)) return undefined
  const at = address.lastIndexOf("@")
  const host = asciiDomain(address.slice(at + 1))
  if (host === undefined) return undefined
  return { address: `${address.slice(0, at)}@${host}`, host, maxBytes: amount === undefined ? null : Number(amount) * (units[unit.toLowerCase()] ?? 1) }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const maxFo = 20

/** As RFC 9989 §4.10.1 reads it: a record whose policy is not one asks for reports only. */
export function publishedPolicy(domain: string, tags: ReadonlyMap<string, string>): PublishedPolicy {
  const [p, sp, np] = ["p", "sp", "np"].map((name) => policyOf(tags.get(name)))
  const sound = p !== undefined && p !== null && sp !== null && np !== null
  const letter = (name: string): "r" | "s" => (tags.get(name)?.toLowerCase() === "s" ? "s" : "r")
  const fo = tags.get("fo")?.toLowerCase() ?? ""
  return {
    domain, p: sound ? p : "none", sp: sound ? (sp ?? p) : "none", np: sound ? (np ?? "") : "", adkim: letter("adkim"), aspf: letter("aspf"), testing: tags.get("t")?.toLowerCase() === "y",
    fo: fo.length <= maxFo && /^[01ds](?::[01ds])*$/.test(fo) ? fo : "0",
  }
}

/** Null: there is one, and it is wrong. */
function policyOf(text: string | undefined): Policy | null | undefined {
  return text === undefined ? undefined : (policies.find((policy) => policy === text.toLowerCase()) ?? null)
}
