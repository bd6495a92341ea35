import { setImmediate as yieldToOthers } from "node:timers/promises"

/**
 * The JSON object in a body, read without holding up anybody for longer than a few milliseconds: the lists directly in a large one are read in pieces, since ten thousand
 * recipients are several megabytes. Accepts what `JSON.parse` accepts and gives what it gives. Throws a SyntaxError otherwise; undefined: JSON, but no object. RFC 8259
 */
export async function parseJsonObject(bytes: Buffer): Promise<Readonly<Record<string, unknown>> | undefined> {
  const start = bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0
  const isLarge = bytes.length - start > pieceBytes
  if (!isLarge) return asObject(JSON.parse(bytes.toString("utf8", start)))
  const lists: unknown[][] = []
  // of what is no object only the first octet matters
  if (!/^[\t\n\r ]*\{/.test(bytes.toString("latin1", start, start + 1_000))) throw new SyntaxError("a large body must be a JSON object")
  const outline = asObject(JSON.parse(await withoutLists(bytes, start, async (piece) => void lists.push(await readList(bytes, piece)))))
  // every list that the outline has was taken out, and its number put in
  return outline && Object.fromEntries(Object.entries(outline).map(([key, value]) => [key, Array.isArray(value) ? (lists[Number(value[0])] ?? []) : value]))
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
/** About a millisecond of parsing. */
const pieceBytes = 64 * 1024
const asObject = (value: unknown): Readonly<Record<string, unknown>> | undefined => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined)

/** Where the elements of a list stand: from `start` to `end`, in pieces that begin after the commas at `cuts`. */
interface List {
  readonly start: number
  readonly end: number
  readonly cuts: readonly number[]
}

const quote = 0x22, backslash = 0x5c, comma = 0x2c, openBracket = 0x5b, closeBracket = 0x5d, openBrace = 0x7b, closeBrace = 0x7d

/** The text with the elements of each list in the outermost object replaced by the list's number. Brackets are only counted: whether they match is for the parser of each piece to say. */
async function withoutLists(bytes: Buffer, start: number, found: (list: List) => Promise<void>): Promise<string> {
  let text = ""
  let kept = start
  let depth = 0
  let count = 0
  let list = 0
  let cuts: number[] = []
  let rested = start
  for (let at = start; at < bytes.length; at++) {
    if (at - rested >= pieceBytes) {
      rested = at
      await yieldToOthers()
    }
    const byte = bytes[at]
    if (byte === quote) at = endOfString(bytes, at)
    else if (byte === openBracket || byte === openBrace) {
      depth++
      if (depth === 2 && byte === openBracket) {
        list = at + 1
        cuts = []
      }
    } else if (byte === closeBracket || byte === closeBrace) {
      depth--
      if (depth === 1 && list > 0) {
        text += `${bytes.toString("utf8", kept, list)}${count++}`
        kept = at
        await found({ start: list, end: at, cuts })
        list = 0
      }
    } else if (byte === comma && depth === 2 && list > 0 && at - (cuts.at(-1) ?? list) >= pieceBytes) cuts.push(at)
  }
  return text + bytes.toString("utf8", kept)
}

/** The quote that ends the string which begins at `start`, or the last octet. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(quote, start + 1); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let before = at - 1
    while (bytes[before] === backslash) before--
    if ((at - before) % 2 === 1) return at
  }
  return bytes.length
}

async function readList(bytes: Buffer, { start, end, cuts }: List): Promise<unknown[]> {
  const all: unknown[] = []
  const ends = [...cuts, end]
  for (const [index, to] of ends.entries()) {
    const from = index === 0 ? start : (ends[index - 1] ?? start) + 1
    const some = JSON.parse(`[${bytes.toString("utf8", from, to)}]`) as unknown[]
    if (some.length === 0 && cuts.length > 0) throw new SyntaxError("a list has a comma too many")
    for (const one of some) all.push(one)
    await yieldToOthers()
  }
  return all
}

/** A NUL comes into JSON only as an escape. */
const nulEscape = Buffer.from("\\u0000")
export const mayHaveNul = (bytes: Buffer): boolean => bytes.includes(nulEscape)
