import type { MailboxInfo } from "../store/mail-store.ts"
import type { ListArgs } from "./grammar/list-options.ts"
import { hierarchyDelimiter } from "./namespace.ts"
import type { ListedMailbox } from "./response/list-response.ts"

/**
 * All names one client can see, and what LIST and LSUB answer from them. Pure.
 * A name without a mailbox is there because another is below it, or because it is subscribed.
 */
export interface TreeEntry {
  readonly name: string
  /** Null: only a name (RFC 5258 §3.4 \NonExistent). */
  readonly info: MailboxInfo | null
  /** Shown as the client's own special mailbox (RFC 6154); never so for other accounts' mailboxes. */
  readonly own: boolean
}

export interface MailboxTree {
  readonly entries: ReadonlyMap<string, TreeEntry>
  /** Names that have a mailbox below them. */
  readonly parents: ReadonlySet<string>
  readonly subscribed: ReadonlySet<string>
}

export interface ListRow extends ListedMailbox {
  /** For LIST-STATUS; null where there is no mailbox. */
  readonly info: MailboxInfo | null
}

export function mailboxTree(mailboxes: readonly TreeEntry[], subscriptions: readonly string[]): MailboxTree {
  const entries = new Map(mailboxes.map((entry) => [entry.name, entry]))
  const parents = new Set<string>()
  for (const { name, own } of mailboxes) {
    for (const parent of parentsOf(name)) {
      parents.add(parent)
      if (!entries.has(parent)) entries.set(parent, { name: parent, info: null, own })
    }
  }
  return { entries, parents, subscribed: new Set(subscriptions) }
}

/** Every name that a pattern may be meant for. */
export function allNames(tree: MailboxTree): ReadonlySet<string> {
  const names = new Set([...tree.entries.keys(), ...tree.subscribed])
  for (const name of tree.subscribed) for (const parent of parentsOf(name)) names.add(parent)
  return names
}

/** LIST (RFC 3501 §6.3.8, RFC 5258, RFC 6154). `matching`: the names that match a pattern. */
export function listRows(tree: MailboxTree, args: Pick<ListArgs, "selection" | "returns">, matching: ReadonlySet<string>): readonly ListRow[] {
  const visible = (name: string): boolean => matching.has(name)
  const { selection } = args
  const selective = selection.subscribed || selection.specialUse
  const selected = (entry: TreeEntry): boolean =>
    (!selection.subscribed || tree.subscribed.has(entry.name)) && (!selection.specialUse || specialUseOf(entry) !== null)
  // RFC 5258 §3.4: a subscribed name is listed even when nothing has it any more
  const names = selection.subscribed ? new Set([...tree.entries.keys(), ...tree.subscribed]) : tree.entries.keys()
  const all = [...names].sort(byName).map((name) => tree.entries.get(name) ?? { name, info: null, own: true })
  const chosen = selection.recursiveMatch ? all.filter(selected) : []
  const rows: ListRow[] = []
  const candidates = selection.recursiveMatch && selection.subscribed ? withParents(all) : all
  for (const entry of candidates) {
    if (!visible(entry.name)) continue
    const below = chosen.filter(({ name }) => name.startsWith(entry.name + hierarchyDelimiter))
    const itself = !selective || selected(entry)
    // RFC 5258 §3.5: a parent that is not selected itself is told only for the sake of children that are not listed
    if (!itself && below.every(({ name }) => visible(name))) continue
    const childInfo = below.length > 0 ? [selection.subscribed ? "SUBSCRIBED" : "SPECIAL-USE"] : []
    rows.push({ kind: "LIST", name: entry.name, info: entry.info, attributes: attributesOf(tree, entry, selection.subscribed || args.returns.subscribed), childInfo })
  }
  return rows
}

/** LSUB (RFC 3501 §6.3.9): with `%`, a parent of subscribed names stands for them as \Noselect. */
export function lsubRows(tree: MailboxTree, pattern: string, matching: ReadonlySet<string>): readonly ListedMailbox[] {
  const names = new Map<string, readonly string[]>()
  for (const name of tree.subscribed) {
    if (matching.has(name)) names.set(name, tree.entries.get(name)?.info ? [] : ["\\Noselect"])
    else if (pattern.includes("%")) for (const parent of parentsOf(name)) if (matching.has(parent) && !tree.subscribed.has(parent)) names.set(parent, ["\\Noselect"])
  }
  return [...names].sort(([a], [b]) => byName(a, b)).map(([name, attributes]) => ({ kind: "LSUB", name, attributes }))
}

function attributesOf(tree: MailboxTree, entry: TreeEntry, withSubscribed: boolean): readonly string[] {
  const attributes = entry.info ? [] : ["\\NonExistent", "\\Noselect"]
  if (withSubscribed && tree.subscribed.has(entry.name)) attributes.push("\\Subscribed")
  attributes.push(tree.parents.has(entry.name) ? "\\HasChildren" : "\\HasNoChildren")
  const use = specialUseOf(entry)
  if (use) attributes.push(use)
  return attributes
}

/** Parents that exist only because a subscribed name is below them. */
function withParents(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  const known = new Map(entries.map((entry) => [entry.name, entry]))
  for (const { name } of entries) for (const parent of parentsOf(name)) if (!known.has(parent)) known.set(parent, { name: parent, info: null, own: true })
  return [...known.values()].sort((a, b) => byName(a.name, b.name))
}

const specialUseOf = (entry: TreeEntry): string | null => (entry.own ? (entry.info?.specialUse ?? null) : null)

function parentsOf(name: string): readonly string[] {
  const parents: string[] = []
  for (let at = name.indexOf(hierarchyDelimiter); at > 0; at = name.indexOf(hierarchyDelimiter, at + 1)) parents.push(name.slice(0, at))
  return parents
}

/** INBOX first, as people expect it. */
const byName = (a: string, b: string): number => {
  if (a === b) return 0
  if (a === "INBOX") return -1
  if (b === "INBOX") return 1
  return a < b ? -1 : 1
}
