import { createServer } from "node:http"
import express, { type NextFunction, type Request, type Response } from "express"
import { serve, type Serving } from "../base/serving.ts"
import { boundConnections } from "./bound-connections.ts"
import { httpsUrl } from "./client-setup/client-settings.ts"
import { autoconfigRoutes, type ClientSetup } from "./client-setup/routes.ts"
import { setupText } from "./text/vi.ts"

/**
 * The one listener without TLS, for mail clients that look for their set-up over HTTP (`http://autoconfig.DOMAIN/mail/config-v1.1.xml`) and for people
 * who leave the "s" away. It serves the public Autoconfig file and what ACME authorities look for; everything else is sent on to HTTPS, to the configured name and not to what the
 * client calls this host. Must not know: anything that is not for everybody.
 */
export interface PlainServerOptions {
  readonly host: string
  readonly port: number
  readonly setup: ClientSetup
  /** What an ACME authority finds under a token (RFC 8555 §8.3), undefined for others. */
  readonly challenge?: (token: string) => Promise<string | undefined>
}

const limits = { maxConnections: 200, maxConnectionsPerAddress: 50 }

export async function startPlainServer({ host, port, setup, challenge }: PlainServerOptions): Promise<Serving> {
  const app = express()
  app.disable("x-powered-by")
  app.use((_request, response, next) => {
    response.set("x-content-type-options", "nosniff")
    next()
  })
  app.use(autoconfigRoutes(setup))
  if (challenge) app.get("/.well-known/acme-challenge/:token", async (request, response, next) => {
    const text = await challenge(request.params.token)
    if (text === undefined) next()
    else response.type("application/octet-stream").send(text)
  })
  app.use((request, response) => {
    // what would come in a body has been seen by everybody on the way: it is not asked for a second time
    if (request.method !== "GET" && request.method !== "HEAD") return void response.status(405).set("allow", "GET, HEAD").type("text").send(`${setupText.onlyHttps}\n`)
    response.redirect(302, httpsUrl(setup.settings, request.originalUrl.startsWith("/") ? request.originalUrl : "/"))
  })
  // nothing of the inside is told
  app.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) => void response.status(500).type("text").send(`${setupText.onlyHttps}\n`))
  const server = createServer({ requestTimeout: 15_000, headersTimeout: 10_000, connectionsCheckingInterval: 5_000, maxHeaderSize: 16_384 }, app)
  boundConnections(server, limits)
  return serve(server, { host, port })
}
