import { randomBytes } from "node:crypto"
import MimeNode from "nodemailer/lib/mime-node/index.js"
import { foldLines, hasLongerLines, isPlainText } from "nodemailer/lib/mime-funcs/index.js"

/**
 * Messages of short texts from a skeleton: nodemailer composes the first of a kind, and of the next ones only what differs is encoded and folded, by the same functions.
 * Taking each through nodemailer's tree and its streams costs ten times as much. What comes out is what nodemailer's `build()` gives, octet by octet, with CRLF for all line ends.
 */
export interface Varying {
  readonly to: string | { readonly name: string; readonly address: string }
  readonly subject: string
  readonly messageId: string
  readonly date: Date
  readonly text: string
  readonly html: string | null
}

export type Skeleton = readonly (string | Slot)[]
type Slot = { readonly field: keyof typeof fields } | { readonly body: "text" | "html" } | { readonly boundary: true }

/** The fields that differ from message to message. */
const fields = {
  To: ({ to }: Varying) => to, Subject: ({ subject }: Varying) => subject, "Message-ID": ({ messageId }: Varying) => messageId, Date: ({ date }: Varying) => date,
} as const

type Encoding = "7bit" | "base64"

/** Encoding so much takes a millisecond, and nobody else has a turn meanwhile. */
const maxCharacters = 200_000

/** Names the kind of a message: those of one kind, from the same sender, have the same skeleton. Undefined: it must be streamed. */
export function kindOf({ text, html }: Pick<Varying, "text" | "html">): string | undefined {
  if (text === "" || html === "" || text.length + (html?.length ?? 0) > maxCharacters) return undefined
  return `${encodingOf(text)} ${html === null ? "" : encodingOf(html)}`
}

/** As nodemailer chooses it, where it is told to prefer base64. */
const encodingOf = (text: string): Encoding => (isPlainText(text) && !hasLongerLines(text, 76) ? "7bit" : "base64")

/** Of a message as nodemailer composes it: with a text, or a text and HTML. */
export function skeletonOf(node: MimeNode): Skeleton {
  const fixed = headerOf(node)
  if (typeof node.boundary !== "string") return [...fixed, { body: "text" }]
  const boundary = withBoundary(`--${node.boundary}`, node)
  const parts = node.childNodes.flatMap((child, index): Skeleton => [...(index === 0 ? [] : ["\r\n"]), ...boundary, "\r\n", ...headerOf(child), { body: index === 0 ? "text" : "html" }])
  return [...fixed, ...parts, "\r\n", ...boundary, "--\r\n"]
}

function headerOf(node: MimeNode): Skeleton {
  const lines = node.buildHeaders().split(/\r\n(?![ \t])/)
  return [...lines.flatMap((line): Skeleton => {
    const name = line.slice(0, line.indexOf(":"))
    return isField(name) ? [{ field: name }] : withBoundary(`${line}\r\n`, node.rootNode)
  }), "\r\n"]
}

const isField = (name: string): name is keyof typeof fields => Object.hasOwn(fields, name)

const withBoundary = (text: string, { baseBoundary }: MimeNode): Skeleton => text.split(baseBoundary).flatMap((piece, index): Skeleton => (index === 0 ? [piece] : [{ boundary: true }, piece]))

/** Stateless here: it only encodes. */
const encoder = new MimeNode("text/plain", { textEncoding: "B" })

/** The boundary is new in each message: who has had one must not know the next, in which a text of his may stand. */
export function fillSkeleton(skeleton: Skeleton, values: Varying): Buffer {
  const boundary = randomBytes(8).toString("hex")
  let text = ""
  for (const piece of skeleton) {
    if (typeof piece === "string") text += piece
    else if ("field" in piece) text += headerField(piece.field, fields[piece.field](values))
    else text += "body" in piece ? encoded(values[piece.body] ?? "") : boundary
  }
  return Buffer.from(/[\r\n]$/.test(text) ? text.replace(/\r$/, "\r\n") : `${text}\r\n`)
}

/** RFC 5322 §2.2.3. An empty one is left out. */
function headerField(name: string, value: string | Date | { readonly name: string; readonly address: string }): string {
  const shown = encoder.encodeHeaderValue(name, value)
  return shown.trim() === "" ? "" : `${foldLines(`${name}: ${shown}`, 76)}\r\n`
}

/** RFC 2045 §6.8: lines of 76. RFC 5322 §2.3: CR and LF only together; there is no lone CR in it any more. */
const encoded = (text: string): string => (encodingOf(text) === "7bit" ? text.replace(/(?<!\r)\n/g, "\r\n") : (Buffer.from(text).toString("base64").match(/.{1,76}/g)?.join("\r\n") ?? ""))
