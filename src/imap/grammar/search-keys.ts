import type { CalendarDate } from "./date-time.ts"
import type { Reader } from "./reader.ts"
import type { SequenceSet } from "./sequence-set.ts"
import { ImapSyntaxError } from "./syntax-error.ts"

/** What SEARCH looks for (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 7162 §3.1.5). Strings are as the client sent them. */
export type SearchKey =
  | { readonly kind: "all" | "recent" }
  | { readonly kind: "seqs" | "uids"; readonly set: SequenceSet }
  /** A system flag or a keyword that is set. */
  | { readonly kind: "flag"; readonly name: string }
  | { readonly kind: "larger" | "smaller"; readonly bytes: number }
  | { readonly kind: "received" | "sent"; readonly when: "before" | "on" | "since"; readonly day: CalendarDate }
  /** Field name in lower case; an empty text asks only that the field is there. */
  | { readonly kind: "header"; readonly field: string; readonly text: string }
  | { readonly kind: "body" | "text"; readonly text: string }
  | { readonly kind: "modSeq"; readonly atLeast: number }
  | { readonly kind: "not"; readonly key: SearchKey }
  | { readonly kind: "and" | "or"; readonly keys: readonly SearchKey[] }

/** RFC 4731 §3.1. */
export type SearchReturn = "MIN" | "MAX" | "ALL" | "COUNT"

export interface SearchArgs {
  /** Null: the old SEARCH response. Otherwise ESEARCH with these. */
  readonly returns: readonly SearchReturn[] | null
  /** False: answered NO [BADCHARSET]. The keys were not read then. */
  readonly charsetKnown: boolean
  readonly key: SearchKey
}

/** Each key costs a test on each message; no client asks for so many. */
const maxKeys = 1000
/** Keys that look into header or body text: a message may have a megabyte of it. */
const maxTextKeys = 100

/** SEARCH and UID SEARCH arguments, to the end of the command. */
export const searchArgs = (reader: Reader): SearchArgs => {
  reader.sp()
  const returns = reader.peek("RETURN ") ? searchReturns(reader) : null
  if (reader.peek("CHARSET ")) {
    reader.skip("CHARSET ")
    const charset = reader.astring().toUpperCase()
    // The rest may be in bytes that we cannot read as UTF-8, so it is not read at all.
    if (charset !== "UTF-8" && charset !== "US-ASCII") return { returns, charsetKnown: false, key: { kind: "all" } }
    reader.sp()
  }
  const parser = new KeyParser(reader)
  const keys = [parser.key()]
  while (reader.skip(" ")) keys.push(parser.key())
  reader.end()
  return { returns, charsetKnown: true, key: allOf(keys) }
}

const searchReturns = (reader: Reader): SearchReturn[] => {
  reader.skip("RETURN ")
  const options = reader.list(() => {
    const name = reader.keyword()
    if (name === "MIN" || name === "MAX" || name === "ALL" || name === "COUNT") return name
    throw new ImapSyntaxError("Unknown SEARCH return option")
  })
  reader.sp()
  // RFC 4731 §3.1: an empty list is ALL.
  return options.length === 0 ? ["ALL"] : [...new Set(options)]
}

const allOf = (keys: readonly SearchKey[]): SearchKey => {
  const [only] = keys
  return keys.length === 1 && only ? only : { kind: "and", keys }
}

const flag = (name: string): SearchKey => ({ kind: "flag", name })
const not = (key: SearchKey): SearchKey => ({ kind: "not", key })

const plainKeys: Readonly<Record<string, SearchKey>> = {
  ALL: { kind: "all" },
  ANSWERED: flag("\\Answered"), UNANSWERED: not(flag("\\Answered")),
  DELETED: flag("\\Deleted"), UNDELETED: not(flag("\\Deleted")),
  DRAFT: flag("\\Draft"), UNDRAFT: not(flag("\\Draft")),
  FLAGGED: flag("\\Flagged"), UNFLAGGED: not(flag("\\Flagged")),
  SEEN: flag("\\Seen"), UNSEEN: not(flag("\\Seen")),
  RECENT: { kind: "recent" }, OLD: not({ kind: "recent" }),
  NEW: { kind: "and", keys: [{ kind: "recent" }, not(flag("\\Seen"))] },
}

