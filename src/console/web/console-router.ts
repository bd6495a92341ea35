import { type NextFunction, type Request, type Response, Router } from "express"
import { type Actor, actAs } from "../../accounts/actor.ts"
import { may, scopeOf } from "../../accounts/administrator.ts"
import type { SecondFactors } from "../../accounts/factors/second-factors.ts"
import type { Authenticator } from "../../accounts/login.ts"
import { clientNetwork } from "../../accounts/login-throttle.ts"
import { hasNul } from "../../base/nul.ts"
import type { ConsoleSessionStore } from "../../store/console-session-store.ts"
import type { LookupRates } from "../lookup-rates.ts"
import { assetRoutes } from "./assets.ts"
import { cookieNames, cookieOf } from "./cookies.ts"
import type { LostForm } from "./error-page.ts"
import { csrfField } from "./forms.ts"
import { identify, type IdentifyParts } from "./identify.ts"
import { cameFrom, csrfToken, isCsrfToken, isOurOwn } from "./origin.ts"
import { isByScript, isChange, type Mounted, refuseScript } from "./mounted.ts"
import type { AdministratorVisit, Area, Holder, Page, Visit } from "./page.ts"
import { proveAgain } from "./prove-again.ts"
import { type FormFields, readForm } from "./read-form.ts"
import { createReplies, type Replies } from "./replies.ts"
import { securityHeaders } from "./security-headers.ts"
import { languageOf, speaker } from "./words.ts"

/**
 * The console, mounted at `/console` by whoever serves HTTPS. Every page goes through the same gate: rate, origin, session, role, form token, fresh password, input.
 * Invariants: who may not see a page learns no more than that; a form that is not taken says why and loses nothing. Must not know: SQL, what pages do.
 */
export interface ConsoleParts extends Omit<IdentifyParts, "sessions"> {
  readonly areas: readonly Area[]
  readonly mounted?: readonly Mounted[]
  readonly sessions: ConsoleSessionStore
  readonly authenticator: Authenticator
  readonly factors: SecondFactors
  /** What people call the identity provider, where there is one. */
  readonly singleSignOn: string | undefined
  /** Of form tokens. */
  readonly csrfKey: Buffer
  /** Requests of one session, or of one network that is not signed in. */
  readonly rates: LookupRates
  /** True for an error that says the store cannot be reached now. */
  readonly isUnavailable: (error: unknown) => boolean
  readonly log: ConsoleLog
}

export interface ConsoleLog {
  failed(event: { readonly method: string; readonly path: string; readonly error: unknown }): void
  refused(event: { readonly clientAddress: string; readonly method: string; readonly path: string; readonly why: string }): void
}

const root = "/console"
/** Where a one-time password is replaced; pages/self/password.ts. */
const passwordPath = "/me/password"

