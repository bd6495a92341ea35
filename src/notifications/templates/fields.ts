import { failed, ok, type Result } from "../../base/result.ts"

/**
 * What a template is filled with: each field has a type, and a value is what its type says or is refused. Text comes from the data of other systems,
 * which had it from anybody: it brings no line end into a subject, no character that turns the reading direction, and no link. Pure.
 */
export const fieldTypes = ["text", "lines", "date", "time", "number", "money", "url"] as const
export type FieldType = (typeof fieldTypes)[number]

export interface FieldRule {
  readonly type: FieldType
  /** Characters of `text` and `lines`. */
  readonly max?: number | undefined
}

export type Language = "vi" | "en"

/** A value that was checked: as it is shown in each language. */
export type ShownValue = Readonly<Record<Language, string>>

const usualMax = { text: 200, lines: 4_000 } as const
const maxUrlCharacters = 2_000
/** More than the budget of any province, in đồng. */
const maxNumber = 1e15

// oxlint-disable-next-line no-control-regex -- exactly the characters that are no text
const control = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/
// oxlint-disable-next-line no-control-regex -- the same, line ends and tabs apart
const controlButLines = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]/
/** What makes a reader see other text than there is (Unicode TR 36 §2.5). */
const direction = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/
/** Mail clients make a link of these in plain text, too. */
const link = /:\/\/|\bwww\.|\b(?:mailto|javascript):/i

/** Failure: a clause about the value. `hosts`: where its links may lead, "*.tinh.example" for every name below. */
export function showField({ type, max }: FieldRule, value: unknown, hosts: readonly string[]): Result<ShownValue, string> {
  switch (type) {
    case "text":
    case "lines":
      return showText(value, type, max ?? usualMax[type])
    case "date":
      return showDate(value)
    case "time":
      return showTime(value)
    case "number":
    case "money":
      return showNumber(value, type)
    case "url":
      return showUrl(value, hosts)
  }
}

const same = (text: string): Result<ShownValue, string> => ok({ vi: text, en: text })

function showText(value: unknown, type: "text" | "lines", max: number): Result<ShownValue, string> {
  if (typeof value !== "string" || value.trim() === "") return failed("is no text")
  if (value.length > max) return failed(`has more than ${max} characters`)
  const text = type === "lines" ? value.replaceAll("\r\n", "\n") : value
  if ((type === "lines" ? controlButLines : control).test(text) || !text.isWellFormed()) return failed(type === "lines" ? "has a control character in it" : "has a line end or another control character in it")
  if (direction.test(text)) return failed("has a character in it that turns the reading direction")
  if (link.test(text)) return failed("has a link in it: links go into fields of the type url")
  return same(text.trim())
}

function showDate(value: unknown): Result<ShownValue, string> {
  const [, year, month, day] = (typeof value === "string" && /^(\d{4})-(\d{2})-(\d{2})$/.exec(value)) || []
  const isDay = year !== undefined && new Date(`${String(value)}T00:00:00Z`).toString() !== "Invalid Date" && new Date(`${String(value)}T00:00:00Z`).toISOString().startsWith(String(value))
  return isDay ? ok({ vi: `${day}/${month}/${year}`, en: `${Number(day)} ${months[Number(month) - 1]} ${year}` }) : failed("is no day such as 2026-12-31")
}

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]

const utcOffsetMs = 7 * 3_600_000

/** Shown as the province's clocks have it. */
function showTime(value: unknown): Result<ShownValue, string> {
  const ms = typeof value === "string" && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) return failed("is no time such as 2026-12-31T17:00:00+07:00")
  const local = new Date(ms + utcOffsetMs).toISOString()
  const day = showDate(local.slice(0, 10))
  return day.ok ? ok({ vi: `${local.slice(11, 16)} ngày ${day.value.vi}`, en: `${local.slice(11, 16)} on ${day.value.en}` }) : day
}

function showNumber(value: unknown, type: "number" | "money"): Result<ShownValue, string> {
  if (typeof value !== "number" || !Number.isFinite(value) || Math.abs(value) > maxNumber) return failed("is no number")
  if (type === "money" && (!Number.isInteger(value) || value < 0)) return failed("is no whole number of đồng")
  const vi = numberFormat.vi.format(value)
  const en = numberFormat.en.format(value)
  return ok(type === "money" ? { vi: `${vi} đồng`, en: `VND ${en}` } : { vi, en })
}

const numberFormat = { vi: new Intl.NumberFormat("vi-VN"), en: new Intl.NumberFormat("en-US") }

function showUrl(value: unknown, hosts: readonly string[]): Result<ShownValue, string> {
  if (typeof value !== "string" || value.length > maxUrlCharacters || !URL.canParse(value)) return failed("is no URL")
  const url = new URL(value)
  if (url.protocol !== "https:") return failed("is no https URL")
  if (url.username !== "" || url.password !== "" || url.port !== "") return failed("has a user name or a port in it")
  if (!hosts.some((host) => (host.startsWith("*.") ? url.hostname.endsWith(host.slice(1)) : url.hostname === host))) return failed(`leads to ${url.hostname}, which is not among the template's hosts`)
  return same(url.href)
}
