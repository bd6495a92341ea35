import { type NextFunction, type Request, type RequestHandler, type Response, Router } from "express"
import { clientNetwork } from "../accounts/login-throttle.ts"
import type { Clock } from "../base/clock.ts"
import type { ReleaseTokens } from "../mail/release-token.ts"
import type { HeldCopy, HeldStore, Released } from "../store/held-store.ts"
import type { ShownHeader } from "../store/shown-header.ts"
import type { LookupRates } from "./lookup-rates.ts"
import { quarantinePage, quarantineSentence } from "./quarantine-page.ts"
import { quarantineText } from "./text/public.ts"
import { publicVisit } from "./web/public-shell.ts"
import type { Words } from "./web/words.ts"

/**
 * `/quarantine/TOKEN`: a recipient sees what was set aside for him and lets his copy go. The link in the notice is all that is asked for: whoever has it
 * reads that mailbox. Invariants: GET changes nothing, because scanners and mail clients follow links; a token that somebody else made counts as none;
 * nobody's copy but the token's goes. Must not know: how mail is delivered, who is told of it.
 */
export interface QuarantineRoutes {
  readonly tokens: Pick<ReleaseTokens, "read">
  readonly held: Pick<HeldStore, "findCopy" | "releaseCopy">
  readonly header: (content: HeldCopy["content"]) => Promise<ShownHeader>
  /** Counted by client network. */
  readonly rates: LookupRates
  readonly clock: Clock
  /** Tells the workers what is due now; must not throw. */
  readonly wake: (deliveries: Released) => void
  readonly log: QuarantineLog
  /** True for an error that says the store cannot be reached now. */
  readonly isUnavailable: (error: unknown) => boolean
}

export interface QuarantineLog {
  releasedByRecipient(event: { readonly envelopeId: number; readonly deliveryId: number; readonly clientAddress: string }): void
}

const retrySeconds = 30

export function quarantineRoutes(parts: QuarantineRoutes): Router {
  const { held, header, wake, log } = parts
  const router = Router()
  router.get("/:token", limited(parts), async (request, response) => {
    const copy = await copyOf(parts, request, response)
    if (copy) response.type("html").send(quarantinePage(publicVisit(request), copy, await header(copy.content)))
  })
  router.post("/:token", limited(parts), async (request, response) => {
    const copy = await copyOf(parts, request, response)
    if (!copy) return
    const clientAddress = request.socket.remoteAddress ?? ""
    const released = await held.releaseCopy(copy.deliveryId, { by: copy.recipient, note: "released by its recipient", clientAddress })
    if (released.ok) {
      log.releasedByRecipient({ envelopeId: copy.envelopeId, deliveryId: copy.deliveryId, clientAddress })
      wake(released.value)
    }
    // RFC 9110 §15.4.4: the page then says what became of it, also when somebody was faster, and reloading it sends nothing
    response.redirect(303, `${request.baseUrl}${request.path}`)
  })
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!parts.isUnavailable(error)) return next(error)
    response.set("retry-after", String(retrySeconds))
    say(request, response, 503, quarantineText.unavailable)
  })
  return router
}

/** Undefined when it has been answered why there is nothing to decide. */
async function copyOf({ tokens, held, clock }: QuarantineRoutes, request: Request, response: Response): Promise<HeldCopy | undefined> {
  const given = request.params["token"]
  const token = typeof given === "string" ? tokens.read(given) : undefined
  const copy = token && (await held.findCopy(token.deliveryId))
  if (!copy || !token.isFor(copy.recipient)) return void say(request, response, 404, quarantineText.notFound)
  if (copy.state === "gone") return void say(request, response, 200, quarantineText.gone)
  if (copy.state === "refused") return void say(request, response, 200, quarantineText.refused)
  if (token.expiresAt <= clock.now()) return void say(request, response, 410, quarantineText.expired)
  if (!copy.recipientsMayRelease) return void say(request, response, 403, quarantineText.administrators)
  return copy
}

const limited =
  ({ rates }: QuarantineRoutes): RequestHandler =>
  async (request, response, next) => {
    response.set("cache-control", "no-store")
    const waitSeconds = await rates.take(clientNetwork(request.socket.remoteAddress ?? ""))
    if (waitSeconds === 0) return next()
    response.set("retry-after", String(waitSeconds))
    say(request, response, 429, quarantineText.tooMany)
  }

const say = (request: Request, response: Response, status: number, sentence: Words): void => void response.status(status).type("html").send(quarantineSentence(publicVisit(request), sentence))
