import { parseBytes } from "../../base/units.ts"
import { canonicalAddress } from "../../mail/address.ts"
import type { Right } from "../directory.ts"
import { rights } from "../import/rows.ts"
import { isDate } from "../province-date.ts"
import { shortened } from "./check-change.ts"
import type { FieldProblem } from "./problems.ts"

/**
 * What people write into forms, cells and options, as values: sizes, dates as they are written here, lists, words in either language. What a rule says of
 * the values is asked by `problemsOf`. Pure.
 */
export interface FieldReader {
  text(field: string): string
  /** Null when empty. */
  optional(field: string): string | null
  address(field: string): string
  addresses(field: string): readonly string[]
  bytes(field: string, fallback: number): number
  date(field: string): string | null
  rights(field: string): readonly Right[]
  readonly problems: readonly FieldProblem[]
}

export function readFields(get: (field: string) => string | undefined): FieldReader {
  const problems: FieldProblem[] = []
  // NFC: keyboards and spreadsheets on some systems write Vietnamese letters decomposed
  const text = (field: string): string => (get(field) ?? "").normalize("NFC").trim().replace(/[ \t\u00a0]+/g, " ")
  const addressOf = (word: string): string => canonicalAddress(word)
  return {
    problems,
    text,
    optional: (field) => text(field) || null,
    address: (field) => (text(field) === "" ? "" : addressOf(text(field))),
    addresses: (field) => [...new Set((get(field) ?? "").normalize("NFC").split(/[\s,;]+/).filter(Boolean).slice(0, maxWords).map(addressOf))].sort(),
    bytes(field, fallback) {
      const given = text(field)
      if (given === "") return fallback
      const bytes = sizeOf(given)
      if (bytes === undefined) problems.push({ field, problem: "notSize", values: { value: shortened(given) } })
      return bytes ?? fallback
    },
    date(field) {
      const given = text(field)
      if (given === "") return null
      const date = dateOf(given)
      if (date === undefined) problems.push({ field, problem: "notDate", values: { value: shortened(given) } })
      return date ?? null
    },
    rights(field) {
      const words = text(field).split(/[\s,;]+/).filter(Boolean)
      const unknown = words.find((word) => !rights.some((right) => right === word))
      if (unknown !== undefined) problems.push({ field, problem: "notOneOf", values: { value: shortened(unknown), choices: rights.join(", ") } })
      return rights.filter((right) => words.includes(right))
    },
  }
}

const maxWords = 60_000

/** "2GiB", and "2GB" or "2 G" as most people write it. */
function sizeOf(text: string): number | undefined {
  const usual = /^(\d+(?:[.,]\d+)?)\s*([KMGT])I?B?$/i.exec(text)
  return usual ? parseBytes(`${usual[1]?.replace(",", ".")}${usual[2]?.toUpperCase()}iB`) : parseBytes(text)
}

/** `2026-01-31` or `31/1/2026`, the day first as it is written here. */
export function dateOf(text: string): string | undefined {
  const [, day = "", month = "", year = ""] = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(text) ?? []
  const date = year === "" ? text : `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`
  return isDate(date) ? date : undefined
}
