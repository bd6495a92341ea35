/**
 * What the domains that a message from outside claims to come from say of it: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 9989), ARC (RFC 8617).
 * Bounded in questions, signatures, header and time; what cannot be known now is said to be so. Must not know: rules, verdicts.
 */
import { spf } from "mailauth/lib/spf/index.js"
import type { Clock } from "../../base/clock.ts"
import type { DnsResolver } from "../../dns/resolver.ts"
import { asciiDomain } from "../../mail/address.ts"
import { fieldValues, type HeaderField } from "../../mail/header.ts"
import { type ArcFacts, type AuthenticityFacts, type SpfResult, spfResults } from "../../policy/authenticity-facts.ts"
import type { SessionFacts } from "../../store/acceptance-store.ts"
import { authorsOf } from "./authors.ts"
import { dmarcOf } from "./evaluate-dmarc.ts"
import { createMailResolver, type MailResolver } from "./mail-resolver.ts"
import { type ArcSet, type ReadableMessage, verifySignatures } from "./verify-signatures.ts"

export interface Authenticator {
  /** Null for a server that need not prove itself. Rejects only when the content cannot be read. */
  authenticate(message: OutsideMessage): Promise<AuthenticityFacts | null>
}

export interface OutsideMessage {
  readonly session: Pick<SessionFacts, "clientAddress" | "helo">
  readonly reversePath: string
  readonly content: ReadableMessage
  /** All of the top-level header. */
  readonly header: readonly HeaderField[]
}

export interface AuthenticatorParts {
  readonly dns: DnsResolver
  readonly clock: Clock
  readonly hostname: string
  /** For all questions of one message. */
  readonly timeoutMs: number
  /** Whether mail of this client is taken for what it says. */
  readonly isExempt: (clientAddress: string) => boolean
  /** Domains whose word on what they forward counts, lower case. */
  readonly trustedSealers: readonly string[]
}

export function createMessageAuthenticator(parts: AuthenticatorParts): Authenticator {
  return { authenticate: async (message) => (parts.isExempt(message.session.clientAddress) ? null : authenticate(parts, message)) }
}

async function authenticate({ dns, clock, hostname, timeoutMs, trustedSealers }: AuthenticatorParts, message: OutsideMessage): Promise<AuthenticityFacts> {
  const now = clock.now()
  const resolver = createMailResolver({ dns, isLate: () => clock.now() > now + timeoutMs })
  const [sender, signatures] = await Promise.all([checkSender(message, { hostname, resolver }), verifySignatures({ content: message.content, resolver, now })])
  const authors = authorsOf(fieldValues(message.header, "from"))
  const domainsThat = (result: string): { readonly spf: readonly string[]; readonly dkim: readonly string[] } => ({
    spf: sender.result === result ? [sender.domain] : [],
    dkim: signatures.dkim.filter((one) => one.result === result).map(({ domain }) => asciiDomain(domain) ?? domain),
  })
  const dmarc = await dmarcOf({ ...authors, passed: domainsThat("pass"), undecided: domainsThat("temperror") }, resolver)
  const { aligned, ...said } = dmarc
  const arc = arcFacts(signatures.arc, { trustedSealers, author: said.domain })
  return {
    spf: { ...sender, aligned: aligned.spf.includes(sender.domain) },
    dkim: signatures.dkim.map((one) => ({ ...one, aligned: one.result === "pass" && aligned.dkim.includes(asciiDomain(one.domain) ?? one.domain) })),
    // a chain that might vouch for it tomorrow must not cost it its delivery today
    dmarc: said.result === "fail" && arc.result === "temperror" && arc.sealers.some((sealer) => trustedSealers.includes(sealer)) ? { ...said, result: "temperror" } : said,
    arc,
    aligned: aligned.spf.length > 0 || aligned.dkim.length > 0,
  }
}

interface SenderContext {
  readonly hostname: string
  readonly resolver: MailResolver
}

/** RFC 7208 §2.4: the reverse-path's domain, or that of HELO when there is none; §4.6.4: ten terms that ask, two answers that are empty. */
async function checkSender({ session, reversePath }: OutsideMessage, { hostname, resolver }: SenderContext): Promise<{ readonly result: SpfResult; readonly domain: string }> {
  const { status, domain } = await spf({
    ip: session.clientAddress, helo: session.helo, mta: hostname, resolver: resolver.resolve, maxResolveCount: 10, maxVoidCount: 2, strict: true, ...(reversePath !== "" && { sender: reversePath }),
  })
  return { result: spfResults.find((result) => result === status.result) ?? "neutral", domain: domain.slice(0, 253) }
}

interface Trust {
  readonly trustedSealers: readonly string[]
  readonly author: string
}

/**
 * RFC 8617 §7.2: a chain says who handled the message, not that they were honest. Only what was seen by a sealer that is trusted, and after which
 * only trusted ones handled it, counts; and only for the author that is shown now.
 */
export function arcFacts({ result, sets }: { readonly result: ArcFacts["result"]; readonly sets: readonly ArcSet[] }, { trustedSealers, author }: Trust): ArcFacts {
  const end = sets.findIndex(({ sealer }) => !trustedSealers.includes(sealer))
  const trusted = end === -1 ? sets : sets.slice(0, end)
  return { result, sealers: sets.map(({ sealer }) => sealer), vouched: result === "pass" && author !== "" && trusted.some(({ dmarcPassed }) => dmarcPassed === author) }
}
