import type { MessageDetails } from "../../store/mail-store.ts"
import { parseRfc5322Date } from "../../mail/date-time.ts"
import { selectHeaderFields } from "../../mail/header.ts"
import { type CalendarDate, dayOf } from "../grammar/date-time.ts"

/**
 * The day in a message's Date: header as it is written there, "disregarding time and timezone" (RFC 9051 §6.4.4 SENTON).
 * Without a readable one, the day it was received (as RFC 5256 §2.2 does).
 */
export const sentDay = (details: MessageDetails): CalendarDate => {
  const { structure } = details
  if (structure.sentAt === null) return dayOf(details.internalDate)
  const field = selectHeaderFields(structure.header, ["date"]).toString("latin1")
  const value = field.slice(field.indexOf(":") + 1).replace(/\r?\n[ \t]/g, " ").split(/\r?\n/, 1)[0] ?? ""
  const local = parseRfc5322Date(value.trim().slice(0, maxDateChars).replace(zone, ""))
  return local === null ? dayOf(structure.sentAt) : Math.floor(local / dayMs)
}

const dayMs = 86_400_000
const maxDateChars = 200
/** The zone at the end, and comments after it: without it the date reads as UTC, which leaves day and time as written. */
const zone = /\s(?:[+-]\d{2}:?\d{2}|[A-Za-z]{1,5})?\s*(?:\([^()]*\)\s*)*$/
