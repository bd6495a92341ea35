import type { Command } from "../command.ts"
import { type ListArgs, listArgs } from "../grammar/list-options.ts"
import { ImapSyntaxError } from "../grammar/syntax-error.ts"
import { namesMatching } from "../mailbox-pattern.ts"
import { allNames, listRows, lsubRows, type MailboxTree, mailboxTree, type TreeEntry } from "../mailbox-tree.ts"
import { clientName, isShared, sharedPrefix, type VisibleAccount, visibleAccounts } from "../namespace.ts"
import { listLine, statusLine } from "../response/list-response.ts"
import type { Session } from "../session.ts"
import { statusValues } from "./status.ts"

/** RFC 3501 §6.3.8 with LIST-EXTENDED (RFC 5258), LIST-STATUS (RFC 5819), SPECIAL-USE (RFC 6154), CHILDREN (RFC 3348). */
export const list: Command<ListArgs> = {
  name: "LIST",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    const args = listArgs(reader)
    checkLength(args.reference, args.patterns)
    return args
  },
  async run(session, args, out) {
    // RFC 3501 §6.3.8: an empty name asks only for the delimiter
    if (!args.extended && args.patterns[0] === "") {
      out.line('* LIST (\\Noselect) "/" ""')
      return { kind: "ok", text: "LIST completed" }
    }
    const { status } = args.returns
    if (status?.includes("HIGHESTMODSEQ")) session.condstore = true
    const tree = await treeFor(session, args)
    const matching = await namesMatching(allNames(tree), args.patterns.map((pattern) => args.reference + pattern))
    for (const row of listRows(tree, args, matching)) {
      out.line(listLine(row, false))
      // RFC 5819 §2: no STATUS for what cannot be selected
      if (status && row.info) out.line(statusLine(row.name, await statusValues(session, row.info, status), false))
      await out.ready()
    }
    return { kind: "ok", text: "LIST completed" }
  },
}

/** RFC 3501 §6.3.9. */
export const lsub: Command<{ readonly reference: string; readonly pattern: string }> = {
  name: "LSUB",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const reference = reader.listMailbox()
    reader.sp()
    const pattern = reader.listMailbox()
    reader.end()
    checkLength(reference, [pattern])
    return { reference, pattern }
  },
  async run(session, { reference, pattern }, out) {
    const tree = await treeFor(session, { reference, patterns: [pattern] })
    const matching = await namesMatching(allNames(tree), [reference + pattern])
    for (const row of lsubRows(tree, reference + pattern, matching)) out.line(listLine(row, false))
    return { kind: "ok", text: "LSUB completed" }
  },
}

/** What the client can see. Shared accounts are read only when a pattern can reach them. */
async function treeFor(session: Session, { reference, patterns }: Pick<ListArgs, "reference" | "patterns">): Promise<MailboxTree> {
  const { login, services } = session
  if (!login) return mailboxTree([], [])
  const visible = visibleAccounts(services.directory.current(), login, services.clock.now())
  const shared = patterns.some((pattern) => reachesShared(reference + pattern))
  const entriesOf = async (account: VisibleAccount): Promise<readonly TreeEntry[]> => {
    const own = account.prefix === ""
    const mailboxes = await services.mailStore.listMailboxes(account.account.id)
    // a mailbox from before the namespace was reserved cannot be reached by its name
    return mailboxes.filter(({ name }) => !own || !isShared(name)).map((info) => ({ name: clientName(account, info.name), info, own }))
  }
  const [subscriptions, ...entries] = await Promise.all([
    services.mailStore.listSubscriptions(login.accountId),
    ...visible.filter(({ prefix }) => shared || prefix === "").map(entriesOf),
  ])
  return mailboxTree(entries.flat(), subscriptions)
}

/** Whether what stands before the first wildcard leaves room for `Shared`. */
function reachesShared(pattern: string): boolean {
  const fixed = /^[^*%]*/.exec(pattern)?.[0] ?? ""
  return isShared(fixed) || sharedPrefix.startsWith(fixed) || fixed.startsWith(sharedPrefix)
}

function checkLength(reference: string, patterns: readonly string[]): void {
  if (patterns.some((pattern) => reference.length + pattern.length > maxPatternLength)) throw new ImapSyntaxError(`A mailbox pattern is longer than ${maxPatternLength} characters`)
  const wildcards = patterns.reduce((sum, pattern) => sum + (reference + pattern).replace(/[^*%]/g, "").length, 0)
  if (wildcards > maxWildcards) throw new ImapSyntaxError(`More than ${maxWildcards} wildcards`)
}

/** As long as the longest name. */
const maxPatternLength = 1000
/** Matching takes time by wildcards and length of the name. */
const maxWildcards = 100
