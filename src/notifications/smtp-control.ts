import { failed, ok, type Result } from "../base/result.ts"
import { parseRfc5322Date } from "../mail/date-time.ts"
import type { HeaderField } from "../mail/header.ts"
import { normalPriority, type Priority, priorityNamed } from "./priority.ts"

/** What a message's own header asks of this server when a registered system submits it; the fields are ours and leave with no message. Pure. */
export interface SmtpControl {
  readonly priority: Priority
  readonly sendAt?: number
  readonly expiresAt?: number
  readonly idempotencyKey: string | null
}

const prefix = "x-congthu-"
const known = ["x-congthu-priority", "x-congthu-send-at", "x-congthu-expires", "x-congthu-idempotency-key"] as const

export const isControlField = (name: string): boolean => name.startsWith(prefix)

/** 1 to 200 visible characters of ASCII. */
export const isIdempotencyKey = (text: string): boolean => /^[\x21-\x7e]{1,200}$/.test(text)

/** Of the fields for which `isControlField` is true. Failure: a sentence. */
export function readControl(fields: readonly HeaderField[]): Result<SmtpControl, string> {
  const values = new Map<string, string>()
  for (const { name, value } of fields) {
    if (!known.some((one) => one === name)) return failed(`${name} is none of ${known.join(", ")}`)
    if (values.has(name)) return failed(`${name} stands there twice`)
    values.set(name, Buffer.from(value, "latin1").toString().trim())
  }
  const asked = values.get("x-congthu-priority")
  const priority = asked === undefined ? normalPriority : priorityNamed(asked)
  if (!priority) return failed("x-congthu-priority is none of flash, immediate, urgent, normal")
  const key = values.get("x-congthu-idempotency-key")
  if (key !== undefined && !isIdempotencyKey(key)) return failed("x-congthu-idempotency-key is not from 1 to 200 visible characters of ASCII")
  const times = { sendAt: timeOf(values.get("x-congthu-send-at")), expiresAt: timeOf(values.get("x-congthu-expires")) }
  if (times.sendAt === null || times.expiresAt === null) return failed("x-congthu-send-at and x-congthu-expires are times as in RFC 3339 or RFC 5322")
  return ok({ priority, idempotencyKey: key ?? null, ...(times.sendAt !== undefined && { sendAt: times.sendAt }), ...(times.expiresAt !== undefined && { expiresAt: times.expiresAt }) })
}

/** Null: it is no time. */
function timeOf(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text)) return Number.isNaN(Date.parse(text)) ? null : Date.parse(text)
  return text.length > 100 ? null : parseRfc5322Date(text)
}