const keysWithArgument: Readonly<Record<string, (parser: KeyParser, reader: Reader) => SearchKey>> = {
  BEFORE: (_, reader) => ({ kind: "received", when: "before", day: reader.date() }),
  ON: (_, reader) => ({ kind: "received", when: "on", day: reader.date() }),
  SINCE: (_, reader) => ({ kind: "received", when: "since", day: reader.date() }),
  SENTBEFORE: (_, reader) => ({ kind: "sent", when: "before", day: reader.date() }),
  SENTON: (_, reader) => ({ kind: "sent", when: "on", day: reader.date() }),
  SENTSINCE: (_, reader) => ({ kind: "sent", when: "since", day: reader.date() }),
  LARGER: (_, reader) => ({ kind: "larger", bytes: reader.number64() }),
  SMALLER: (_, reader) => ({ kind: "smaller", bytes: reader.number64() }),
  BCC: (_, reader) => ({ kind: "header", field: "bcc", text: reader.astring() }),
  CC: (_, reader) => ({ kind: "header", field: "cc", text: reader.astring() }),
  FROM: (_, reader) => ({ kind: "header", field: "from", text: reader.astring() }),
  SUBJECT: (_, reader) => ({ kind: "header", field: "subject", text: reader.astring() }),
  TO: (_, reader) => ({ kind: "header", field: "to", text: reader.astring() }),
  HEADER: (_, reader) => {
    const field = reader.astring().toLowerCase()
    reader.sp()
    return { kind: "header", field, text: reader.astring() }
  },
  BODY: (_, reader) => ({ kind: "body", text: reader.astring() }),
  TEXT: (_, reader) => ({ kind: "text", text: reader.astring() }),
  KEYWORD: (_, reader) => flag(reader.atom()),
  UNKEYWORD: (_, reader) => not(flag(reader.atom())),
  UID: (_, reader) => ({ kind: "uids", set: reader.sequenceSet() }),
  MODSEQ: (_, reader) => modSeqKey(reader),
  NOT: (parser, reader) => reader.nested(() => not(parser.key())),
  OR: (parser, reader) => reader.nested(() => {
    const left = parser.key()
    reader.sp()
    return { kind: "or", keys: [left, parser.key()] }
  }),
}

class KeyParser {
  private readonly reader: Reader
  private count = 0
  private textCount = 0

  constructor(reader: Reader) {
    this.reader = reader
  }

  key(): SearchKey {
    const { reader } = this
    if (++this.count > maxKeys) throw new ImapSyntaxError(`More than ${maxKeys} search keys`)
    if (reader.peek("(")) {
      const keys = reader.list(() => this.key())
      return keys.length === 0 ? reader.fail("a search key") : allOf(keys)
    }
    if (reader.atSequenceSet()) return { kind: "seqs", set: reader.sequenceSet() }
    const name = reader.keyword()
    const plain = Object.hasOwn(plainKeys, name) ? plainKeys[name] : undefined
    if (plain) return plain
    const parse = Object.hasOwn(keysWithArgument, name) ? keysWithArgument[name] : undefined
    if (!parse) throw new ImapSyntaxError("Unknown SEARCH key")
    reader.sp()
    const found = parse(this, reader)
    const looksIntoText = found.kind === "header" || found.kind === "body" || found.kind === "text"
    if (looksIntoText && ++this.textCount > maxTextKeys) throw new ImapSyntaxError(`More than ${maxTextKeys} search keys look into text`)
    return found
  }
}

/** RFC 7162 §3.1.5: `MODSEQ ["/flags/\\seen" all] 620162338`. We keep one modseq for a message, so the entry makes no difference. */
const modSeqKey = (reader: Reader): SearchKey => {
  if (reader.peek("\"")) {
    if (!/^\/flags\/./.test(reader.string())) throw new ImapSyntaxError("Unknown MODSEQ entry name")
    reader.sp()
    if (!["PRIV", "SHARED", "ALL"].includes(reader.keyword())) throw new ImapSyntaxError("Unknown MODSEQ entry type")
    reader.sp()
  }
  return { kind: "modSeq", atLeast: reader.number64() }
}
