import { type AuthenticityFacts, arcResults, dmarcPolicies, dmarcResults, spfResults } from "../policy/authenticity-facts.ts"
import { type ScanFacts, spamActions } from "../policy/scan-facts.ts"
import { CommandError } from "./context.ts"

/** `--authenticity` and `--scan`: what the policy would say if the DNS or the scanners had said so; the message is asked about by nobody. */
export const authenticityWords = "spf=pass|fail|…, dmarc=pass|fail|…, policy=none|quarantine|reject, arc=none|pass|…, aligned, vouched, with commas between"
export const scanWords = "virus, or an action of the spam scanner (add header, reject, …)"

export function assumedAuthenticity(words: string): AuthenticityFacts {
  const said = new Map(words.split(",").map((word) => {
    const [name = "", value = "yes"] = word.trim().split("=")
    return [name, value] as const
  }))
  for (const name of said.keys()) if (!["spf", "dmarc", "policy", "arc", "aligned", "vouched"].includes(name)) throw new CommandError(`"${name}" is nothing to assume: ${authenticityWords}`)
  const one = <Word extends string>(name: string, list: readonly Word[], fallback: Word): Word => {
    const value = said.get(name)
    const known = value === undefined ? fallback : list.find((word) => word === value)
    if (known === undefined) throw new CommandError(`${name}=${value ?? ""} is none of ${list.join(", ")}`)
    return known
  }
  const policy = said.has("policy") ? one("policy", dmarcPolicies, "none") : null
  return {
    spf: { result: one("spf", spfResults, "none"), domain: "", aligned: false }, dkim: [], dmarc: { result: one("dmarc", dmarcResults, "none"), policy, domain: "", policyDomain: null },
    arc: { result: one("arc", arcResults, "none"), sealers: [], vouched: said.has("vouched") }, aligned: said.has("aligned") || said.get("dmarc") === "pass",
  }
}

export function assumedScan(word: string): ScanFacts {
  if (word === "virus") return { virus: "assumed", spam: null, unavailable: [] }
  const action = spamActions.find((known) => known === word)
  if (action === undefined) throw new CommandError(`"${word}" is nothing that a scanner finds: virus, ${spamActions.join(", ")}`)
  return { virus: null, spam: { score: 0, action }, unavailable: [] }
}
