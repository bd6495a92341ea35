import type { CookieOptions, Request, Response } from "express"

/**
 * The console's cookies. `__Host-` ties each to this host, to HTTPS and to the whole path (RFC 6265bis §4.1.3.2), so that no other
 * server of the domain can plant one.
 */
export const cookieNames = { session: "__Host-congthu", language: "__Host-congthu-language", notice: "__Host-congthu-notice", away: "__Host-congthu-away" } as const
export type CookieName = (typeof cookieNames)[keyof typeof cookieNames]

/** Strict would show a person who follows a link in a mail the sign-in page although he is signed in; what changes anything is checked for where it comes from. */
const always: CookieOptions = { secure: true, httpOnly: true, sameSite: "lax", path: "/" }

/** Undefined when it is absent, or there more than once. */
export function cookieOf(request: Pick<Request, "headers">, name: CookieName): string | undefined {
  const found = (request.headers.cookie ?? "").split(";").flatMap((pair) => {
    const at = pair.indexOf("=")
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  return found.length === 1 ? found[0] : undefined
}

export const setCookie = (response: Response, name: CookieName, value: string, maxAgeMs?: number): void =>
  void response.cookie(name, value, { ...always, encode: String, ...(maxAgeMs !== undefined && { maxAge: maxAgeMs }) })

export const clearCookie = (response: Response, name: CookieName): void => void response.clearCookie(name, always)
