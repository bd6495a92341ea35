import { createServer } from "node:https"
import express, { type NextFunction, type Request, type Response, type Router } from "express"
import helmet from "helmet"
import type { Clock } from "../base/clock.ts"
import type { ConnectionLimits } from "../base/connection-gate.ts"
import { serve, type Serving } from "../base/serving.ts"
import { policyDomain } from "../domains/mta-sts-policy.ts"
import type { HealthReport } from "../telemetry/health.ts"
import { keepInStep, type ListenerTls } from "../tls/listener-tls.ts"
import { boundConnections } from "./bound-connections.ts"
import { type CertificateRoutes, certificateRoutes } from "./certificates.ts"
import { pageStyle } from "./page.ts"
import { type HelpFacts, helpPage, statusPage } from "./status-page.ts"
import { statusText } from "./text/vi.ts"

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

const usualLimits = { maxConnections: 1_000, maxConnectionsPerAddress: 150 }

export async function startConsole({ host, port, tls, help, health, clock, certificates, limits = usualLimits, handshakeMs = 10_000, mtaStsPolicy, mounted = [] }: ConsoleOptions): Promise<Serving> {
  const app = express()
  app.disable("x-powered-by")
  app.use(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"], styleSrc: ["'self'"], scriptSrc: null, imgSrc: ["'self'"], formAction: ["'self'"], frameAncestors: ["'none'"], baseUri: ["'none'"] }, useDefaults: false } }))
  app.get("/", async (_request, response) => {
    response.set("cache-control", "no-store").type("html").send(statusPage(await health(), clock.now()))
  })
  app.get("/help", (_request, response) => void response.type("html").send(helpPage(help)))
  app.get("/style.css", (_request, response) => void response.set("cache-control", "public, max-age=3600").type("css").send(pageStyle))
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
  app.use((_request, response) => void response.status(404).type("text").send(`${statusText.notFound}\n`))
  // a path that cannot be decoded is the client's doing, anything else ours; neither is told the stack
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const ours = !(error instanceof URIError)
    response.status(ours ? 500 : 400).type("text").send(`${ours ? statusText.broken : statusText.badRequest}\n`)
  })
  const server = createServer({ ...tls.serverOptions(), SNICallback: tls.SNICallback, handshakeTimeout: handshakeMs, requestTimeout: 15_000, headersTimeout: 10_000, connectionsCheckingInterval: 5_000, maxHeaderSize: 16_384 }, app)
  keepInStep(server, tls)
  boundConnections(server, limits)
  return serve(server, { host, port })
}
