import MailComposer from "nodemailer/lib/mail-composer/index.js"
import type MimeNode from "nodemailer/lib/mime-node/index.js"
import type { Result } from "../base/result.ts"
import { asciiDomain, splitAddress } from "../mail/address.ts"
import type { Failure } from "../mail/failure.ts"
import type { ContentStore, PreparedContent } from "../store/content-store.ts"
import { fillSkeleton, kindOf, type Skeleton, skeletonOf } from "./message-skeleton.ts"
import type { Priority } from "./priority.ts"
import type { Wording } from "./templates/template.ts"

/** A notification as a message: text and HTML, attachments, what says how urgent it is. Must not know: templates, who asked for it. */
export interface Composition {
  readonly from: { readonly name: string; readonly address: string }
  /** Null: to several, who are not told of each other. */
  readonly to: string | null
  readonly replyTo: string | null
  readonly wording: Wording
  readonly language: string
  readonly priority: Priority
  readonly date: number
  /** Without angle brackets. */
  readonly messageId: string
  readonly attachments: readonly Attachment[]
}

export interface Attachment {
  readonly filename: string
  readonly contentType: string
  readonly content: Buffer
}

/** RFC 5322 §3.4: nobody learns from a notification who else was written to. */
const undisclosed = "undisclosed-recipients:;"

/** More senders and kinds than are at work at once. */
const maxSkeletons = 100
const skeletons = new Map<string, Skeleton>()

export async function composeMessage(asked: Composition): Promise<Buffer> {
  const { subject, text, html } = asked.wording
  const composition = { ...asked, wording: { subject, text: withoutLoneCr(text), html: html && withoutLoneCr(html) } }
  return composeAtOnce(composition) ?? composed(composition).build()
}

/** RFC 5322 §2.3: CR and LF only together. A server that takes a CR for the end of a line would find commands in what a citizen wrote. */
const withoutLoneCr = (text: string): string => text.replace(/\r(?!\n)/g, "\n")

/** Undefined for what must be streamed: attachments, long texts. Exported for the test that holds it to nodemailer. */
export function composeAtOnce(composition: Composition): Buffer | undefined {
  const { to, date, messageId, attachments, wording: { subject, text }, from, replyTo, language, priority } = composition
  const html = htmlOf(composition)
  const kind = attachments.length > 0 ? undefined : kindOf({ text, html })
  if (kind === undefined) return undefined
  const key = JSON.stringify([kind, from.name, from.address, replyTo, language, priority.name])
  const skeleton = skeletons.get(key) ?? skeletonOf(composed({ ...composition, wording: { ...composition.wording, subject: "in its place" } }))
  const [oldest] = skeletons.keys()
  if (!skeletons.has(key) && skeletons.size >= maxSkeletons && oldest !== undefined) skeletons.delete(oldest)
  skeletons.set(key, skeleton)
  return fillSkeleton(skeleton, { to: toField(to), subject, messageId: `<${messageId}>`, date: new Date(date), text, html })
}

/** Exported for the same test. */
export function composed(composition: Composition): MimeNode {
  const { from, to, replyTo, wording: { subject, text }, language, priority, date, messageId, attachments } = composition
  const html = htmlOf(composition)
  return new MailComposer({
    from, to: toField(to), subject, text, messageId: `<${messageId}>`, date: new Date(date), textEncoding: "base64", newline: "\r\n",
    ...(html !== null && { html }),
    ...(replyTo !== null && { replyTo: headerAddress(replyTo) }),
    attachments: attachments.map(({ filename, contentType, content }) => ({ filename, contentType, content, contentDisposition: "attachment" as const })),
    // RFC 3834 §5: nobody's machine should answer; RFC 3282: what it is written in
    headers: { "Auto-Submitted": "auto-generated", "Content-Language": language.replace("+", ", "), "X-Priority": priority.xPriority, Importance: priority.importance },
  }).compile()
}

const toField = (to: string | null) => (to === null ? undisclosed : headerAddress(to))
const htmlOf = ({ wording: { html }, language }: Composition): string | null => (html === null ? null : page(html, language))

/** As one address, never as a list of them: a quoted local part may hold a comma. */
const headerAddress = (address: string): { readonly name: string; readonly address: string } => {
  const { localPart = address, domain = "" } = splitAddress(address) ?? {}
  return { name: "", address: `${localPart}@${asciiDomain(domain) ?? domain}` }
}

const page = (html: string, language: string): string =>
  /^\s*<(?:!doctype|html)\b/i.test(html) ? html : `<!DOCTYPE html>\n<html lang="${language.slice(0, 2)}"><head><meta charset="utf-8"></head><body>\n${html}\n</body></html>\n`

const chunkBytes = 256 * 1024

/** The bytes in the store; what fails has left nothing behind. */
export async function storeMessage(contents: Pick<ContentStore, "begin">, bytes: Buffer, maxBytes: number): Promise<Result<PreparedContent, Failure>> {
  const writer = contents.begin(maxBytes)
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const written = await writer.write(bytes.subarray(at, at + chunkBytes))
    if (!written.ok) return written
  }
  return writer.finish()
}
