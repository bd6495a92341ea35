import { setImmediate as breathe } from "node:timers/promises"
import { withoutDiacritics } from "../../../base/folded-name.ts"
import { failed, ok, type Result } from "../../../base/result.ts"
import { addressByRule, officeAddressRule, parseAddressRule } from "../address-rule.ts"
import { problemsOf } from "../check-change.ts"
import type { FieldProblem } from "../problems.ts"
import { readFields } from "../read-fields.ts"
import { isReserved } from "../reserved-names.ts"
import { actionOf, type BulkAction, type BulkColumn, bulkColumns, columnNames, columnOf, kindOf } from "./columns.ts"
import type { BulkFacts, BulkUnit, BulkWork, CellProblem, PlannedRow } from "./rows.ts"
import { maxCellCharacters, type Sheet, type SheetRow } from "./sheet.ts"

/**
 * What a bulk file will do: for each row the work, or every bad cell of it. Nothing is changed, nothing is asked beyond the facts. A row is bad by itself;
 * the others go on without it. Must not know: SQL, files.
 */
export interface BulkRules {
  readonly quotaBytes: { readonly personal: number; readonly organizational: number }
  /** Somebody who looks after all of the province may give reserved names. */
  readonly provinceWide: boolean
}

/** Which column stands where. Fails with what is wrong with the header as a whole. */
export function placesOf(header: readonly string[]): Result<ReadonlyMap<BulkColumn, number>, readonly FieldProblem[]> {
  const places = new Map<BulkColumn, number>()
  const problems: FieldProblem[] = []
  for (const [at, heading] of header.entries()) {
    const column = columnOf(heading)
    if (heading === "") continue
    if (column === undefined) problems.push({ field: "", problem: "unknownColumn", values: { value: heading.slice(0, 60) } })
    else if (places.has(column)) problems.push({ field: "", problem: "columnTwice", values: { value: heading.slice(0, 60) } })
    else places.set(column, at)
  }
  const known = places.has("principalId") || places.has("address")
  for (const column of ["name", "unitCode"] as const) if (!places.has(column) && !known) problems.push({ field: "", problem: "missingColumn", values: { value: columnNames[column].vi[0] } })
  return problems.length > 0 ? failed(problems) : ok(places)
}

/** Ids and addresses that the rows name: what facts are needed of. */
export async function namedIn({ rows }: Sheet, places: ReadonlyMap<BulkColumn, number>): Promise<{ readonly principalIds: readonly string[]; readonly addresses: readonly string[] }> {
  const principalIds = new Set<string>()
  const addresses = new Set<string>()
  for (const [at, row] of rows.entries()) {
    const fields = readFields(cellsOf(row, places))
    principalIds.add(fields.text("principalId"))
    addresses.add(fields.address("address"))
    if (at % slice === slice - 1) await breathe()
  }
  return { principalIds: [...principalIds].filter(Boolean), addresses: [...addresses].filter(Boolean) }
}

const cellsOf = ({ cells }: SheetRow, places: ReadonlyMap<BulkColumn, number>) => (column: string): string | undefined => {
  const place = bulkColumns.find((one) => one === column)
  return place === undefined ? undefined : cells[places.get(place) ?? -1]
}

/** Rows at once, before others have a turn. */
const slice = 50

export async function planBulk(sheet: Sheet, { places, facts, rules }: { readonly places: ReadonlyMap<BulkColumn, number>; readonly facts: BulkFacts; readonly rules: BulkRules }): Promise<readonly PlannedRow[]> {
  const planner = createPlanner(facts, rules)
  const planned: PlannedRow[] = []
  for (const row of sheet.rows) {
    planned.push(planner({ row, get: cellsOf(row, places) }))
    if (planned.length % slice === 0) await breathe()
  }
  return planned
}

type Get = (column: string) => string | undefined

function createPlanner(facts: BulkFacts, rules: BulkRules): (asked: { readonly row: SheetRow; readonly get: Get }) => PlannedRow {
  const unitOf = unitFinder(facts.units)
  const taken = new Set(facts.taken)
  const numbers = new Map<string, number>()
  const lines = new Map<string, number>()
  return ({ row, get }) => {
    const problems: CellProblem[] = []
    const bad = (field: CellProblem["field"], problem: FieldProblem["problem"], values?: FieldProblem["values"]): void => void problems.push({ field, problem, ...(values && { values }) })
    for (const column of bulkColumns) if ((get(column) ?? "").length > maxCellCharacters) bad(column, "tooLong", { max: maxCellCharacters })
    const twin = lines.get(row.cells.join("\0"))
    lines.set(row.cells.join("\0"), twin ?? row.line)
    if (twin !== undefined) bad("", "duplicateRow", { line: twin })
    const action = actionFor(get, facts, bad)
    const context: RowContext = { get, facts, rules, bad, unitOf, taken, numbers, read: readFields(get) }
    const work = problems.length > 0 || action === null ? null : action === "add" ? planAdd(context) : planOther(context, action)
    for (const { field, ...problem } of context.read.problems) problems.push({ ...problem, field: columnFor[field] ?? "" })
    if (work !== null && problems.length === 0) {
      for (const key of keysOf(work)) {
        const other = lines.get(key)
        if (other !== undefined) bad("", "duplicateRow", { line: other })
        lines.set(key, other ?? row.line)
      }
    }
    const good = problems.length === 0 && work !== null
    if (good && work.kind === "add") taken.add(work.account.address)
    return { line: row.line, cells: row.cells, action, work: good ? work : null, problems }
  }
}

