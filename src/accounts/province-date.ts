/** Vietnam keeps UTC+7 all year since 1975, so the civil date needs no time zone database. */
const utcOffsetMs = 7 * 3_600_000

/** The date in Asia/Ho_Chi_Minh at `now` (ms since the epoch), `YYYY-MM-DD`. */
export const provinceDate = (now: number): string => new Date(now + utcOffsetMs).toISOString().slice(0, 10)

/** Date and time there, to the minute: `2026-11-24 09:30`. */
export const provinceDateTime = (ms: number): string => new Date(ms + utcOffsetMs).toISOString().slice(0, 16).replace("T", " ")

/** The month there, `YYYY-MM`, its first moment and that of the next one (ms since the epoch). */
export function provinceMonth(ms: number): { readonly month: string; readonly from: number; readonly until: number } {
  const month = provinceDate(ms).slice(0, 7)
  const [year = 0, number = 0] = month.split("-").map(Number)
  const start = (one: number): number => Date.UTC(year, one - 1, 1) - utcOffsetMs
  return { month, from: start(number), until: start(number + 1) }
}

/** True for a day of the calendar written `YYYY-MM-DD`; 2026-02-30 is none. */
export const isDate = (text: string): boolean => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const ms = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

/** True when `date` is inside the period; both ends belong to it, null is open. */
export const isInForce = (period: { readonly from: string | null; readonly until: string | null }, date: string): boolean =>
  (period.from === null || period.from <= date) && (period.until === null || date <= period.until)
