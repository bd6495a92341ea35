import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from "express"
import { clientNetwork } from "../../accounts/login-throttle.ts"
import type { Clock } from "../../base/clock.ts"
import type { LookupRates } from "../lookup-rates.ts"
import { setupText } from "../text/vi.ts"
import { appleProfile } from "./apple-profile.ts"
import { askedDomain } from "./asked-domain.ts"
import { autoconfigXml } from "./autoconfig.ts"
import { autodiscoverFaultXml, autodiscoverXml } from "./autodiscover.ts"
import { autodiscoverJson, autodiscoverPath } from "./autodiscover-json.ts"
import { autodiscoverAddress } from "./autodiscover-request.ts"
import type { ClientSettings } from "./client-settings.ts"
import { maxXmlBytes } from "./read-xml.ts"

/**
 * Mail clients set themselves up from these files; nobody signs in for them. Invariants: an answer depends on the domain of an address and never on
 * whether the address exists; a domain that is none of ours is not found, in every form. Must not know: what the files look like.
 */
export interface ClientSetup {
  readonly settings: ClientSettings
  readonly isLocalDomain: (domain: string) => boolean
  /** Counted by client network. */
  readonly rates: LookupRates
  /** Puts a signature around an Apple profile; null: it goes out without. */
  readonly sign: ((profile: Buffer) => Promise<Buffer>) | null
  readonly clock: Clock
}

const autoconfigPaths = ["/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml", "/.well-known/mail-v1.xml"]
const jsonPath = "/autodiscover/autodiscover.json"
const profilePath = "/apple/mail.mobileconfig"
const cacheSeconds = 3_600

/** What is also served without TLS: it is the same for everybody, and clients check the servers that it names by their certificates. */
export function autoconfigRoutes(setup: ClientSetup): Router {
  const router = Router()
  router.get(autoconfigPaths, limited(setup), (request, response) => {
    const domain = askedDomain({ address: parameter(request, "emailaddress"), host: request.headers.host ?? "" }, setup.isLocalDomain)
    if (domain === undefined) return refuse(response, 404)
    response.set("cache-control", `public, max-age=${cacheSeconds}`).type("text/xml").send(autoconfigXml(setup.settings, domain))
  })
  return router
}

/** All of them, for HTTPS. */
export function clientSetupRoutes(setup: ClientSetup): Router {
  const { settings, isLocalDomain, clock } = setup
  const router = Router()
  const isOurs = (address: string | undefined): address is string => address !== undefined && askedDomain({ address, host: "" }, isLocalDomain) !== undefined
  router.use(autoconfigRoutes(setup))

  router.post(autodiscoverPath, limited(setup), express.raw({ type: () => true, limit: maxXmlBytes, inflate: false }), (request, response) => {
    const asked = autodiscoverAddress(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0))
    if (asked.ok && !isOurs(asked.value)) return refuse(response, 404)
    response.set("cache-control", "no-store").type("text/xml").send(asked.ok ? autodiscoverXml(settings, asked.value) : autodiscoverFaultXml(asked.failure, clock.now()))
  })

  router.get([jsonPath, `${jsonPath}/v1.0/:address`], limited(setup), (request, response) => {
    const inPath: unknown = request.params["address"]
    if (!isOurs(typeof inPath === "string" ? inPath : parameter(request, "email"))) return refuse(response, 404)
    const { status, body } = autodiscoverJson(settings, parameter(request, "protocol"))
    response.set("cache-control", "no-store").status(status).json(body)
  })

  router.get(profilePath, limited(setup), async (request, response) => {
    const address = parameter(request, "address")
    if (!isOurs(address)) return refuse(response, 404)
    const profile = Buffer.from(appleProfile(settings, address))
    response
      .set({ "cache-control": "no-store", "content-disposition": 'attachment; filename="mail.mobileconfig"' })
      .type("application/x-apple-aspen-config")
      .send(setup.sign ? await setup.sign(profile) : profile)
  })

  // a body that is too long or compressed; whatever else went wrong is for those who come after
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const status = error instanceof Error && "status" in error ? error.status : undefined
    if (status === 413 || status === 415) refuse(response, status)
    else next(error)
  })
  return router
}

const limited =
  ({ rates }: ClientSetup): RequestHandler =>
  async (request, response, next) => {
    const waitSeconds = await rates.take(clientNetwork(request.socket.remoteAddress ?? ""))
    if (waitSeconds === 0) return next()
    response.set("retry-after", String(waitSeconds))
    refuse(response, 429)
  }

/** Clients differ in the letter case of a parameter's name. Given twice, it is not given. */
function parameter(request: Request, name: string): string | undefined {
  const given = Object.entries(request.query).filter(([key]) => key.toLowerCase() === name)
  const value = given.length === 1 ? given[0]?.[1] : undefined
  return typeof value === "string" ? value : undefined
}

const refuse = (response: Response, status: 404 | 413 | 415 | 429): void => void response.set("cache-control", "no-store").status(status).type("text").send(`${setupText.refused[status]}\n`)
