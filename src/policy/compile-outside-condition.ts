import { type CompiledCondition, leaf, oneOf, someOf, yesNo } from "./condition-leaf.ts"
import type { Condition } from "./policy-document.ts"

/** Questions about what SPF, DKIM, DMARC, ARC and the scanners found. A message that nobody checked meets none of them. Pure. */
export function authenticityLeaves({ authenticity }: Pick<Condition, "authenticity">): CompiledCondition[] {
  if (!authenticity) return []
  return [
    ...oneOf("SPF", authenticity.spf, (facts) => facts.authenticity?.spf.result),
    ...someOf("DKIM", authenticity.dkim, ({ facts }) => (facts.authenticity ? (facts.authenticity.dkim.length === 0 ? ["none"] : facts.authenticity.dkim.map(({ result }) => result)) : [])),
    ...oneOf("DMARC", authenticity.dmarc, (facts) => facts.authenticity?.dmarc.result),
    ...oneOf("the policy that DMARC asks for", authenticity.dmarcPolicy, (facts) => (facts.authenticity ? (facts.authenticity.dmarc.policy ?? "nothing") : undefined)),
    ...oneOf("ARC", authenticity.arc, (facts) => facts.authenticity?.arc.result),
    ...yesNo("authenticated by the author's domain", authenticity.aligned, (facts) => facts.authenticity?.aligned),
    ...yesNo("vouched for by a trusted sealer", authenticity.vouched, (facts) => facts.authenticity?.arc.vouched),
  ]
}

export function scanLeaves({ scan }: Pick<Condition, "scan">): CompiledCondition[] {
  if (!scan) return []
  const { score } = scan
  return [
    ...yesNo("virus", scan.virus, (facts) => facts.scan && facts.scan.virus !== null),
    ...oneOf("what the spam scanner would do", scan.spam, (facts) => facts.scan?.spam?.action),
    ...(score
      ? [
          leaf(
            `spam score is ${[score.over === undefined ? "" : `over ${score.over}`, score.under === undefined ? "" : `under ${score.under}`].filter(Boolean).join(" and ")}`,
            ({ facts: { scan: found } }) => found?.spam != null && (score.over === undefined || found.spam.score > score.over) && (score.under === undefined || found.spam.score < score.under),
            ({ facts: { scan: found } }) => (found?.spam ? String(found.spam.score) : "not checked"),
          ),
        ]
      : []),
    ...yesNo("a scanner that did not answer", scan.unavailable, (facts) => facts.scan && facts.scan.unavailable.length > 0),
  ]
}
