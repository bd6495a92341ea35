const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

/** RFC 5322 §4.3: zones by name, in minutes east; the military letters mean nothing and count as UTC. */
const zones: Readonly<Record<string, number>> = {
  ut: 0, gmt: 0, utc: 0, z: 0, edt: -240, est: -300, cdt: -300, cst: -360, mdt: -360, mst: -420, pdt: -420, pst: -480, ict: 420,
}

const dateTime = /^(?:[a-z]+\.?\s*,?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s-]+(\d{2,4})[\s,]+(\d{1,2})\s*[:.]\s*(\d{2})(?:\s*[:.]\s*(\d{2})(?:\.\d+)?)?\s*(?:([+-])(\d{2}):?(\d{2})|([a-z]+))?/i

/** No honest date is longer, comments and folding included. */
const maxDateChars = 200

/**
 * A Date: value as milliseconds since the epoch, null when it cannot be read (RFC 5322 §3.3, obsolete forms of §4.3 included).
 */
export const parseRfc5322Date = (value: string): number | null => {
  const text = value.slice(0, maxDateChars).replace(/\([^()]*\)/g, " ").trim()
  const match = dateTime.exec(text)
  if (!match) return null
  const [, day = "", monthName = "", yearText = "", hour = "", minute = "", second = "0", sign, zoneHours = "0", zoneMinutes = "0", zoneName] = match
  const month = months.indexOf(monthName.toLowerCase())
  if (month === -1 || Number(day) < 1 || Number(day) > 31 || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return null
  const year = fullYear(yearText)
  const offset = sign ? (sign === "-" ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes)) : (zones[(zoneName ?? "").toLowerCase()] ?? 0)
  const ms = new Date(0).setUTCFullYear(year, month, Number(day)) + ((Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second)) * 1000
  return Number.isNaN(ms) ? null : ms
}

/** RFC 5322 §4.3: two digits below 50 are 20xx, other two- and three-digit years count from 1900. */
const fullYear = (text: string): number => {
  const year = Number(text)
  if (text.length >= 4) return year
  return text.length === 2 && year < 50 ? 2000 + year : 1900 + year
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const two = (value: number): string => String(value).padStart(2, "0")

/** The zone of the province, which has no summer time. */
const defaultZoneMinutes = 7 * 60

/** An RFC 5322 §3.3 date-time, "Mon, 23 Nov 2026 21:38:27 +0700"; `zoneMinutes` is east of UTC. */
export const formatDate = (ms: number, zoneMinutes = defaultZoneMinutes): string => {
  const local = new Date(ms + zoneMinutes * 60_000)
  const month = months[local.getUTCMonth()] ?? ""
  const zone = Math.abs(zoneMinutes)
  return `${weekdays[local.getUTCDay()]}, ${two(local.getUTCDate())} ${month.charAt(0).toUpperCase()}${month.slice(1)} ${local.getUTCFullYear()} ${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())} ${zoneMinutes < 0 ? "-" : "+"}${two(Math.floor(zone / 60))}${two(zone % 60)}`
}
