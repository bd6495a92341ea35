import type { MessageDetails } from "../../store/mail-store.ts"
import { parseRfc5322Date } from "../../mail/date-time.ts"
import { type CalendarDate, dayOf } from "../grammar/date-time.ts"

/**
 * The day in a message's Date: header as it is written there, "disregarding time and timezone" (RFC 9051 §6.4.4 SENTON).
 * Without a readable one, the day it was received (as RFC 5256 §2.2 does).
 */
export const sentDay = (details: MessageDetails): CalendarDate => {
  const { structure } = details
  if (structure.sentAt === null) return dayOf(details.internalDate)
  const known = days.get(structure)
  if (known !== undefined) return known
  const { header } = structure
  const value = dateField.exec(Buffer.from(header.buffer, header.byteOffset, header.length).toString("latin1"))?.[1] ?? ""
  const local = parseRfc5322Date(value.replace(/[\r\n]/g, "").trim().slice(0, maxDateChars).replace(zone, ""))
  const day = local === null ? dayOf(structure.sentAt) : Math.floor(local / dayMs)
  days.set(structure, day)
  return day
}

/** A thousand keys may ask for the same date. */
const days = new WeakMap<MessageDetails["structure"], CalendarDate>()
const dayMs = 86_400_000
const maxDateChars = 200
const dateField = /(?:^|\n)date[ \t]*:((?:[^\n]|\n[ \t]){0,1000})/i
/** The zone at the end, and comments after it: without it the date reads as UTC, which leaves day and time as written. */
const zone = /\s(?:[+-]\d{2}:?\d{2}|[A-Za-z]{1,5})?\s*(?:\([^()]*\)\s*)*$/
