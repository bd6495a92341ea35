import { createHmac, timingSafeEqual } from "node:crypto"
import type { Request } from "express"
import { printable } from "../../mail/printable.ts"

/** Against requests that other sites have a signed-in browser make (CSRF): where a request comes from, and a token that only our own pages know. */

/** True when the browser says that one of our own pages makes it. Every browser in use sends one of the two with a POST; a request with neither is refused. */
export function isOurOwn({ headers }: Pick<Request, "headers">): boolean {
  const site = headers["sec-fetch-site"]
  if (site !== undefined && site !== "same-origin") return false
  if (headers.origin === undefined) return site === "same-origin"
  return URL.canParse(headers.origin) && new URL(headers.origin).host === (headers.host ?? "").toLowerCase() && headers.origin.startsWith("https://")
}

/** A form's token: the session's number under a key of the server's, so that it is good as long as the session and on every process. */
export const csrfToken = (key: Buffer, sessionId: number): string => createHmac("sha256", key).update(`csrf ${sessionId}`).digest("base64url")

export function isCsrfToken(given: unknown, key: Buffer, sessionId: number): boolean {
  const expected = Buffer.from(csrfToken(key, sessionId))
  return typeof given === "string" && given.length === expected.length && timingSafeEqual(Buffer.from(given.padEnd(expected.length).slice(0, expected.length)), expected)
}

const root = "/console"

/** A path of the console to go back to; anything else, such as another site or `//host`, becomes the console's first page. */
export function safePath(text: unknown): string {
  if (typeof text !== "string" || text.length > 2_000 || !/^\/console(?:[/?]|$)/.test(text) || /[\\\s]/.test(text) || printable(text) !== text) return root
  const base = "https://console.invalid"
  if (!URL.canParse(text, base)) return root
  const url = new URL(text, base)
  // a path that climbs out of the console by its dots is none of ours
  return url.origin === base && /^\/console(?:\/|$)/.test(url.pathname) ? `${url.pathname}${url.search}` : root
}

/** The page that a form, or a part of a page, was asked for from. */
export function cameFrom({ headers: { referer, host } }: Pick<Request, "headers">): string {
  const ours = referer !== undefined && URL.canParse(referer) && new URL(referer).host === host ? new URL(referer) : undefined
  return ours ? safePath(`${ours.pathname}${ours.search}`) : root
}
