import { pipeline } from "node:stream/promises"
import { Readable } from "node:stream"
import type { Response } from "express"
import { cookieNames, cookieOf, clearCookie, setCookie } from "./cookies.ts"
import { errorPage, type ErrorStatus, type LostForm, lostFormPage } from "./error-page.ts"
import { createEventStreams, eventStreamType, overText } from "./events.ts"
import { documentText, fragmentText, html } from "./html.ts"
import { cameFrom } from "./origin.ts"
import type { Answer, Area, Holder, Notice, Pending, SessionChange, Visit } from "./page.ts"
import { shell, type ShellContent } from "./shell.ts"

/** How answers go out. */
export interface Replies {
  answer(at: At, answer: Answer): Promise<void>
  error(at: At, status: ErrorStatus, waitSeconds?: number): void
  lostForm(at: At, why: LostForm, form: { readonly fields: Readonly<Record<string, unknown>>; readonly from: string }): void
  /** To sign in, and back here afterwards. */
  toSignIn(at: At, why: "new" | "expired" | Pending): void
  page(at: At, content: ShellContent, status?: number): void
}

/** A visitor at a page. */
export interface At {
  readonly response: Response
  readonly visit: Visit
  readonly holder: Holder | undefined
}

const root = "/console"

export function createReplies({ areas }: { readonly areas: readonly Area[] }): Replies {
  const streams = createEventStreams()
  const page = ({ response, visit, holder }: At, content: ShellContent, status = 200): void => {
    // a part of a page that cannot be had: the whole of it says why
    if (visit.partial && status >= 400) response.set("hx-retarget", "body")
    const notice = content.notice ?? takeNotice(response)
    response.status(status).type("html").send(documentText(shell({ areas, visit, holder }, { ...content, notice })))
  }
  const error = (at: At, status: ErrorStatus, waitSeconds = 30): void => {
    if (status === 429 || status === 503) at.response.set("retry-after", String(waitSeconds))
    page(at, errorPage(at.visit, status), status)
  }
  const redirect = ({ response, visit }: At, to: string, notice?: Notice): void => {
    if (notice) setCookie(response, cookieNames.notice, Buffer.from(JSON.stringify({ kind: notice.kind, text: notice.text.slice(0, maxNoticeCharacters) })).toString("base64url"), noticeMs)
    if (visit.partial) response.set("hx-redirect", to).status(204).end()
    else response.redirect(303, to)
  }
  return {
    page,
    error,
    lostForm: (at, why, form) => page(at, lostFormPage(at.visit, why, form), 403),
    toSignIn(at, why) {
      if (at.response.req.headers.accept === eventStreamType) return void at.response.type(eventStreamType).send(overText)
      if (why === "enrolment") return redirect(at, `${root}/me/security`)
      // a part of a page is nowhere to come back to
      const next = at.visit.partial ? cameFrom(at.response.req) : at.visit.url
      const query = new URLSearchParams({ ...(next !== root && { next }), ...(why === "expired" && { expired: "1" }) }).toString()
      redirect(at, `${root}/${why === "proof" ? "second-factor" : "sign-in"}${query === "" ? "" : `?${query}`}`)
    },
    async answer(at, answer) {
      const { response } = at
      switch (answer.kind) {
        case "page":
          if (answer.change) changeSession(response, answer.change)
          return page(at, answer, answer.status)
        case "fragment":
          return void response.type("html").send(fragmentText(html`${answer.body}`))
        case "redirect":
          return redirect(at, answer.to, answer.notice)
        case "session":
          changeSession(response, answer.change)
          return redirect(at, answer.to, answer.notice)
        case "error":
          return error(at, answer.status)
        case "events":
          return streams.serve(response, { whom: `session ${at.holder?.sessionId}`, listen: answer.listen })
        case "file":
          response.set({ "content-type": answer.type, "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(answer.name)}` })
          if (Buffer.isBuffer(answer.content)) return void response.send(answer.content)
          return pipeline(Readable.from(answer.content), response)
      }
    },
  }
}

const yearMs = 365 * 86_400_000
const awayMs = 15 * 60_000

function changeSession(response: Response, change: SessionChange): void {
  if (change.kind === "begin") {
    setCookie(response, cookieNames.session, change.token)
    if (cookieOf(response.req, cookieNames.away) !== undefined) clearCookie(response, cookieNames.away)
  } else if (change.kind === "end") clearCookie(response, cookieNames.session)
  else if (change.kind === "away" && change.sealed === undefined) clearCookie(response, cookieNames.away)
  else if (change.kind === "away") setCookie(response, cookieNames.away, change.sealed ?? "", awayMs)
  else setCookie(response, cookieNames.language, change.language, yearMs)
}

const maxNoticeCharacters = 500
const noticeMs = 60_000

/** What the page before wanted said, once. Only this server can have set it (`__Host-`); it is text all the same. */
function takeNotice(response: Response): Notice | undefined {
  const text = cookieOf(response.req, cookieNames.notice)
  if (text === undefined) return undefined
  clearCookie(response, cookieNames.notice)
  try {
    const notice: unknown = JSON.parse(Buffer.from(text, "base64url").toString())
    if (typeof notice !== "object" || notice === null || !("kind" in notice) || !("text" in notice) || typeof notice.text !== "string") return undefined
    return { kind: notice.kind === "done" ? "done" : "problem", text: notice.text.slice(0, maxNoticeCharacters) }
  } catch {
    return undefined
  }
}
