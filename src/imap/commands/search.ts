import type { Command } from "../command.ts"
import { type SearchArgs, searchArgs, type SearchKey, type SearchReturn } from "../grammar/search-keys.ts"
import { writeEsearch, writeSearch } from "../response/search-response.ts"
import { type SearchFound, searchMailbox } from "../search/search-mailbox.ts"
import type { SelectedMailbox } from "../selected.ts"
import { selectedOf } from "./view.ts"

/** SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 4731, RFC 7162 §3.1.5). */
export const search: Command<SearchArgs> = {
  name: "SEARCH",
  forms: ["plain", "uid"],
  states: ["selected"],
  mayExpunge: "uidForm",
  parse: searchArgs,

  async run(session, args, out, form) {
    if (!args.charsetKnown) return { kind: "no", code: "BADCHARSET (US-ASCII UTF-8)", text: "This charset is not supported" }
    const view = selectedOf(session)
    const wantsModSeq = mentionsModSeq(args.key)
    if (wantsModSeq) session.condstore = true
    const found = await searchMailbox({ key: args.key, view, mailbox: view.mailbox, recentFrom: view.recentFrom, abandoned: () => out.closed })
    const numbers = form === "uid" ? found.positions.map((position) => view.uids[position] ?? 0) : found.positions.map((position) => position + 1)
    const answer = { numbers, modSeq: wantsModSeq ? toldModSeq(view, found, args.returns) : null }
    if (args.returns) writeEsearch(out, answer, { tag: session.tag, form, returns: args.returns })
    else writeSearch(out, answer)
    return { kind: "ok", text: "Searched" }
  },
}

/** RFC 4731 §3.2: where only MIN or MAX or both are asked for, the MODSEQ is that of these messages. */
const toldModSeq = (view: SelectedMailbox, { positions, modSeq }: SearchFound, returns: readonly SearchReturn[] | null): number => {
  if (!returns || returns.some((name) => name === "ALL" || name === "COUNT")) return modSeq
  const { index } = view.mailbox
  const ends = returns.map((name) => positions[name === "MIN" ? 0 : positions.length - 1] ?? 0)
  return Math.max(...ends.map((position) => index.modSeqs[index.find(view.uids[position] ?? 0)] ?? 0))
}

const mentionsModSeq = (key: SearchKey): boolean => {
  if (key.kind === "modSeq") return true
  if (key.kind === "not") return mentionsModSeq(key.key)
  return (key.kind === "and" || key.kind === "or") && key.keys.some(mentionsModSeq)
}
