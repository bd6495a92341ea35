import { createServer } from "node:https"
import express, { type NextFunction, type Request, type Response, type Router } from "express"
import helmet from "helmet"
import type { Clock } from "../base/clock.ts"
import type { ConnectionLimits } from "../base/connection-gate.ts"
import { serve, type Serving } from "../base/serving.ts"
import { policyDomain } from "../domains/mta-sts-policy.ts"
import type { HealthReport } from "../telemetry/health.ts"
import { keepInStep, type ListenerTls } from "../tls/listener-tls.ts"
import { bodyPace, guardBodies } from "./body-pace.ts"
import { boundConnections } from "./bound-connections.ts"
import { type CertificateRoutes, certificateRoutes } from "./certificates.ts"
import { type HelpFacts, helpPage } from "./help-page.ts"
import { statusPage } from "./status-page.ts"
import { publicText } from "./text/public.ts"
import { publicVisit } from "./web/public-shell.ts"

/**
 * The HTTPS side of the system: a status page for whoever runs it, and how to set a mail client up. It shows no mail and no
 * names of people, so it asks for no sign-in; what does is in certificates.ts. Must not know: how health is gathered.
 */
export interface ConsoleOptions {
  readonly host: string
  readonly port: number
  readonly tls: ListenerTls
  readonly help: HelpFacts
  readonly health: () => Promise<readonly HealthReport[]>
  readonly clock: Clock
  readonly certificates: CertificateRoutes
  /** Absent: the configuration's defaults. */
  readonly limits?: Pick<ConnectionLimits, "maxConnections" | "maxConnectionsPerAddress">
  /** For a client to come to the end of its TLS handshake (ms). */
  readonly handshakeMs?: number
  /** The MTA-STS policy of a domain (RFC 8461 §3.2); undefined when it is none of ours. */
  readonly mtaStsPolicy?: (domain: string) => string | undefined
  /** What else is served here, each below its path. */
  readonly mounted?: readonly { readonly path: string; readonly router: Router }[]
}

/** For the largest of bodies at the slowest of paces (body-pace.ts). */
const maxRequestMs = 10 * 60_000
const usualLimits = { maxConnections: 1_000, maxConnectionsPerAddress: 150 }

export async function startConsole({ host, port, tls, help, health, clock, certificates, limits = usualLimits, handshakeMs = 10_000, mtaStsPolicy, mounted = [] }: ConsoleOptions): Promise<Serving> {
  const app = express()
  app.disable("x-powered-by")
  app.use(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"], styleSrc: ["'self'"], scriptSrc: null, imgSrc: ["'self'"], formAction: ["'self'"], frameAncestors: ["'none'"], baseUri: ["'none'"] }, useDefaults: false } }))
  app.get("/", async (request, response) => {
    response.set("cache-control", "no-store").type("html").send(statusPage(publicVisit(request), await health(), clock.now()))
  })
  app.get("/help", (request, response) => void response.type("html").send(helpPage(publicVisit(request), help)))
  app.get("/health", async (_request, response) => {
    const roles = await health()
    const ok = roles.every((role) => role.ok)
    response.set("cache-control", "no-store").status(ok ? 200 : 503).json({ ok })
  })
  app.get("/.well-known/mta-sts.txt", (request, response, next) => {
    const domain = policyDomain(request.headers.host ?? "")
    const policy = domain === undefined ? undefined : mtaStsPolicy?.(domain)
    if (policy === undefined) next()
    else response.set("cache-control", "no-store").type("text/plain").send(policy)
  })
  app.use("/certificates", certificateRoutes(certificates))
  for (const { path, router } of mounted) app.use(path, router)
  app.use((request, response) => void response.status(404).type("text").send(`${publicVisit(request).say(publicText.notFound)}\n`))
  // a path that cannot be decoded is the client's doing, anything else ours; neither is told the stack
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const ours = !(error instanceof URIError)
    response.status(ours ? 500 : 400).type("text").send(`${publicVisit(request).say(ours ? publicText.broken : publicText.badRequest)}\n`)
  })
  const server = createServer({ ...tls.serverOptions(), SNICallback: tls.SNICallback, handshakeTimeout: handshakeMs, headersTimeout: 10_000, requestTimeout: maxRequestMs, connectionsCheckingInterval: 5_000, maxHeaderSize: 16_384 }, app)
  server.prependListener("request", guardBodies(bodyPace))
  keepInStep(server, tls)
  boundConnections(server, limits)
  return serve(server, { host, port })
}
