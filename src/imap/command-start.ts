import { maxTagBytes, tagPattern } from "./command-receiver.ts"

/** How every command begins: `tag SP [UID SP] name` (RFC 3501 §9 "command"). */
export interface CommandStart {
  readonly tag: string
  /** Upper case, without the UID prefix. */
  readonly name: string
  readonly form: "plain" | "uid"
  /** Where the arguments begin, right after the name. */
  readonly end: number
}

/** The start of a command's first line; only the tag, or not even that, where it is not one. */
export function commandStart(line: Uint8Array): CommandStart | { readonly tag: string } {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString("latin1", 0, maxTagBytes + maxNameBytes)
  const tag = tagPattern.exec(text)?.[0]
  if (tag === undefined) return { tag: "*" }
  const match = namePattern.exec(text.slice(tag.length + 1))
  const name = match?.[2]
  if (!match || name === undefined) return { tag }
  return { tag, name: name.toUpperCase(), form: match[1] === undefined ? "plain" : "uid", end: tag.length + 1 + match[0].length }
}

/** A web page can make a browser send this to any port; nothing after it may be taken for commands. */
export const isHttpRequest = (line: Uint8Array): boolean =>
  /^(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|CONNECT|TRACE|PATCH) \S{1,4000} HTTP\/\d/.test(Buffer.from(line.buffer, line.byteOffset, line.length).toString("latin1", 0, 4096))

const maxNameBytes = 40
const namePattern = /^(UID )?([A-Z0-9]{1,32})(?=$|[^A-Z0-9])/i
