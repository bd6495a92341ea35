import type { MonthlyReport, ReportRow, UnitFigures, UnitName } from "./monthly-report-store.ts"

/** A report out of what each unit did, by the tree as it stood in that month. Pure. Rows may hold a cycle: each unit counts once. */
export interface UnitMonth extends UnitName, UnitFigures {
  readonly parentCode: string | null
}

export type ReportTree = Pick<MonthlyReport, "unit" | "above" | "rows" | "total" | "choices">

/** `roots`: tops of what may be seen; null: everything. Undefined when the unit asked for was not there. */
export function reportTree(months: readonly UnitMonth[], roots: readonly string[] | null, asked: string | undefined): ReportTree | undefined {
  const byCode = new Map(months.map((month) => [month.code, month]))
  const below = childrenOf(months)
  const tops = topsOf(byCode, roots)
  const [only] = tops
  const unit = asked === undefined ? (tops.length === 1 ? only : undefined) : byCode.get(asked)
  if (asked !== undefined && !unit) return undefined
  const children = unit ? (below.get(unit.code) ?? []) : tops
  const row = (month: UnitMonth, own = false): ReportRow => ({ code: month.code, name: month.name, own, hasUnits: !own && below.has(month.code), figures: own ? month : sumOf(subtree([month], below)) })
  return {
    unit: unit ? { code: unit.code, name: unit.name, parentName: (unit.parentCode !== null && byCode.get(unit.parentCode)?.name) || null } : null,
    above: unit ? aboveOf(unit, byCode, tops) : [],
    rows: [...(unit ? [row(unit, true)] : []), ...children.map((month) => row(month))],
    total: sumOf(subtree(unit ? [unit] : tops, below)),
    choices: choicesOf(tops, below, unit?.code),
  }
}

const inOrder = new Intl.Collator("vi", { numeric: true })

function childrenOf(months: readonly UnitMonth[]): ReadonlyMap<string, readonly UnitMonth[]> {
  const below = new Map<string, UnitMonth[]>()
  for (const month of months.toSorted((one, other) => inOrder.compare(one.name, other.name))) {
    if (month.parentCode === null) continue
    const known = below.get(month.parentCode)
    if (known) known.push(month)
    else below.set(month.parentCode, [month])
  }
  return below
}

/** Those of the scope that are not below another of it. */
function topsOf(byCode: ReadonlyMap<string, UnitMonth>, roots: readonly string[] | null): readonly UnitMonth[] {
  const named = roots === null ? [...byCode.values()].filter(({ parentCode }) => parentCode === null || !byCode.has(parentCode)) : [...new Set(roots)].flatMap((code) => byCode.get(code) ?? [])
  const codes = new Set(named.map(({ code }) => code))
  return named.filter((month) => !pathOf(month, byCode).slice(1).some(({ code }) => codes.has(code))).toSorted((one, other) => inOrder.compare(one.name, other.name))
}

/** Itself first, up to the top. */
function pathOf(month: UnitMonth, byCode: ReadonlyMap<string, UnitMonth>): readonly UnitMonth[] {
  const path = new Set<UnitMonth>()
  for (let next: UnitMonth | undefined = month; next && !path.has(next); next = next.parentCode === null ? undefined : byCode.get(next.parentCode)) path.add(next)
  return [...path]
}

function aboveOf(unit: UnitMonth, byCode: ReadonlyMap<string, UnitMonth>, tops: readonly UnitMonth[]): readonly UnitName[] {
  const path = pathOf(unit, byCode)
  const last = path.findIndex((month) => tops.includes(month))
  return path.slice(1, last + 1).toReversed().map(({ code, name }) => ({ code, name }))
}

function subtree(tops: readonly UnitMonth[], below: ReadonlyMap<string, readonly UnitMonth[]>): ReadonlySet<UnitMonth> {
  const found = new Set(tops)
  // a set visits what is added while it is walked
  for (const month of found) for (const child of below.get(month.code) ?? []) found.add(child)
  return found
}

function choicesOf(tops: readonly UnitMonth[], below: ReadonlyMap<string, readonly UnitMonth[]>, asked: string | undefined): MonthlyReport["choices"] {
  const seen = new Set<UnitMonth>()
  const from = (month: UnitMonth, depth: number): MonthlyReport["choices"] => {
    if (seen.has(month) || (depth > 0 && !below.has(month.code) && month.code !== asked)) return []
    seen.add(month)
    return [{ code: month.code, name: month.name, depth }, ...(below.get(month.code) ?? []).flatMap((child) => from(child, depth + 1))]
  }
  return tops.flatMap((top) => from(top, 0))
}

const added = (one: number | null, other: number | null): number | null => (one === null ? other : other === null ? one : one + other)

const nothing: UnitFigures = { accounts: null, holders: null, storageBytes: null, sentInternal: 0, sentAgencies: 0, sentOutside: 0, sentSigned: 0, received: 0, documents: 0, copies: 0 }

const sumOf = (months: Iterable<UnitFigures>): UnitFigures =>
  [...months].reduce<UnitFigures>((sum, month) => ({
    accounts: added(sum.accounts, month.accounts), holders: added(sum.holders, month.holders), storageBytes: added(sum.storageBytes, month.storageBytes),
    sentInternal: sum.sentInternal + month.sentInternal, sentAgencies: sum.sentAgencies + month.sentAgencies, sentOutside: sum.sentOutside + month.sentOutside, sentSigned: sum.sentSigned + month.sentSigned,
    received: sum.received + month.received, documents: sum.documents + month.documents, copies: sum.copies + month.copies,
  }), nothing)
