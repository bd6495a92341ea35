import type { Reply } from "../command.ts"
import { octets } from "./writer.ts"

/** `OK [CODE] text` without tag and CRLF (RFC 9051 §7.1). The text may be any language: it goes out as UTF-8, one char per byte. */
export const statusText = (reply: Reply): string =>
  octets(`${reply.kind.toUpperCase()} ${reply.code === undefined ? "" : `[${oneLine(reply.code)}] `}${oneLine(reply.text) || reply.kind}`)

/** The tagged response that ends a command. */
export const taggedLine = (tag: string, reply: Reply): string => `${tag} ${statusText(reply)}`

/** `* OK [CODE] text`. */
export const untaggedLine = (reply: Reply): string => `* ${statusText(reply)}`

/** Whatever a text was made of, it must not end the line. */
// oxlint-disable-next-line no-control-regex
const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f]+/g, " ")