interface RowContext {
  readonly get: Get
  readonly facts: BulkFacts
  readonly rules: BulkRules
  readonly bad: (field: CellProblem["field"], problem: FieldProblem["problem"], values?: FieldProblem["values"]) => void
  readonly unitOf: (text: string, bad: RowContext["bad"]) => BulkUnit | undefined
  readonly taken: Set<string>
  /** Of namesakes (address-rule.ts): within a plan addresses are only ever taken. */
  readonly numbers: Map<string, number>
  readonly read: ReturnType<typeof readFields>
}

/** Two rows of one file that change the same are a mistake: which one should count? */
const keysOf = (work: BulkWork): readonly string[] =>
  work.kind === "add" ? (work.person.principalId === "" ? [] : [`person ${work.person.principalId}`]) : [...(work.principalId === null ? [] : [`person ${work.principalId}`]), ...(work.address === null ? [] : [`account ${work.address}`])]

function actionFor(get: Get, facts: BulkFacts, bad: RowContext["bad"]): BulkAction | null {
  const text = (get("action") ?? "").trim()
  if (text !== "") {
    const action = actionOf(text)
    if (action === undefined) bad("action", "notOneOf", { value: text.slice(0, 60), choices: "thêm, sửa, khóa" })
    return action ?? null
  }
  // who is there already is changed
  const fields = readFields(get)
  return facts.people.has(fields.text("principalId")) || facts.accounts.has(fields.address("address")) ? "change" : "add"
}

function planAdd({ read, facts, rules, bad, unitOf, taken, numbers }: RowContext): BulkWork | null {
  const kindText = read.text("kind")
  const kind = kindText === "" ? "personal" : kindOf(kindText)
  if (kind === undefined) bad("kind", "notOneOf", { value: kindText.slice(0, 60), choices: "cá nhân, tổ chức" })
  const unit = unitOf(read.text("unitCode"), bad)
  const principalId = read.text("principalId")
  const known = facts.people.get(principalId)
  if (known && !known.covered) bad("principalId", "outsideScope")
  const name = read.text("name") || known?.record.name || ""
  // where the unit or the kind is unknown the other cells are looked at all the same
  const unitCode = unit?.code ?? "-"
  const person = { principalId, kind: kind === "organizational" ? "organization" : "individual", name, unitCode, title: read.text("title"), phone: phoneOf(read.text("phone")) } as const
  const given = read.address("address")
  const account = { kind: kind ?? "personal", displayName: name, unitCode, quotaBytes: read.bytes("quota", rules.quotaBytes[kind ?? "personal"]), address: given === "" ? null : given, ownerId: null }
  const [from, until] = [read.date("from"), read.date("until")]
  if (from !== null && until !== null && until < from) bad("until", "untilBeforeFrom")
  for (const { field, ...problem } of [...problemsOf({ kind: "addPerson", person }), ...problemsOf({ kind: "addAccount", account }).filter(({ field }) => field !== "displayName" && field !== "unitCode")]) bad(columnFor[field] ?? "", problem.problem, problem.values)
  if (!unit || kind === undefined) return null
  const address = given === "" ? byRule({ unit, kind, name, taken, numbers, bad }) : freeOf(given, { facts, rules, taken, bad })
  return address === undefined ? null : { kind: "add", person, account: { ...account, address }, byRule: given === "", from, until }
}

function byRule({ unit, kind, name, taken, numbers, bad }: { readonly unit: BulkUnit; readonly kind: "personal" | "organizational"; readonly name: string } & Pick<RowContext, "taken" | "numbers" | "bad">): string | undefined {
  if (name === "") return undefined
  const forOffice = kind === "organizational"
  const rule = parseAddressRule(forOffice ? officeAddressRule : unit.rule, { forOffice })
  const made = rule.ok ? addressByRule(rule.value, { name, unit, isTaken: (address) => taken.has(address), numbers }) : undefined
  if (made?.ok) return made.value
  const problem = made?.failure ?? "noLetters"
  bad("address", ({ noLetters: "addressNoLetters", reserved: "addressReserved", tooLong: "addressTooLong", allTaken: "addressAllTaken" } as const)[problem])
  return undefined
}

