import { flagBits } from "../../mail/flag.ts"
import type { Command, Reply } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { type FetchArgs, fetchArgs, type FetchItem } from "../grammar/fetch-items.ts"
import { closeMessage, openMessage, writeFetched } from "../response/fetch-response.ts"
import { FetchRows, isIndexItem } from "../response/fetch-rows.ts"
import { writeIndexRows } from "../response/index-rows.ts"
import { lookAhead } from "../response/look-ahead.ts"
import { Pace } from "../../base/pace.ts"
import type { ResponseWriter } from "../response/writer.ts"
import type { SelectedMailbox } from "../selected.ts"
import type { Session } from "../session.ts"
import { choose, expungeIssued, selectedOf, uidsOf } from "./view.ts"

/** FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 3501 §6.4.5, RFC 7162 §3.1.4). */
export const fetch: Command<FetchArgs> = {
  name: "FETCH",
  forms: ["plain", "uid"],
  states: ["selected"],
  mayExpunge: "uidForm",
  parse: fetchArgs,

  async run(session, args, out, form) {
    const view = selectedOf(session)
    const chosen = choose(view, args.set, form)
    if ("kind" in chosen) return chosen
    if (args.items.some((item) => item.kind === "modSeq")) session.condstore = true
    const { index } = view.mailbox
    const since = args.changedSince
    const wants = since === null ? undefined : (at: number) => (index.modSeqs[at] ?? 0) > since
    const indexItems = args.items.map((item) => item.kind).filter(isIndexItem)
    if (indexItems.length === args.items.length) {
      return done(await writeIndexRows(out, view, { ranges: chosen.ranges, items: indexItems, ...(wants && { wants }) }), form)
    }
    const uids = wants ? uidsOf(view, chosen).filter((uid) => wantsUid(view, uid, wants)) : uidsOf(view, chosen)
    const marked = await markSeen(session, view, args.items, uids)
    if ("kind" in marked) return marked
    return done(await writeMessages(out, view, { uids, items: args.items, told: toldItems(session, args.items), seen: marked.uids }), form)
  },
}

const done = (gone: number, form: "plain" | "uid"): Reply =>
  gone > 0 && form === "plain" ? expungeIssued : { kind: "ok", text: "Fetched" }

const wantsUid = (view: SelectedMailbox, uid: number, wants: (at: number) => boolean): boolean => {
  const at = view.mailbox.index.find(uid)
  return at < 0 || wants(at)
}

/**
 * RFC 9051 §6.4.5 BODY[]: fetching a section without PEEK sets \Seen. All messages in one change, before anything is sent, so
 * that each response can tell the new flags with what was asked for.
 */
const markSeen = async (session: Session, view: SelectedMailbox, items: readonly FetchItem[], uids: readonly number[]): Promise<Reply | { readonly uids: ReadonlySet<number> }> => {
  const { mailbox, readOnly } = view
  const marks = !readOnly && items.some((item) => item.kind === "section" && !item.peek)
  const unseen = marks ? uids.filter((uid) => ((mailbox.index.flags[mailbox.index.find(uid)] ?? flagBits.seen) & flagBits.seen) === 0) : []
  if (unseen.length === 0) return { uids: new Set() }
  const changed = await mailbox.setFlags(unseen, { mode: "add", flags: ["\\Seen"] })
  if (!changed.ok) return noFrom(changed.failure)
  if (changed.value.modSeq !== null) session.selected?.silence(changed.value.modSeq)
  return { uids: new Set(unseen) }
}

/** What a message is told by when it has just become \Seen: FLAGS, and MODSEQ for who wants those (RFC 7162 §3.1). */
const toldItems = (session: Session, items: readonly FetchItem[]): readonly FetchItem[] => {
  const asked = new Set(items.map((item) => item.kind))
  const added: FetchItem[] = []
  if (!asked.has("flags")) added.push({ kind: "flags" })
  if (session.condstore && !asked.has("modSeq")) added.push({ kind: "modSeq" })
  return [...items, ...added]
}

/** Details read at once: a message may have 64 KiB of them to unpack. */
const messagesAtOnce = 32
/** What one response costs besides what is copied into it, as bytes of a `Pace`. */
const rowCost = 2000
/** Messages whose sections are opened while another is being written. */
const openedAhead = 3

interface Messages {
  readonly uids: readonly number[]
  readonly items: readonly FetchItem[]
  /** Items for messages in `seen`. */
  readonly told: readonly FetchItem[]
  readonly seen: ReadonlySet<number>
}

/** Returns how many messages were already gone. */
const writeMessages = async (out: ResponseWriter, view: SelectedMailbox, request: Messages): Promise<number> => {
  const { mailbox } = view
  const rows = new FetchRows({ index: mailbox.index, recentFrom: view.recentFrom })
  const pace = new Pace()
  let written = 0
  for (let start = 0; start < request.uids.length; start += messagesAtOnce) {
    const details = await mailbox.details(request.uids.slice(start, start + messagesAtOnce))
    const opened = lookAhead(details, { ahead: openedAhead, work: (each) => openMessage(each, { items: request.items, mailbox, pace }), discard: closeMessage })
    for await (const message of opened) {
      const at = message ? mailbox.index.find(message.details.uid) : -1
      if (!message || at < 0) {
        closeMessage(message)
        continue
      }
      const { uid } = message.details
      await writeFetched(out, message, { seq: view.seqOf(uid), at, rows, items: request.seen.has(uid) ? request.told : request.items })
      written++
      await out.ready()
      await pace.spend(rowCost + message.details.structure.bodyStructure.length)
      if (out.closed) return 0
    }
  }
  return request.uids.length - written
}