export function consoleRouter(parts: ConsoleParts): Router {
  const { areas, mounted = [], log, rates } = parts
  const router = Router()
  const replies = createReplies(parts)
  router.use(securityHeaders)
  router.use(assetRoutes())
  for (const page of areas.flatMap((area) => area.pages)) router[page.method](page.path, (request, response) => handle(page, request, response))
  for (const one of mounted) router.use(one.path, (request, response, next) => handleMounted(one, { request, response, next }))
  router.use(async (request, response) => {
    const { holder, visit } = await arrive(request)
    replies.error({ response, visit, holder }, 404)
  })
  // express hands a promise that is rejected to this one
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error)
    const status = errorStatus(error, parts.isUnavailable)
    if (status === 500) log.failed({ method: request.method, path: request.path, error })
    // who is signed in is not asked again: that may be what failed
    replies.error({ response, visit: visitOf(request, undefined), holder: undefined }, status)
  })

  const visitOf = (request: Request, holder: Holder | undefined): Visit => {
    const language = languageOf(cookieOf(request, cookieNames.language), request)
    return {
      language, say: speaker(language), url: request.originalUrl, away: cookieOf(request, cookieNames.away), clientAddress: request.socket.remoteAddress ?? "", userAgent: request.headers["user-agent"] ?? "",
      csrf: holder ? csrfToken(parts.csrfKey, holder.sessionId) : "", partial: request.headers["hx-request"] === "true", holder,
    }
  }

  async function arrive(request: Request, page?: Page) {
    const { holder, hadCookie } = await identify(parts, request, page !== undefined && !page.background)
    return { holder, hadCookie, visit: visitOf(request, holder) }
  }

  async function handle(page: Page, request: Request, response: Response): Promise<void> {
    const { holder, hadCookie, visit } = await arrive(request, page)
    const at = { response, visit, holder }
    const wait = await rates.take(holder ? `session ${holder.sessionId}` : clientNetwork(visit.clientAddress))
    if (wait > 0) return replies.error(at, 429, wait)
    const posted = page.method === "post"
    // a large body is not read for who may not send it
    const fields: FormFields = posted && (!page.upload || isOpen(page, holder)) ? await readForm(request, response, page.upload?.maxBytes ?? 0) : {}
    const lost = (why: LostForm): void => {
      log.refused({ clientAddress: visit.clientAddress, method: request.method, path: request.path, why })
      replies.lostForm(at, why, { fields, from: cameFrom(request) })
    }
    if (posted && !isOurOwn(request)) return lost("foreign")
    if (page.who !== "anybody") {
      if (!holder) return posted ? lost("expired") : replies.toSignIn(at, hadCookie ? "expired" : "new")
      const open = page.before ?? []
      if (holder.pending === "proof" && !open.includes("proof")) return replies.toSignIn(at, "proof")
      if (holder.mustChangePassword && page.path !== passwordPath && !open.includes("proof")) return replies.answer(at, { kind: "redirect", to: `${root}${passwordPath}` })
      if (holder.pending === "enrolment" && !open.includes("enrolment")) return replies.toSignIn(at, "enrolment")
      if (page.who !== "holder" && !may(holder, page.who)) {
        log.refused({ clientAddress: visit.clientAddress, method: request.method, path: request.path, why: "role" })
        return replies.error(at, 403)
      }
    }
    // nothing that anybody may do is worth a token beside the look at the origin, and a sign-in page may be older than the session
    if (posted && page.who !== "anybody" && holder && !isCsrfToken(fields[csrfField], parts.csrfKey, holder.sessionId)) return lost("stale")
    if (page.fresh && holder && !(await proveAgain(parts, { at, request, fields, replies, always: page.fresh === "now" }))) return
    const given = { ...request.query, ...fields, ...request.params }
    const input = page.input.safeParse(given)
    if (!input.success || hasNul(given)) return replies.error(at, 400)
    const work = () => page.run(input.data, visitFor(page.who, visit))
    await replies.answer(at, await (holder ? actAs(actorOf(holder, visit), work) : work()))
  }

  /** Within: the path below the mounted one. */
  async function handleMounted(mount: Mounted, { request, response, next }: { readonly request: Request; readonly response: Response; readonly next: NextFunction }): Promise<void> {
    const { changes, who } = mount
    const byScript = isByScript(request)
    const changing = isChange(request)
    const { holder, hadCookie } = await identify(parts, request, !byScript || changing)
    const visit = visitOf(request, holder)
    const at = { response, visit, holder }
    const refuse = (status: 403 | 429 | 503, why: string): void => (byScript || changing ? refuseScript(response, status, why) : replies.error(at, status))
    const wait = await rates.take(holder ? `session ${holder.sessionId}` : clientNetwork(visit.clientAddress))
    if (wait > 0) return refuse(429, "too many requests")
    if (!holder || holder.pending || holder.mustChangePassword) {
      if (byScript || changing) return refuseScript(response, 401, "the session has ended: sign in again")
      if (!holder) return replies.toSignIn(at, hadCookie ? "expired" : "new")
      return holder.mustChangePassword && holder.pending !== "proof" ? replies.answer(at, { kind: "redirect", to: `${root}${passwordPath}` }) : replies.toSignIn(at, holder.pending ?? "new")
    }
    const refused = (why: LostForm | "role"): void => {
      log.refused({ clientAddress: visit.clientAddress, method: request.method, path: `${mount.path}${request.path}`, why })
      refuse(403, "this may not be done here")
    }
    if (scopeOf(holder.grants, who)?.roots !== null) return refused("role")
    const writes = scopeOf(holder.grants, changes)?.roots === null
    const change = changing ? mount.changeOf(request.method, request.path) : undefined
    if (changing && !isOurOwn(request)) return refused("foreign")
    if (changing && (!writes || !change)) return refused("role")
    const opened = await mount.open(!writes)
    if (!opened.ok) return refuse(503, opened.failure)
    response.set("content-security-policy", mount.policy)
    const work = async (): Promise<void> => {
      if (change) await mount.record(change)
      opened.value(request, response, next)
    }
    await actAs(actorOf(holder, visit), work)
  }

  return router
}

const isOpen = ({ who }: Page, holder: Holder | undefined): boolean => who === "anybody" || (holder !== undefined && holder.secondFactor !== "awaited" && (who === "holder" || may(holder, who)))

/** Who is in the audit for what a page does. */
const actorOf = ({ address: name, accountId, principalId }: Holder, { clientAddress: address }: Visit): Actor => ({ via: "console", name, accountId, address, ...(principalId !== null && { principalId }) })

/** What `page.ts` promises each kind of page. */
function visitFor(who: Page["who"], visit: Visit): Visit | AdministratorVisit {
  const { holder } = visit
  const scope = !holder || who === "anybody" || who === "holder" ? undefined : scopeOf(holder.grants, who)
  return holder && scope ? { ...visit, holder, scope } : visit
}

function errorStatus(error: unknown, isUnavailable: ConsoleParts["isUnavailable"]): Parameters<Replies["error"]>[1] {
  if (isUnavailable(error)) return 503
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : error instanceof URIError ? 400 : 500
  return status === 413 ? 413 : status === 400 || status === 415 || status === 404 ? 400 : 500
}
