import { canonicalAddress } from "../mail/address.ts"
import { authenticityLeaves, scanLeaves } from "./compile-outside-condition.ts"
import { type CompiledCondition, leaf, listed, oneOf, someOf, yesNo } from "./condition-leaf.ts"
import { isWithin, minuteOfDay, weekdayOf } from "./civil-time.ts"
import type { PartyFacts } from "./facts.ts"
import type { Condition, PolicyDocument } from "./policy-document.ts"

export function compileCondition(condition: Condition, document: PolicyDocument): CompiledCondition {
  const parts = [
    ...leaves(condition, document),
    ...(condition.all ?? []).map((one) => compileCondition(one, document)),
    ...(condition.any ? [anyOf(condition.any.map((one) => compileCondition(one, document)))] : []),
    ...(condition.not ? [notOf(compileCondition(condition.not, document))] : []),
  ]
  const [only] = parts
  return parts.length === 1 && only ? only : { kind: "all", text: "all of", parts, test: (facts) => parts.every((part) => part.test(facts)), found: () => "" }
}

const anyOf = (parts: readonly CompiledCondition[]): CompiledCondition => ({ kind: "any", text: "any of", parts, test: (facts) => parts.some((part) => part.test(facts)), found: () => "" })

const notOf = (part: CompiledCondition): CompiledCondition => ({ kind: "not", text: "not", parts: [part], test: (facts) => !part.test(facts), found: () => "" })

function leaves(condition: Condition, document: PolicyDocument): CompiledCondition[] {
  const { direction, sender, recipient, everyRecipient, document: classes, size, authentication, notification, time } = condition
  return [
    ...oneOf("direction", direction, (facts) => facts.direction),
    ...(sender ? senderLeaves(sender, document) : []),
    ...(recipient ? [recipientLeaf("a recipient", recipient, document, (recipients, test) => recipients.some(test))] : []),
    ...(everyRecipient ? [recipientLeaf("every recipient", everyRecipient, document, (recipients, test) => recipients.length > 0 && recipients.every(test))] : []),
    ...(classes
      ? [leaf(`document is of class ${classes.join(" or ")}`, (facts) => classes.some((name) => facts.isOfClass(name)), (facts) => listed(Object.keys(document.documents).filter((name) => facts.isOfClass(name))))]
      : []),
    ...(size ? [leaf(`size is ${sizeText(size)}`, ({ facts: { bytes } }) => (size.over === undefined || bytes > size.over) && (size.under === undefined || bytes < size.under), ({ facts }) => `${facts.bytes} bytes`)] : []),
    ...oneOf("authentication", authentication, (facts) => facts.authentication.how),
    ...yesNo("a notification (null reverse-path)", notification, (facts) => facts.reversePath === ""),
    ...signatureLeaves(condition),
    ...authenticityLeaves(condition),
    ...scanLeaves(condition),
    ...tlsLeaves(condition),
    ...(time?.hours ? [hoursLeaf(time.hours)] : []),
    ...oneOf("weekday", time?.weekdays, (facts) => weekdayOf(facts.at)),
  ]
}

const sizeText = ({ over, under }: NonNullable<Condition["size"]>): string =>
  [over === undefined ? "" : `over ${over} bytes`, under === undefined ? "" : `under ${under} bytes`].filter(Boolean).join(" and ")

function hoursLeaf(hours: NonNullable<NonNullable<Condition["time"]>["hours"]>): CompiledCondition {
  return leaf(`hour is ${clock(hours.from)}-${clock(hours.until)}`, ({ facts }) => isWithin(hours, minuteOfDay(facts.at)), ({ facts }) => clock(minuteOfDay(facts.at)))
}

