import type { MessageDetails } from "../../store/mail-store.ts"
import type { FetchItem, SectionItem } from "../grammar/fetch-items.ts"
import { type FetchRows, isIndexItem } from "./fetch-rows.ts"
import { closeSection, openSection, type SectionReading, type SectionValue, writeSection } from "./section-value.ts"
import type { ResponseWriter } from "./writer.ts"

/** A message with everything its FETCH response needs from the store. */
export interface OpenedMessage {
  readonly details: MessageDetails
  readonly sections: ReadonlyMap<FetchItem, SectionValue>
}

/** Opens the sections asked for; null when the message is gone. */
export const openMessage = async (
  details: MessageDetails,
  request: SectionReading & { readonly items: readonly FetchItem[] },
): Promise<OpenedMessage | null> => {
  const { items, pace } = request
  const sections = new Map<FetchItem, SectionValue>()
  let complete = false
  let streams = 0
  try {
    for (const item of items.filter(isSection)) {
      const value = await openSection(item, details, { ...request, later: streams >= streamsAhead })
      if (!value) return null
      if (value.kind === "stream") streams++
      sections.set(item, value)
      await pace.spend(sectionCost)
    }
    complete = true
    return { details, sections }
  } finally {
    if (!complete) for (const value of sections.values()) closeSection(value)
  }
}

/** Sections of one message that hold a piece of its content before they are written: a client may ask for hundreds. */
const streamsAhead = 2

/** What opening a section costs besides what is looked at, as bytes of a `Pace`. */
const sectionCost = 500

const isSection = (item: FetchItem): item is SectionItem => item.kind === "section"

export const closeMessage = (message: OpenedMessage | null): void => {
  for (const value of message?.sections.values() ?? []) closeSection(value)
}

/** One FETCH response: what the index knows, stored ENVELOPE and BODYSTRUCTURE copied out, sections as literals. */
export const writeFetched = async (
  out: ResponseWriter,
  message: OpenedMessage,
  row: { readonly seq: number; readonly at: number; readonly items: readonly FetchItem[]; readonly rows: FetchRows },
): Promise<void> => {
  const { rows, items } = row
  const { structure } = message.details
  rows.begin(row.seq)
  // What the index knows goes first and at once: the message's place there may move while a literal is streamed.
  for (const item of items) if (isIndexItem(item.kind)) rows.item(item.kind, row.at)
  let separator = rows.isEmpty ? "" : " "
  out.text(rows.take())
  for (const item of items) {
    if (isIndexItem(item.kind)) continue
    if (item.kind === "envelope") out.text(`${separator}ENVELOPE ${structure.envelope}`)
    else if (item.kind === "body") out.text(`${separator}BODY ${structure.body}`)
    else if (item.kind === "bodyStructure") out.text(`${separator}BODYSTRUCTURE ${structure.bodyStructure}`)
    else if (item.kind === "section") {
      out.text(`${separator}${item.label} `)
      await writeSection(out, message.sections.get(item) ?? { kind: "nil" })
    }
    separator = " "
  }
  out.text(")\r\n")
}
