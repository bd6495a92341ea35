import type MimeNode from "nodemailer/lib/mime-node/index.js"

/**
 * A composed message of short texts as its octets, at once: nodemailer takes every part through half a dozen streams, which costs five times as much as composing
 * it. Encodings are chosen and headers folded by nodemailer; only the joining is done here (RFC 2046 §5.1.1), and what comes out is what its `build()` gives, with CRLF
 * for all line ends. Undefined for what must be streamed: attachments, long texts.
 */
export function renderMessage(node: MimeNode): Buffer | undefined {
  const text = rendered(node)
  return text === undefined ? undefined : Buffer.from((/[\r\n]$/.test(text) ? text.replace(/\r$/, "\r\n") : `${text}\r\n`).replace(/(?<!\r)\n/g, "\r\n"))
}

/** Encoding so much takes a millisecond, and nobody else has a turn meanwhile. */
const maxCharacters = 200_000

function rendered(node: MimeNode): string | undefined {
  const { content } = node
  if (content !== undefined && (typeof content !== "string" || content.length > maxCharacters)) return undefined
  const encoding = node.getTransferEncoding()
  // says where the boundary is, too
  const head = `${node.buildHeaders()}\r\n\r\n`
  if (typeof node.boundary !== "string") return content ? joined(head, encoded(content, encoding)) : head
  const children = node.childNodes.map(rendered)
  if (children.includes(undefined)) return undefined
  return `${head}${children.map((child) => `--${node.boundary}\r\n${child}`).join("\r\n")}\r\n--${node.boundary}--\r\n`
}

const joined = (head: string, body: string | undefined): string | undefined => (body === undefined ? undefined : head + body)

/** RFC 2045 §6.8: lines of 76. */
function encoded(content: string, encoding: string | false): string | undefined {
  if (encoding === "7bit") return content
  return encoding === "base64" ? (Buffer.from(content).toString("base64").match(/.{1,76}/g)?.join("\r\n") ?? "") : undefined
}
