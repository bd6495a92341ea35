/**
 * Dates, weekdays and hours of a policy are those of Asia/Ho_Chi_Minh. Vietnam keeps UTC+7 all year since 1975, so no time zone
 * database is asked. Times are milliseconds since the epoch. Pure.
 */
import { isDate, provinceDate } from "../accounts/province-date.ts"

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const
export type Weekday = (typeof weekdays)[number]

const utcOffsetMs = 7 * 3_600_000
const dayMs = 24 * 3_600_000

/** `YYYY-MM-DD` there. */
export const civilDate = provinceDate

/** Start of a day written `YYYY-MM-DD`; undefined when it is none. */
export const startOfDay = (date: string): number | undefined => (isDate(date) ? Date.parse(`${date}T00:00:00Z`) - utcOffsetMs : undefined)

export const endOfDay = (date: string): number | undefined => {
  const start = startOfDay(date)
  return start === undefined ? undefined : start + dayMs - 1
}

/** 1970-01-01 was a Thursday. */
export const weekdayOf = (at: number): Weekday => weekdays[(((Math.floor((at + utcOffsetMs) / dayMs) + 3) % 7) + 7) % 7] ?? "mon"

/** Minutes since midnight. */
export const minuteOfDay = (at: number): number => Math.floor(((((at + utcOffsetMs) % dayMs) + dayMs) % dayMs) / 60_000)

/** Minutes since midnight, the end exclusive; a period over midnight has its end before its start. */
export interface Hours {
  readonly from: number
  readonly until: number
}

/** Reads `07:30-17:30`; undefined when it is no period or an empty one. */
export function parseHours(text: string): Hours | undefined {
  const match = /^(\d{2}):(\d{2})-(\d{2}):(\d{2})$/.exec(text)
  if (!match) return undefined
  const [, fromHour, fromMinute, untilHour, untilMinute] = match.map(Number)
  const from = (fromHour ?? 0) * 60 + (fromMinute ?? 0)
  const until = (untilHour ?? 0) * 60 + (untilMinute ?? 0)
  if ((fromMinute ?? 0) > 59 || (untilMinute ?? 0) > 59 || from >= 24 * 60 || until > 24 * 60 || from === until) return undefined
  return { from, until }
}

export const isWithin = ({ from, until }: Hours, minute: number): boolean => (from < until ? from <= minute && minute < until : minute >= from || minute < until)
