import { isVerdictKeyword } from "../../mail/flag.ts"
import type { Reader } from "./reader.ts"

/** What stands before each message of APPEND (RFC 9051 §6.3.12, RFC 3502). */
export interface AppendHead {
  readonly flags: readonly string[]
  /** Milliseconds since the epoch, null when the client leaves it to us. */
  readonly internalDate: number | null
}

/** `SP [flag-list SP] [date-time SP]`, up to where the message's literal is announced. */
export const appendHead = (reader: Reader): AppendHead => {
  reader.sp()
  const hasFlags = reader.peek("(")
  const flags = hasFlags ? reader.flagList() : []
  if (hasFlags) reader.sp()
  const internalDate = reader.peek("\"") ? reader.dateTime() : null
  if (internalDate !== null) reader.sp()
  if (!reader.atEnd()) reader.fail("a message literal")
  return { flags: [...new Set(flags)].filter((name) => !isVerdictKeyword(name)), internalDate }
}