const clock = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`

type PartyCondition = NonNullable<Condition["recipient"]>
type SenderCondition = NonNullable<Condition["sender"]>

function senderLeaves({ address, domain, domainList, ...rest }: SenderCondition, document: PolicyDocument): CompiledCondition[] {
  const domains = domainsOf({ domain, domainList }, document)
  const addresses = address && new Set(address.map(canonicalAddress))
  return [
    ...(addresses ? [leaf(`sender address is ${[...addresses].join(" or ")}`, ({ facts }) => addresses.has(facts.sender?.address ?? ""), ({ facts }) => facts.sender?.address ?? "none")] : []),
    ...(domains ? [leaf(`sender domain is in ${domains.text}`, (facts) => facts.senderDomains().some(domains.test), (facts) => listed(facts.senderDomains()))] : []),
    ...partyTests(rest).map(({ text, test, found }) => leaf(`sender ${text}`, ({ facts }) => facts.sender !== null && test(facts.sender), ({ facts }) => (facts.sender ? found(facts.sender) : "no sender"))),
  ]
}

/** All that is asked must hold for the same recipient. */
function recipientLeaf(
  who: string,
  condition: PartyCondition,
  document: PolicyDocument,
  quantify: (recipients: readonly PartyFacts[], test: (party: PartyFacts) => boolean) => boolean,
): CompiledCondition {
  const domains = domainsOf(condition, document)
  const tests = [...partyTests(condition), ...(domains ? [{ text: `domain is in ${domains.text}`, test: (party: PartyFacts) => domains.test(party.domain), found: (party: PartyFacts) => party.domain }] : [])]
  const test = (party: PartyFacts): boolean => tests.every((one) => one.test(party))
  return leaf(
    `${who}: ${tests.map(({ text }) => text).join(" and ")}`,
    ({ facts }) => quantify(facts.recipients, test),
    ({ facts }) => listed(facts.recipients.map((party) => tests.map(({ found }) => found(party)).join(" "))),
  )
}

interface PartyTest {
  readonly text: string
  readonly test: (party: PartyFacts) => boolean
  readonly found: (party: PartyFacts) => string
}

function partyTests({ unit, kind, group, local }: PartyCondition): PartyTest[] {
  const units = unit && new Set(unit)
  const kinds: ReadonlySet<string> | undefined = kind && new Set(kind)
  const groups = group && new Set(group.map(canonicalAddress))
  return [
    ...(units ? [{ text: `unit is in ${[...units].join(" or ")}`, test: (party: PartyFacts) => party.units.some((code) => units.has(code)), found: (party: PartyFacts) => party.units[0] ?? "no unit" }] : []),
    ...(kinds ? [{ text: `kind is ${[...kinds].join(" or ")}`, test: (party: PartyFacts) => kinds.has(party.kind), found: (party: PartyFacts) => party.kind }] : []),
    ...(groups ? [{ text: `group is ${[...groups].join(" or ")}`, test: (party: PartyFacts) => party.groups.some((address) => groups.has(address)), found: (party: PartyFacts) => listed(party.groups) }] : []),
    ...(local === undefined ? [] : [{ text: local ? "is local" : "is not local", test: (party: PartyFacts) => party.local === local, found: (party: PartyFacts) => (party.local ? "local" : "not local") }]),
  ]
}

interface Domains {
  readonly text: string
  /** True for a domain of the set and for what lies below one. */
  readonly test: (domain: string) => boolean
}

function domainsOf({ domain, domainList }: Pick<PartyCondition, "domain" | "domainList">, { domains }: PolicyDocument): Domains | undefined {
  if (!domain && !domainList) return undefined
  const canonical = (one: string): string => canonicalAddress(`x@${one}`).slice(2)
  const listed = (domainList ?? []).flatMap((name) => (Object.hasOwn(domains, name) ? (domains[name] ?? []) : []))
  const set = new Set([...(domain ?? []), ...listed].map(canonical))
  const within = (asked: string): boolean => {
    if (set.has(asked)) return true
    for (let dot = asked.indexOf("."); dot !== -1; dot = asked.indexOf(".", dot + 1)) if (set.has(asked.slice(dot + 1))) return true
    return false
  }
  return { text: [...(domain ?? []), ...(domainList ?? []).map((name) => `list ${name}`)].join(" or "), test: within }
}

function signatureLeaves({ signature }: Condition): CompiledCondition[] {
  if (!signature) return []
  return [
    ...oneOf("signature status", signature.status, (facts) => facts.signature.status),
    ...someOf("signature problem", signature.problem, (facts) => facts.problems()),
    ...someOf("certificate holder", signature.holder, ({ facts }) => facts.signature.signers.map(({ holder }) => holder?.kind ?? "unknown")),
    ...oneOf("signature form", signature.form, (facts) => facts.signature.form),
    ...oneOf("header protection", signature.headerProtection, (facts) => facts.signature.headerProtection),
    ...someOf("field that differs from the signed one", signature.headerDiffers, ({ facts }) => facts.signature.headerDiffers ?? []),
    ...yesNo("time-stamped", signature.timestamped, (facts) => facts.signature.timestamped),
  ]
}

function tlsLeaves({ tls }: Condition): CompiledCondition[] {
  if (!tls) return []
  const { cipher } = tls
  return [
    ...yesNo("TLS", tls.used, (facts) => facts.tls !== null),
    ...oneOf("TLS version", tls.version, (facts) => facts.tls?.version ?? "none"),
    ...(cipher
      ? [leaf(`TLS cipher is like ${cipher.map(({ source }) => source).join(" or ")}`, ({ facts }) => cipher.some((one) => one.matches(facts.tls?.cipher.toLowerCase() ?? "")), ({ facts }) => facts.tls?.cipher ?? "none")]
      : []),
    ...yesNo("TLS client certificate", tls.clientCertificate, (facts) => facts.tls?.clientCertificate ?? false),
  ]
}
