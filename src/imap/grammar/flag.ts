import { maxKeywordBytes, systemFlagNames } from "../../mail/flag.ts"
import { ImapSyntaxError } from "./syntax-error.ts"

const systemFlags: ReadonlyMap<string, string> = new Map(systemFlagNames.map((name) => [name.slice(1).toLowerCase(), name]))

/** The system flag of that name (given without its backslash, any case) as it is written, or undefined. */
export const systemFlagOf = (name: string): string | undefined => systemFlags.get(name.toLowerCase())

/** A keyword is remembered for good in its mailbox, so its length is bounded. */
export const checkKeyword = (keyword: string): string => {
  if (keyword.length > maxKeywordBytes) throw new ImapSyntaxError(`A keyword is longer than ${maxKeywordBytes} bytes`)
  return keyword
}
