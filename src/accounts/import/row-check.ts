import { parseBytes } from "../../base/units.ts"
import { canonicalAddress, isValidMailbox } from "../../mail/address.ts"
import { isDate } from "../province-date.ts"
import type { CsvRow } from "./read-csv.ts"

/** Reads the fields of one row, each by its rule. What breaks a rule is reported and the row is not `good` any more. */
export interface RowCheck {
  readonly good: boolean
  text(column: string, rule: { readonly max: number; readonly optional?: boolean }): string
  /** A code or id: letters, digits, dot, dash, underscore. */
  identifier(column: string, optional?: boolean): string
  oneOf<T extends string>(column: string, words: readonly [T, ...T[]]): T
  address(column: string): string
  addresses(column: string): readonly string[]
  domain(column: string): string
  bytes(column: string): number
  words<T extends string>(column: string, words: readonly [T, ...T[]]): readonly T[]
  date(column: string): string | null
  bad(column: string, reason: string): void
}

const maxIdentifier = 64
const maxAddresses = 200
/** More than any disk; keeps sums of quotas exact. */
const maxQuotaBytes = 2 ** 50

export function checkRow(row: CsvRow, report: (column: string, reason: string) => void): RowCheck {
  let good = true
  const bad = (column: string, reason: string): void => {
    good = false
    report(column, reason)
  }
  /** NFC: spreadsheets on some systems write Vietnamese letters decomposed. */
  const field = (column: string): string => row.field(column).normalize("NFC")
  const oneAddress = (column: string, text: string): string => {
    if (text === "") bad(column, "is empty")
    else if (!isValidMailbox(text)) bad(column, `"${short(text)}" is not an address`)
    return canonicalAddress(text)
  }
  return {
    get good() {
      return good
    },
    bad,
    text(column, { max, optional = false }) {
      const text = field(column)
      if (text === "" && !optional) bad(column, "is empty")
      else if (text.length > max) bad(column, `is longer than ${max} characters`)
      return text
    },
    identifier(column, optional = false) {
      const text = field(column)
      if (text === "" && optional) return text
      if (text === "") bad(column, "is empty")
      else if (text.length > maxIdentifier) bad(column, `is longer than ${maxIdentifier} characters`)
      else if (!/^[\p{L}\p{N}._-]+$/u.test(text)) bad(column, `"${short(text)}" may only have letters, digits, ".", "-" and "_"`)
      return text
    },
    oneOf(column, words) {
      const text = field(column)
      const word = words.find((candidate) => candidate === text)
      if (word === undefined) bad(column, text === "" ? "is empty" : `"${short(text)}" is not one of: ${words.join(", ")}`)
      return word ?? words[0]
    },
    address: (column) => oneAddress(column, field(column)),
    addresses(column) {
      const listed = field(column).split(/[\s;]+/).filter((text) => text !== "")
      if (listed.length > maxAddresses) bad(column, `lists more than ${maxAddresses} addresses`)
      return [...new Set(listed.slice(0, maxAddresses).map((text) => oneAddress(column, text)))].sort()
    },
    domain(column) {
      const text = field(column)
      if (text === "") bad(column, "is empty")
      else if (!isValidMailbox(`x@${text}`) || text.startsWith("[")) bad(column, `"${short(text)}" is not a domain`)
      return canonicalAddress(`x@${text}`).slice(2)
    },
    bytes(column) {
      const text = field(column)
      const bytes = parseBytes(text)
      if (text === "") bad(column, "is empty")
      else if (bytes === undefined) bad(column, `"${short(text)}" is not a size such as "500MiB" or "2GiB"`)
      else if (bytes > maxQuotaBytes) bad(column, `"${short(text)}" is more than 1024TiB`)
      return bytes ?? 0
    },
    words(column, words) {
      const given = field(column).split(/\s+/).filter((text) => text !== "")
      if (given.length === 0) bad(column, "is empty")
      for (const text of given) if (!words.some((word) => word === text)) bad(column, `"${short(text)}" is not one of: ${words.join(", ")}`)
      return words.filter((word) => given.includes(word))
    },
    date(column) {
      const text = field(column)
      if (text !== "" && !isDate(text)) bad(column, `"${short(text)}" is not a date such as "2026-01-31"`)
      return text === "" ? null : text
    },
  }
}

/** Enough of a bad value to find it. */
export const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