function freeOf(address: string, { facts, rules, taken, bad }: Pick<RowContext, "facts" | "rules" | "taken" | "bad">): string | undefined {
  const at = address.lastIndexOf("@")
  const domain = address.slice(at + 1)
  if (at > 0 && !facts.units.some((unit) => unit.domain === domain && unit.covered)) bad("address", "foreignDomain", { value: domain })
  else if (!rules.provinceWide && isReserved(address.slice(0, at))) bad("address", "reserved", { value: address.slice(0, at) })
  else if (taken.has(address)) bad("address", "addressTaken", { value: address, use: facts.accounts.has(address) ? "account" : "alias" })
  else return address
  return undefined
}

function planOther({ read, facts, bad, unitOf, rules }: RowContext, action: "change" | "suspend"): BulkWork | null {
  const [id, address] = [read.text("principalId"), read.address("address")]
  if (id === "" && address === "") return bad("principalId", "needsIdOrAddress"), null
  const account = address === "" ? undefined : facts.accounts.get(address)
  if (address !== "" && !account) return bad("address", "noAccount", { value: address.slice(0, 60) }), null
  const principalId = id !== "" ? id : (account?.ownerId ?? null)
  const person = principalId === null ? undefined : facts.people.get(principalId)
  if (id !== "" && !person) return bad("principalId", "noPerson", { value: id.slice(0, 60) }), null
  if (account && !account.covered) return bad("address", "outsideScope"), null
  if (person && !person.covered) return bad(id === "" ? "address" : "principalId", "outsideScope"), null
  const target = account?.record.address ?? null
  if (action === "suspend") {
    const left = (person && !person.record.suspended) || (account && !account.record.suspended)
    if (!left) bad("action", "alreadySo")
    return { kind: "suspend", principalId: person ? principalId : null, address: target }
  }
  const unit = read.text("unitCode") === "" ? undefined : unitOf(read.text("unitCode"), bad)
  const name = read.text("name")
  const personal = { ...(name && { name }), ...(unit && { unitCode: unit.code }), ...(read.text("title") && { title: read.text("title") }), ...(read.text("phone") && { phone: phoneOf(read.text("phone")) }) }
  const quotaBytes = read.text("quota") === "" ? undefined : read.bytes("quota", rules.quotaBytes.personal)
  const ofAccount = target === null ? {} : { ...(name && { displayName: name }), ...(unit && { unitCode: unit.code }), ...(quotaBytes !== undefined && { quotaBytes }) }
  const changedPerson = person ? changesOf(person.record, personal) : {}
  const changedAccount = account ? changesOf(account.record, ofAccount) : {}
  if (person) for (const { field, problem, values } of problemsOf({ kind: "changePerson", seen: "", person: { ...person.record, ...changedPerson } })) bad(columnFor[field] ?? "", problem, values)
  if (account) for (const { field, problem, values } of problemsOf({ kind: "changeAccount", seen: "", account: { ...account.record, ...changedAccount } })) bad(columnFor[field] ?? "", problem, values)
  if (Object.keys(changedPerson).length + Object.keys(changedAccount).length === 0 && read.problems.length === 0 && (read.text("unitCode") === "" || unit)) bad("", "nothingToChange")
  return { kind: "change", principalId: person ? principalId : null, person: changedPerson, address: target, account: changedAccount }
}

const changesOf = <Row extends object, Some extends Partial<Row>>(before: Row, wanted: Some): Some => Object.fromEntries(Object.entries(wanted).filter(([key, value]) => Reflect.get(before, key) !== value)) as Some

/** What `problemsOf` and the readers call a field, as the file's columns have it. */
const columnFor: Readonly<Record<string, BulkColumn>> = {
  ...Object.fromEntries(bulkColumns.map((column) => [column, column])), displayName: "name", quotaBytes: "quota",
}

/** Spreadsheets take a phone number for a number, and its 0 away (numbering plan since 2018: mobiles begin with 3, 5, 7, 8 or 9). */
const phoneOf = (text: string): string => (/^[35789]\d{8}$/.test(text) ? `0${text}` : text)

const folded = (text: string): string => withoutDiacritics(text).toLowerCase().replace(/\s+/g, " ").trim()

/** A unit by its code, or by its name where only one that may be used has it. */
function unitFinder(units: readonly BulkUnit[]): RowContext["unitOf"] {
  const byCode = new Map(units.map((unit) => [unit.code.toLowerCase(), unit]))
  const byName = Map.groupBy(units, ({ name }) => folded(name))
  return (text, bad) => {
    if (text === "") return void bad("unitCode", "empty")
    const named = byName.get(folded(text)) ?? []
    const usable = named.filter(({ covered }) => covered)
    const unit = byCode.get(text.toLowerCase()) ?? (usable.length === 1 ? usable[0] : named.length === 1 ? named[0] : undefined)
    const value = text.slice(0, 60)
    if (!unit) bad("unitCode", named.length > 1 ? "unitAmbiguous" : "noUnit", { value, count: named.length })
    else if (!unit.covered) bad("unitCode", "outsideScope")
    else if (unit.suspended) bad("unitCode", "unitSuspended", { value })
    else return unit
    return undefined
  }
}
