import { ImapSyntaxError } from "./syntax-error.ts"

/** A day without time or zone, as SEARCH compares them (RFC 9051 §6.4.4): days since 1 January 1970. */
export type CalendarDate = number

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
const dayMs = 86_400_000

const utcMs = (year: number, month: number, day: number): number | undefined => {
  const date = new Date(0)
  // Date.UTC takes years 0-99 for 1900-1999.
  date.setUTCFullYear(year, month, day)
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date.getTime() : undefined
}

const monthOf = (name: string): number => months.findIndex((month) => month.toLowerCase() === name.toLowerCase())

/** `1-Feb-1994` (RFC 9051 §9 "date-text"). */
export const parseDate = (text: string): CalendarDate => {
  const match = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text)
  const ms = match ? utcMs(Number(match[3]), monthOf(match[2] ?? ""), Number(match[1])) : undefined
  if (ms === undefined) throw new ImapSyntaxError("A date must look like 1-Feb-1994")
  return ms / dayMs
}

/** ` 7-Jul-1996 02:44:25 -0700` (RFC 9051 §9 "date-time") as milliseconds since the epoch. */
export const parseDateTime = (text: string): number => {
  const match = /^([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text)
  const [, day = "", month = "", year = "", hour = "", minute = "", second = "", sign, zoneHour = "", zoneMinute = ""] = match ?? []
  const ms = match ? utcMs(Number(year), monthOf(month), Number(day)) : undefined
  const valid = Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60 && Number(zoneMinute) < 60
  if (ms === undefined || !valid) throw new ImapSyntaxError("A date-time must look like \"17-Jul-1996 02:44:25 -0700\"")
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === "-" ? -1 : 1)
  return ms + ((Number(hour) * 60 + Number(minute) - zone) * 60 + Number(second)) * 1000
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

/** The zone of the province, which has no summer time. Dates without a zone (SEARCH) are days here, and INTERNALDATE is shown so that both agree. */
const zoneMs = 7 * 3_600_000

/** INTERNALDATE, quoted: ` 7-Jul-1996 16:44:25 +0700`. */
export const formatDateTime = (ms: number): string => {
  const date = new Date(ms + zoneMs)
  const day = date.getUTCDate()
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `"${day < 10 ? ` ${day}` : day}-${months[date.getUTCMonth()] ?? ""}-${String(date.getUTCFullYear()).padStart(4, "0")} ${time} +0700"`
}

/** The day of a moment, as INTERNALDATE shows it. */
export const dayOf = (ms: number): CalendarDate => Math.floor((ms + zoneMs) / dayMs)
