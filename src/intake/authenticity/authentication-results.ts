import type { AuthenticationResult } from "../../mail/trace-header.ts"
import type { AuthenticityFacts } from "../../policy/authenticity-facts.ts"

/** What was found, in the words of RFC 8601 §2.7, RFC 9989 §9.1 and RFC 8617 §10; properties are ASCII. Pure. */
export function authenticityResults({ spf, dkim, dmarc, arc }: AuthenticityFacts, { reversePath, helo }: { readonly reversePath: string; readonly helo: string }): readonly AuthenticationResult[] {
  return [
    { method: "spf", result: spf.result, properties: [reversePath === "" ? ["smtp.helo", ascii(helo)] : ["smtp.mailfrom", ascii(spf.domain)]] },
    ...(dkim.length === 0 ? [{ method: "dkim", result: "none" }] : dkim.map(({ result, domain, selector }) => ({ method: "dkim", result, ...(domain !== "" && { properties: [["header.d", ascii(domain)], ["header.s", ascii(selector)]] as const }) }))),
    {
      method: "dmarc", result: dmarc.result,
      properties: [...(dmarc.domain === "" ? [] : [["header.from", ascii(dmarc.domain)] as const]), ...(dmarc.policy === null ? [] : [["policy.dmarc", dmarc.policy] as const])],
    },
    ...(arc.result === "none" ? [] : [{ method: "arc", result: arc.result }]),
  ]
}

// oxlint-disable-next-line no-control-regex -- exactly what is not ASCII
const ascii = (text: string): string => text.replace(/[^\x00-\x7f]/g, "?").slice(0, 253)
