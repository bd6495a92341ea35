import { canonicalAddress, isValidMailbox } from "../../mail/address.ts"
import { isPrintable } from "../../mail/printable.ts"
import { rights, unitKinds } from "../import/rows.ts"
import { isDate } from "../province-date.ts"
import { type RuleProblem, parseAddressRule, placeholders } from "./address-rule.ts"
import type { DirectoryChange } from "./changes.ts"
import type { FieldProblem, ProblemKey } from "./problems.ts"

/** What is wrong with a change as it stands, whatever the directory holds. Pure. The store asks this before all else, so that nothing comes in by a side door. */
export function problemsOf(change: DirectoryChange): readonly FieldProblem[] {
  const found: FieldProblem[] = []
  const check = checker((problem) => found.push(problem))
  switch (change.kind) {
    case "addUnit":
    case "changeUnit":
      check.identifier("code", change.unit.code)
      check.text("name", change.unit.name, { max: maxName })
      check.oneOf("kind", change.unit.kind, unitKinds)
      check.domain("domain", change.unit.domain)
      if (change.unit.addressRule !== null) check.rule("addressRule", change.unit.addressRule)
      break
    case "addPerson":
    case "changePerson":
      if (change.kind === "changePerson" || change.person.principalId !== "") check.identifier("principalId", change.person.principalId)
      check.oneOf("kind", change.person.kind, ["individual", "organization"])
      check.text("name", change.person.name, { max: maxName })
      check.identifier("unitCode", change.person.unitCode)
      check.text("title", change.person.title, { max: maxName, optional: true })
      check.phone("phone", change.person.phone)
      break
    case "addAccount":
    case "changeAccount":
      if (change.account.address !== null) check.address("address", change.account.address)
      check.text("displayName", change.account.displayName, { max: maxName })
      check.identifier("unitCode", change.account.unitCode)
      check.bytes("quotaBytes", change.account.quotaBytes)
      if (change.kind === "addAccount") check.oneOf("kind", change.account.kind, ["personal", "organizational"])
      break
    case "putAssignment": {
      const { assignment } = change
      check.address("address", assignment.address)
      check.identifier("principalId", assignment.principalId)
      if (assignment.rights.length === 0) check.bad("rights", "noRight")
      for (const right of assignment.rights) check.oneOf("rights", right, rights)
      check.date("from", assignment.from)
      check.date("until", assignment.until)
      if (assignment.from !== null && assignment.until !== null && assignment.until < assignment.from) check.bad("until", "untilBeforeFrom")
      break
    }
    case "addAlias":
      check.address("address", change.alias.address)
      check.address("target", change.alias.target)
      check.date("expiresOn", change.alias.expiresOn)
      break
    case "addGroup":
    case "changeGroup": {
      const { group } = change
      check.address("address", group.address)
      check.text("displayName", group.displayName, { max: maxName })
      if (group.unitCode !== null) check.identifier("unitCode", group.unitCode)
      for (const field of ["allowedSenders", "moderators", "members"] as const) {
        const list = group[field] ?? []
        const max = field === "members" ? maxMembers : maxListed
        if (list.length > max) check.bad(field, "tooMany", { max })
        else for (const address of list) check.address(field, address)
      }
      // held for ever: nobody could let it go
      if (group.moderators?.length === 0) check.bad("moderators", "empty")
    }
  }
  return found
}

export const maxName = 200
const maxIdentifier = 64
const maxPhone = 40
const maxListed = 200
/** Ten times the province. */
const maxMembers = 50_000
/** As in import/row-check.ts: keeps sums of quotas exact. */
export const maxQuotaBytes = 2 ** 50

/** A reader sees nothing of them: two names, or a name and a reserved one, would look the same (Unicode TR 36 §2.5). */
const invisible = /[\u00ad\u180e\u200b-\u200d\u2060-\u2064\u3164\ufeff\ufff9-\ufffb]/

/** All of it, as it is. */
const isShown = (text: string): boolean => isPrintable(text) && !invisible.test(text)

function checker(report: (problem: FieldProblem) => unknown) {
  const bad = (field: string, problem: ProblemKey, values?: FieldProblem["values"]): void => void report({ field, problem, ...(values && { values }) })
  return {
    bad,
    text(field: string, text: string, { max, optional = false }: { readonly max: number; readonly optional?: boolean }) {
      if (text.trim() === "" && !optional) bad(field, "empty")
      else if (text.length > max) bad(field, "tooLong", { max })
      else if (!isShown(text) || !text.isWellFormed()) bad(field, "control")
    },
    identifier(field: string, text: string) {
      if (text === "") bad(field, "empty")
      else if (text.length > maxIdentifier) bad(field, "tooLong", { max: maxIdentifier })
      else if (!/^[\p{L}\p{N}._-]+$/u.test(text)) bad(field, "identifier")
    },
    oneOf(field: string, text: string, choices: readonly string[]) {
      if (!choices.includes(text)) bad(field, text === "" ? "empty" : "notOneOf", { value: shortened(text), choices: choices.join(", ") })
    },
    address(field: string, text: string) {
      if (text === "") bad(field, "empty")
      else if (!isValidMailbox(text) || canonicalAddress(text) !== text || !isShown(text)) bad(field, "notAddress", { value: shortened(text) })
    },
    domain(field: string, text: string) {
      if (text === "") bad(field, "empty")
      else if (!isValidMailbox(`x@${text}`) || text.startsWith("[") || canonicalAddress(`x@${text}`) !== `x@${text}`) bad(field, "notDomain", { value: shortened(text) })
    },
    bytes(field: string, bytes: number) {
      if (!Number.isSafeInteger(bytes) || bytes < 0) bad(field, "notSize", { value: String(bytes) })
      else if (bytes > maxQuotaBytes) bad(field, "tooLarge", { max: "1024TiB" })
    },
    date(field: string, text: string | null) {
      if (text !== null && !isDate(text)) bad(field, "notDate", { value: shortened(text) })
    },
    phone(field: string, text: string) {
      if (text.length > maxPhone) bad(field, "tooLong", { max: maxPhone })
      else if (!/^[0-9+(). -]*$/.test(text)) bad(field, "notPhone")
    },
    rule(field: string, template: string) {
      const rule = parseAddressRule(template)
      if (!rule.ok) report(ruleProblem(field, rule.failure))
    },
  }
}

export const ruleProblem = (field: string, failure: RuleProblem): FieldProblem => ({ field, problem: ruleProblems[failure], values: { choices: [...placeholders, "domain"].map((name) => `{${name}}`).join(" ") } })

const ruleProblems = {
  long: "ruleLong", noDomain: "ruleNoDomain", unknownPlaceholder: "ruleUnknownPlaceholder", badLetters: "ruleBadLetters", nobody: "ruleNobody",
} as const satisfies Readonly<Record<RuleProblem, ProblemKey>>

export const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
