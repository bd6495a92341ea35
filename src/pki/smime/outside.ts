import { Pace } from "../../base/pace.ts"
import { parameterValue } from "../../mail/mime-parameter.ts"
import type { ScannedPart } from "../../mail/mime-part.ts"
import { decodeQuotedPrintable } from "../../mail/quoted-printable.ts"
import type { SignatureProblem } from "../signature-facts.ts"
import { htmlTricks } from "./html-tricks.ts"
import { type MessageSource, readRange } from "./message-source.ts"
import { isElsewhere, leavesOf } from "./signed-entity.ts"
import type { SignedLayer } from "./signed-layer.ts"

/** What a message holds beside its signed part: readers show it under the same seal. */
const maxNoteBytes = 512
/** What is looked at of a preamble or epilogue, and of one HTML part. */
const maxGapBytes = 64 * 1024
const maxHtmlBytes = 64 * 1024
const maxHtmlParts = 16
/** Looking at one of them, in the currency of Pace: 1-3 ms. */
const htmlCost = 256 * 1024

export async function outsideProblems(source: MessageSource, layer: SignedLayer): Promise<SignatureProblem[]> {
  const problems: SignatureProblem[] = []
  const before: ScannedPart[] = []
  const after: ScannedPart[] = []
  const down = [...layer.around.slice(1), layer.part]
  layer.around.forEach((multipart, level) => {
    const at = multipart.children.findIndex((child) => child === down[level])
    before.push(...multipart.children.slice(0, at))
    after.push(...multipart.children.slice(at + 1))
  })
  if (layer.around.length > 0) problems.push("partial")
  if (layer.form === "multipart") after.push(...layer.part.children.slice(2))
  for (const multipart of layer.form === "multipart" ? [...layer.around, layer.part] : layer.around) problems.push(...(await gapProblems(source, multipart)))
  if (before.length > 0) problems.push("prepended")
  if (after.length > 0) problems.push("appended")
  problems.push(...(await partProblems(source, [...before, ...after].flatMap(leavesOf))))
  return problems
}

/** Preamble and epilogue (RFC 2046 §5.1.1). MIME readers skip both; others, and what indexes or filters mail, do not. */
async function gapProblems(source: MessageSource, multipart: ScannedPart): Promise<SignatureProblem[]> {
  const { children, bodyStart, bodyEnd } = multipart
  const [first, last] = [children[0], children.at(-1)]
  const boundary = (parameterValue(multipart.mime.parameters, "boundary") ?? "").trimEnd()
  if (!first || !last) return ["malformed"]
  const problems: SignatureProblem[] = []
  const preamble = await gap(source, bodyStart, first.headerStart)
  const note = preamble.slice(0, preamble.lastIndexOf(`--${boundary}`)).trim()
  if (!isNote(note)) problems.push("prepended")
  // what stands behind a delimiter in its line belongs to it for some readers, and for others to the text
  for (const [index, child] of children.entries()) {
    const between = index === 0 ? preamble : await gap(source, children[index - 1]?.bodyEnd ?? bodyStart, child.headerStart)
    if (between.slice(between.lastIndexOf(`--${boundary}`) + boundary.length + 2).trim() !== "") problems.push("malformed")
  }
  const rest = await gap(source, last.bodyEnd, bodyEnd)
  const close = `--${boundary}--`
  const closed = rest.startsWith(`\r\n${close}`) || rest.startsWith(`\n${close}`) || (last.bodyStart === last.bodyEnd && rest.startsWith(close))
  // The last part of a multipart that does not end may be longer for one reader than for another.
  if (!closed) problems.push("malformed")
  else if (rest.slice(rest.indexOf(close) + close.length).trim() !== "") problems.push("appended")
  return problems
}

/**
 * "This is an S/MIME signed message", as OpenSSL and others explain themselves: a few lines of ASCII, none of which could be a delimiter to somebody
 * who compares boundaries by their beginning.
 */
const isNote = (text: string): boolean =>
  // oxlint-disable-next-line no-control-regex -- printable ASCII in lines
  text.length <= maxNoteBytes && /^[\r\n\t\x20-\x7e]*$/.test(text) && !text.includes("<") && !/^--/m.test(text)

/** One char per byte; at most `maxGapBytes` of it, which is more than what decides. */
const gap = async (source: MessageSource, start: number, end: number): Promise<string> =>
  end > start + maxGapBytes ? `${(await readRange(source, { start, end: start + maxGapBytes })).toString("latin1")}${"x".repeat(maxNoteBytes + 1)}` : (await readRange(source, { start, end })).toString("latin1")

async function partProblems(source: MessageSource, parts: readonly ScannedPart[]): Promise<SignatureProblem[]> {
  const problems: SignatureProblem[] = parts.some(isElsewhere) ? ["externalContent"] : []
  const pace = new Pace()
  for (const part of parts.filter(({ mime }) => mime.subtype === "html" || mime.subtype === "xhtml+xml").slice(0, maxHtmlParts)) {
    const { hides, loads } = htmlTricks(await htmlOf(source, part))
    await pace.spend(htmlCost)
    if (hides) problems.push("hiddenHtml")
    if (loads) problems.push("externalContent")
  }
  return problems
}

/** Tags and attributes are ASCII in every charset that readers accept for HTML but UTF-16, whose NULs are dropped. */
async function htmlOf(source: MessageSource, { bodyStart, bodyEnd, mime }: ScannedPart): Promise<string> {
  const raw = await readRange(source, { start: bodyStart, end: Math.min(bodyEnd, bodyStart + maxHtmlBytes) })
  const bytes = mime.encoding === "base64" ? Buffer.from(raw.toString("latin1"), "base64") : mime.encoding === "quoted-printable" ? decodeQuotedPrintable(raw) : raw
  return bytes.toString("latin1").replaceAll("\0", "")
}
