import { evaluateDmarc } from "mailauth/lib/dmarc/index.js"
import { type DmarcFacts, dmarcPolicies, type DmarcPolicy, type DmarcResult } from "../../policy/authenticity-facts.ts"
import type { MailResolver } from "./mail-resolver.ts"

/** DMARC (RFC 9989) on identifiers that were authenticated, and on those of which nobody can tell now. */
export interface DmarcQuestion {
  /** Every address of every From: field. */
  readonly from: readonly string[]
  readonly fromFields: number
  /** Domains that passed. */
  readonly passed: Identifiers
  /** Domains whose check could not be finished. */
  readonly undecided: Identifiers
}

export interface Identifiers {
  readonly spf: readonly string[]
  readonly dkim: readonly string[]
}

export interface DmarcAnswer extends DmarcFacts {
  /** Those of `passed` that are the author's. */
  readonly aligned: Identifiers
}

export async function dmarcOf({ from, fromFields, passed, undecided }: DmarcQuestion, { resolve }: MailResolver): Promise<DmarcAnswer> {
  const evaluate = (identifiers: Identifiers) =>
    evaluateDmarc({ headerFrom: [...from], fromFields, spfDomains: [...identifiers.spf], dkimDomains: identifiers.dkim.map((domain) => ({ domain })), resolver: resolve, strict: true })
  const { response, dkimAligned, authorDomains = [] } = await evaluate(passed)
  if (response === false) return { result: "permerror", policy: null, domain: authorDomains.length === 1 ? (authorDomains[0] ?? "") : "", policyDomain: null, aligned: nobody }
  const domain = domainOf(from[0] ?? "")
  const result = resultOf(response.status.result)
  if (result === "none" || response.policyDomain === undefined) {
    return { result, policy: null, domain, policyDomain: null, aligned: result === "none" ? { spf: passed.spf.filter((one) => sameOwner(one, domain)), dkim: passed.dkim.filter((one) => sameOwner(one, domain)) } : nobody }
  }
  const record = { policy: policyOf(response.policy), domain, policyDomain: response.policyDomain, record: (response.rr ?? "").slice(0, maxRecordCharacters) }
  const aligned = { spf: response.alignment.spf.result ? passed.spf : [], dkim: passed.dkim.filter((one) => dkimAligned?.has(one) ?? false) }
  const isOpen = result === "fail" && record.policy !== "none" && undecided.spf.length + undecided.dkim.length > 0
  if (!isOpen) return { ...record, result, aligned }
  // would it pass if what nobody can tell now were good? Then nobody can tell.
  const hopeful = (await evaluate({ spf: [...passed.spf, ...undecided.spf], dkim: [...passed.dkim, ...undecided.dkim] })).response
  return { ...record, result: hopeful !== false && hopeful.status.result === "fail" ? "fail" : "temperror", aligned }
}

/** Ten times what domains publish. */
const maxRecordCharacters = 2_000

/** The domain that stands for all of its owner's (RFC 9989 §4.10.2); undefined when nobody can tell now. */
export async function organizationalDomain(domain: string, { resolve }: Pick<MailResolver, "resolve">): Promise<string | undefined> {
  const { response } = await evaluateDmarc({ headerFrom: [`postmaster@${domain}`], fromFields: 1, spfDomains: [], dkimDomains: [], resolver: resolve, strict: true })
  return response === false || response.error !== undefined ? undefined : response.domain
}

const nobody: Identifiers = { spf: [], dkim: [] }

const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1).toLowerCase()

const resultOf = (text: string): DmarcResult => (text === "pass" || text === "fail" || text === "none" ? text : "temperror")

const policyOf = (text: string): DmarcPolicy => dmarcPolicies.find((policy) => policy === text) ?? "none"

/** Where no record says how close a domain must be: the same, or one below the other; never by a top-level domain. */
function sameOwner(one: string, other: string): boolean {
  const [shorter, longer] = one.length <= other.length ? [one, other] : [other, one]
  return longer === shorter || (shorter.includes(".") && longer.endsWith(`.${shorter}`))
}
