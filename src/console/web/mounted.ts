import type { Request, RequestHandler, Response } from "express"
import type { Capability } from "../../accounts/administrator.ts"

/** Something that speaks HTTP by itself, behind the console's sign-in: it passes the same gate as a page, except that it has no form token and no password asked again. */
export interface Mounted {
  /** Below `/console`. */
  readonly path: string
  /** Only of the whole province. */
  readonly who: Capability
  /** Who may send anything but GET; everybody else finds it read-only. */
  readonly changes: Capability
  /** Its own content security policy. */
  readonly policy: string
  /** What a request changes, for the audit; undefined: it may not be done at all. `path` is below the mounted one. */
  readonly changeOf: (method: string, path: string) => Readonly<Record<string, unknown>> | undefined
  /** On record before it is done. */
  readonly record: (change: Readonly<Record<string, unknown>>) => Promise<void>
  /** Failure: what stands in its way, in words of a program. */
  readonly open: (readOnly: boolean) => Promise<{ readonly ok: true; readonly value: RequestHandler } | { readonly ok: false; readonly failure: string }>
}

/** What its own scripts ask for, rather than a person: is answered in JSON, and is no use of the session unless it changes something. */
export const isByScript = ({ path }: Pick<Request, "path">): boolean => path.startsWith("/api/") || path.startsWith("/static/")

export const isChange = ({ method }: Pick<Request, "method">): boolean => method !== "GET" && method !== "HEAD"

/** As the board's scripts read it. */
export const refuseScript = (response: Response, status: 401 | 403 | 429 | 503, error: string): void => void response.status(status).json({ error, message: error })
