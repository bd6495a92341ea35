/**
 * Messages that the system writes itself: one text in UTF-8, from and to one mailbox each. Pure: facts in, bytes out, lines in CRLF and
 * within RFC 5322 §2.1.1. Must not know: what they say.
 */
import { createHash } from "node:crypto"
import { formatDate } from "./date-time.ts"

export interface Letter {
  readonly from: { readonly name: string; readonly address: string }
  readonly to: string
  readonly subject: string
  /** Lines in LF. */
  readonly text: string
  readonly at: number
  /** What makes it the same letter when it is written again. */
  readonly identity: string
  readonly hostname: string
}

export function writeLetter({ from, to, subject, text, at, identity, hostname }: Letter): Buffer {
  const header = [
    `From: ${encodedWords(from.name)}\r\n <${from.address}>`,
    `To: <${to}>`,
    `Subject: ${encodedWords(subject)}`,
    `Date: ${formatDate(at)}`,
    `Message-ID: <${createHash("sha256").update(identity).digest("base64url").slice(0, 27)}@${hostname}>`,
    // RFC 3834 §5: not to be answered by machines
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
  ]
  return Buffer.from(`${header.join("\r\n")}\r\n\r\n${base64Lines(text.replaceAll("\n", "\r\n"))}\r\n`)
}

/** RFC 2047 §2: encoded words of at most 75 characters, none of which splits a character. */
export const encodedWords = (text: string): string => {
  const words: string[] = [""]
  for (const char of text) {
    const last = words.at(-1) ?? ""
    if (Buffer.byteLength(last + char) > 42) words.push(char)
    else words[words.length - 1] = last + char
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString("base64")}?=`).join("\r\n ")
}

export const base64Lines = (text: string): string => Buffer.from(text).toString("base64").replace(/.{76}/g, "$&\r\n")
