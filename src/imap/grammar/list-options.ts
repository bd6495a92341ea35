import type { Reader } from "./reader.ts"
import { type StatusItem, statusItems } from "./status-items.ts"
import { ImapSyntaxError } from "./syntax-error.ts"

/** LIST in its basic and extended form (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154 §3). */
export interface ListArgs {
  readonly reference: string
  readonly patterns: readonly string[]
  /** Which mailboxes are looked for. */
  readonly selection: {
    readonly subscribed: boolean
    readonly remote: boolean
    /** Also parents that do not match themselves but have a child that does: CHILDINFO. */
    readonly recursiveMatch: boolean
    readonly specialUse: boolean
  }
  /** What is told about each. */
  readonly returns: {
    readonly subscribed: boolean
    readonly children: boolean
    readonly specialUse: boolean
    readonly status: readonly StatusItem[] | null
  }
  /** The extended syntax was used: several patterns, selection or return options. `LIST "" ""` is special only without it. */
  readonly extended: boolean
}

const maxPatterns = 100

/** LIST arguments, to the end of the command. */
export const listArgs = (reader: Reader): ListArgs => {
  reader.sp()
  const selection = reader.peek("(") ? selectionOptions(reader) : null
  if (selection) reader.sp()
  const reference = reader.listMailbox()
  reader.sp()
  const several = reader.peek("(")
  const patterns = several ? reader.list(() => reader.listMailbox()) : [reader.listMailbox()]
  if (patterns.length === 0) reader.fail("a mailbox pattern")
  if (patterns.length > maxPatterns) throw new ImapSyntaxError(`More than ${maxPatterns} mailbox patterns`)
  const returns = reader.skip(" ") ? returnOptions(reader) : null
  reader.end()
  return {
    reference,
    patterns,
    selection: selection ?? { subscribed: false, remote: false, recursiveMatch: false, specialUse: false },
    returns: returns ?? { subscribed: false, children: false, specialUse: false, status: null },
    extended: selection !== null || several || returns !== null,
  }
}

const selectionOptions = (reader: Reader): ListArgs["selection"] => {
  const options = new Set(reader.list(() => {
    const name = reader.keyword()
    if (!["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"].includes(name)) throw new ImapSyntaxError("Unknown LIST selection option")
    return name
  }))
  const subscribed = options.has("SUBSCRIBED")
  const specialUse = options.has("SPECIAL-USE")
  const recursiveMatch = options.has("RECURSIVEMATCH")
  // RFC 5258 §3.1: RECURSIVEMATCH modifies another selection and cannot stand alone or with REMOTE only.
  if (recursiveMatch && !subscribed && !specialUse) throw new ImapSyntaxError("RECURSIVEMATCH needs another selection option")
  return { subscribed, remote: options.has("REMOTE"), recursiveMatch, specialUse }
}

const returnOptions = (reader: Reader): ListArgs["returns"] => {
  reader.expect("RETURN")
  reader.sp()
  let status: readonly StatusItem[] | null = null
  const options = new Set(reader.list(() => {
    const name = reader.keyword()
    if (name === "STATUS") {
      reader.sp()
      status = statusItems(reader)
    } else if (!["SUBSCRIBED", "CHILDREN", "SPECIAL-USE"].includes(name)) throw new ImapSyntaxError("Unknown LIST return option")
    return name
  }))
  return { subscribed: options.has("SUBSCRIBED"), children: options.has("CHILDREN"), specialUse: options.has("SPECIAL-USE"), status }
}
