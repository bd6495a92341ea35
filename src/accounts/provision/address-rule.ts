import { withoutDiacritics } from "../../base/folded-name.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { canonicalAddress, isValidMailbox } from "../../mail/address.ts"
import { isReserved } from "./reserved-names.ts"

/**
 * How a unit names its mailboxes: `{ten}{hodem}.{donvi}@{domain}` makes "Nguyễn Văn Đạt" of unit UBND.VP to `datnv.vp@tinh.example`. Letters lose their
 * marks, a name that is taken gets a number, one that stands for an office of the mail system is refused. Pure. Must not know: SQL, which units there are.
 */
export interface AddressRule {
  readonly template: string
  readonly parts: readonly RulePart[]
}

export type RulePart = { readonly kind: "text"; readonly text: string } | { readonly kind: "value"; readonly name: Placeholder }

/** What a template may name: given name, family name, initials of all but the given name, whole name, unit, agency, number. */
export const placeholders = ["ten", "ho", "hodem", "hoten", "donvi", "coquan", "so"] as const
export type Placeholder = (typeof placeholders)[number]

/** The template begins in the middle of nowhere without one of these: every person of the unit would get the same name. */
const personal: readonly Placeholder[] = ["ten", "hoten"]
const ofPersons: ReadonlySet<Placeholder> = new Set<Placeholder>(["ten", "ho", "hodem", "hoten"])

export const defaultAddressRule = "{ten}{hodem}.{donvi}@{domain}"
/** An office's own mailbox carries the unit's name. */
export const officeAddressRule = "{donvi}@{domain}"

export const ruleProblems = ["long", "noDomain", "unknownPlaceholder", "badLetters", "nobody"] as const
export type RuleProblem = (typeof ruleProblems)[number]

const maxTemplate = 100

/** `forOffice`: a rule that names no person is fine. */
export function parseAddressRule(template: string, { forOffice = false }: { readonly forOffice?: boolean } = {}): Result<AddressRule, RuleProblem> {
  if (template.length > maxTemplate) return failed("long")
  // another domain than the unit's own would let whoever writes rules name mailboxes of others
  if (!template.endsWith(domainPart)) return failed("noDomain")
  const parts: RulePart[] = []
  for (const [, text, name] of template.slice(0, -domainPart.length).matchAll(/([^{}]+)|\{([^{}]*)\}|[{}]/g)) {
    const placeholder = placeholders.find((word) => word === name)
    if (text !== undefined) {
      if (!/^[a-z0-9._-]+$/.test(text)) return failed("badLetters")
      parts.push({ kind: "text", text })
    } else if (placeholder === undefined) return failed("unknownPlaceholder")
    else parts.push({ kind: "value", name: placeholder })
  }
  if (!forOffice && !parts.some((part) => part.kind === "value" && personal.includes(part.name))) return failed("nobody")
  return ok({ template, parts })
}

const domainPart = "@{domain}"

export interface AddressRequest {
  readonly name: string
  readonly unit: { readonly code: string; readonly domain: string }
  /** Of a canonical address. */
  readonly isTaken: (address: string) => boolean
  /** Where the search for a name's number goes on, shared by requests between which no address becomes free: a thousand namesakes would be looked for half a million times. */
  readonly numbers?: Map<string, number>
}

export const addressProblems = ["noLetters", "reserved", "tooLong", "allTaken"] as const
export type AddressProblem = (typeof addressProblems)[number]

/** As many people of one name as one unit will have; the search ends. */
const maxNumber = 999

/** The first free address by the rule: canonical, ASCII in its local part. */
export function addressByRule(rule: AddressRule, { name, unit, isTaken, numbers }: AddressRequest): Result<string, AddressProblem> {
  const values = valuesOf(name, unit.code)
  if (rule.parts.some((part) => part.kind === "value" && part.name !== "so" && part.name !== "ho" && part.name !== "hodem" && values[part.name] === "")) return failed("noLetters")
  const series = [rule.template, unit.domain, ...Object.values(values)].join("\0")
  for (let number = numbers?.get(series) ?? 1; number <= maxNumber; number++) {
    numbers?.set(series, number)
    const local = localPart(rule.parts, values, number === 1 ? "" : String(number))
    if (local === "") return failed("noLetters")
    if (isReserved(local)) return failed("reserved")
    const address = canonicalAddress(`${local}@${unit.domain}`)
    if (!isValidMailbox(address)) return failed("tooLong")
    if (!isTaken(address)) return ok(address)
  }
  return failed("allTaken")
}

type Values = Readonly<Record<Exclude<Placeholder, "so">, string>>

/** Vietnamese names begin with the family name and end with the given name. What stands in brackets tells namesakes apart, and is no name. */
function valuesOf(name: string, unitCode: string): Values {
  const words = name.replace(/\([^()]*\)/g, " ").split(/\s+/).map(plain).filter((word) => word !== "")
  const segments = unitCode.split(".").map(plain).filter((word) => word !== "")
  return {
    ten: words.at(-1) ?? "",
    ho: words.length > 1 ? (words[0] ?? "") : "",
    hodem: words.slice(0, -1).map((word) => word.charAt(0)).join(""),
    hoten: words.join(""),
    donvi: segments.at(-1) ?? "",
    coquan: segments[0] ?? "",
  }
}

const plain = (text: string): string => withoutDiacritics(text).toLowerCase().replace(/[^a-z0-9]/g, "")

/** The number stands where the rule says, or right behind the person's name. An empty value leaves no lonely dot. */
function localPart(parts: readonly RulePart[], values: Values, number: string): string {
  const hasPlace = parts.some((part) => part.kind === "value" && part.name === "so")
  const last = parts.findLastIndex((part) => part.kind === "value" && ofPersons.has(part.name))
  const numbered = hasPlace ? -1 : last < 0 ? parts.length - 1 : last
  const text = parts.map((part, at) => `${part.kind === "text" ? part.text : part.name === "so" ? number : values[part.name]}${at === numbered ? number : ""}`).join("")
  return text.replace(/([._-])[._-]+/g, "$1").replace(/^[._-]+|[._-]+$/g, "")
}
