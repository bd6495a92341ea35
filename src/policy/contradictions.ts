import type { Condition, PolicyDocument, Rule } from "./policy-document.ts"

/**
 * What is well-formed and still cannot be meant: names that are not there, conditions that no message can meet, rules that are never
 * reached. Looked for in conditions that hold together (`all`, and the keys beside it); alternatives are looked into one by one. Pure.
 */
export interface Contradiction {
  readonly path: readonly PropertyKey[]
  readonly reason: string
}

export function findContradictions(document: PolicyDocument): readonly Contradiction[] {
  const found: Contradiction[] = []
  const seen = new Map<string, number>()
  let decider: Rule | undefined
  for (const [index, rule] of document.rules.entries()) {
    const path = ["rules", index]
    const first = seen.get(rule.id)
    if (first === undefined) seen.set(rule.id, index)
    else found.push({ path: [...path, "id"], reason: `"${rule.id}" is the id of rule ${first + 1} already` })
    if (decider) found.push({ path, reason: `is never reached: "${decider.id}" above decides every message` })
    if (rule.from !== undefined && rule.until !== undefined && rule.from > rule.until) found.push({ path: [...path, "until"], reason: "is before from: the rule is never in force" })
    found.push(...ofTexts(rule, path))
    if (rule.verdict.mark?.tellSender && rule.when?.direction?.every((one) => one === "inbound")) found.push({ path: [...path, "verdict", "mark", "tellSender"], reason: "nobody outside is told: inbound mail has no sender here" })
    if (rule.when) found.push(...ofCondition(rule.when, [...path, "when"], document))
    if (decidesAll(rule)) decider ??= rule
  }
  return found
}

const decidesAll = ({ when, verdict, from, until }: Rule): boolean => verdict.mark === undefined && from === undefined && until === undefined && (when === undefined || Object.keys(when).length === 0)

/** A sentence about the signature where the signature is valid would be empty. */
function ofTexts({ when, verdict }: Rule, path: readonly PropertyKey[]): Contradiction[] {
  const onlyValid = when?.signature?.status?.every((status) => status === "valid") ?? false
  return onlyValid && /"signature"|\{signature\}/.test(JSON.stringify(verdict)) ? [{ path: [...path, "verdict"], reason: "tells what is wrong with the signature, but the rule is about valid ones" }] : []
}

function ofCondition(condition: Condition, path: readonly PropertyKey[], document: PolicyDocument): Contradiction[] {
  const inner = [
    ...(condition.all ?? []).flatMap((one, index) => ofCondition(one, [...path, "all", index], document)),
    ...(condition.any ?? []).flatMap((one, index) => ofCondition(one, [...path, "any", index], document)),
    ...(condition.not ? ofCondition(condition.not, [...path, "not"], document) : []),
  ]
  return [...unknownNames(condition, path, document), ...ofOne(condition, path), ...ofSeveral(condition, path), ...inner]
}

function unknownNames({ document, sender, recipient, everyRecipient }: Condition, path: readonly PropertyKey[], { documents, domains }: PolicyDocument): Contradiction[] {
  const lists = Object.entries({ sender, recipient, everyRecipient }).flatMap(([key, party]) => (party?.domainList ?? []).map((name) => ({ key, name })))
  return [
    ...(document ?? []).filter((name) => !Object.hasOwn(documents, name)).map((name) => ({ path: [...path, "document"], reason: `"${name}" is no class of the section documents` })),
    ...lists.filter(({ name }) => !Object.hasOwn(domains, name)).map(({ key, name }) => ({ path: [...path, key, "domainList"], reason: `"${name}" is no list of the section domains` })),
  ]
}

/** Within one condition. */
function ofOne(condition: Condition, path: readonly PropertyKey[]): Contradiction[] {
  const { size, signature, tls, sender, recipient, everyRecipient, direction } = condition
  const found: Contradiction[] = []
  const says = (key: PropertyKey | readonly PropertyKey[], reason: string): void => void found.push({ path: [...path, ...(Array.isArray(key) ? key : [key])], reason })
  if (Object.keys(condition).length === 0) found.push({ path, reason: "is empty: leave it out when the rule is for every message" })
  if (size?.over !== undefined && size.under !== undefined && size.over >= size.under) says("size", "no message is over and under these sizes")
  if (signature?.status && !overlap(signature.status, ["invalid", "undecided"]) && signature.problem) says(["signature", "problem"], `there is no problem when the status is ${signature.status.join(" or ")}`)
  if (signature?.status && signature.form && !signature.status.some((status) => formsOf[status].some((form) => signature.form?.includes(form)))) says(["signature", "form"], "does not go with the status")
  if (tls?.used === false && (tls.version ?? tls.cipher ?? tls.clientCertificate) !== undefined) says("tls", "asks for a version, cipher or certificate where TLS is not used")
  for (const [key, party] of Object.entries({ sender, recipient, everyRecipient })) {
    if (party?.local === false && party.kind && !party.kind.includes("foreign")) says([key, "kind"], "whoever is not local is foreign")
    if (party?.kind?.every((kind) => kind === "foreign") && (party.unit ?? party.group)) says([key, "kind"], "nobody foreign belongs to a unit or group")
  }
  if (direction && isForeignOnly(recipient) && !overlap(direction, ["outbound"])) says("recipient", `mail that is ${direction.join(" or ")} has no foreign recipient`)
  return found
}

/** Between the keys that say where a message comes from, here and in `all`. */
function ofSeveral(condition: Condition, path: readonly PropertyKey[]): Contradiction[] {
  const together = conjuncts(condition)
  const found: Contradiction[] = []
  const says = (reason: string, key?: string): void => void found.push({ path: key === undefined ? path : [...path, key], reason })
  for (const [what, read] of Object.entries(single)) {
    const lists = together.map(read).filter((list) => list !== undefined)
    if (lists.length > 1 && !lists[0]?.some((one) => lists.every((list) => list.includes(one)))) says(`no message has a ${what} that fits all of these`)
  }
  const direction = together.find((one) => one.direction)?.direction
  const authentication = together.find((one) => one.authentication)?.authentication
  const inboundOnly = direction?.every((one) => one === "inbound") ?? false
  const key = (name: "authentication" | "sender"): string => (condition[name] ? name : "all")
  if (inboundOnly && authentication && !authentication.includes("none")) says("inbound mail is not signed in", key("authentication"))
  if (direction && !direction.includes("inbound") && authentication?.every((how) => how === "none")) says("only inbound mail comes without signing in", key("authentication"))
  if (direction && !direction.includes("inbound") && together.some(({ sender }) => isForeignOnly(sender))) says(`mail that is ${direction.join(" or ")} has no foreign sender`, key("sender"))
  return found
}

/** What a message has exactly one of. */
const single: Readonly<Record<string, (condition: Condition) => readonly string[] | undefined>> = {
  direction: ({ direction }) => direction,
  "kind of sender": ({ sender }) => sender?.kind,
  "signature status": ({ signature }) => signature?.status,
  "way of signing in": ({ authentication }) => authentication,
}

const conjuncts = (condition: Condition): readonly Condition[] => [condition, ...(condition.all ?? []).flatMap(conjuncts)]

const formsOf = {
  missing: ["none"], valid: ["multipart", "opaque"], invalid: ["none", "multipart", "opaque"], undecided: ["multipart", "opaque"], encrypted: ["encrypted"],
} as const

const overlap = <T>(some: readonly T[], others: readonly T[]): boolean => some.some((one) => others.includes(one))

const isForeignOnly = (party: Condition["recipient"]): boolean => party?.local === false || (party?.kind?.every((kind) => kind === "foreign") ?? false)
