import { readFile } from "node:fs/promises"
import { acmeFiles } from "../acme/certificate-keeper.ts"
import { readChallenge } from "../acme/challenges.ts"
import { createCertificateLookup } from "../addressbook/certificate-lookup.ts"
import { createApp, createLogins, createSignIns, queueBackend } from "../app.ts"
import { createLookupRates } from "../console/lookup-rates.ts"
import { clientSetupRoutes } from "../console/client-setup/routes.ts"
import { startPlainServer } from "../console/plain-server.ts"
import { quarantineRoutes } from "../console/quarantine.ts"
import { startConsole } from "../console/server.ts"
import { shippedPolicyFile } from "../config/load.ts"
import { createOutbox } from "../delivery/outbox.ts"
import { mtaStsPolicy } from "../domains/mta-sts-policy.ts"
import { readPolicyFirst } from "../policy/first-reading.ts"
import type { HealthReport } from "../telemetry/health.ts"
import { openAddressBook } from "./address-book.ts"
import { createApi } from "./api.ts"
import { createConsole } from "./console.ts"
import { openClientSetup } from "./client-setup.ts"
import { helpFacts } from "./help-facts.ts"
import { acmeFolder } from "./prepare.ts"
import { quarantinePath, recipientsRelease } from "./quarantine.ts"
import { watchRoles } from "./watch.ts"
import type { StartRole } from "./role.ts"
import { openListenerTls } from "./tls.ts"
import { openWebPorts } from "./web-ports.ts"

/** The role `web`: the console, colleagues' certificates and the API over HTTPS. */
export const startWebRole: StartRole = async (context) => {
  const app = await createApp(context, ["directory", "notifications"])
  const { config, health, clock, log } = context
  readPolicyFirst(await readFile(shippedPolicyFile, "utf8"))
  const signIns = createSignIns(app)
  const watch = watchRoles(config.console.watch)
  const setup = await openClientSetup({ config, clock, help: helpFacts(config), isLocalDomain: (domain) => app.directory.current().isLocalDomain(domain) })
  const authenticator = createLogins(app, signIns)
  const everyRole = async (): Promise<readonly HealthReport[]> => merge(await health.report(), [...context.others(), ...(await watch())])
  // a queue engine that is away costs a delivery the seconds until the next sweep: no reason to call this role unwell
  const outbox = createOutbox({ backend: queueBackend(app), clock, log })
  app.onClose(() => outbox.close())
  const ports = openWebPorts(app, { outbox, health: everyRole })
  const api = await createApi(app, { signIns, ports })
  const server = await startConsole({
    host: config.listen.host,
    port: config.listen.https,
    tls: await openListenerTls(app, "web"),
    help: helpFacts(config),
    health: everyRole,
    clock,
    limits: config.console,
    mtaStsPolicy: (domain) => (app.directory.current().isLocalDomain(domain) ? mtaStsPolicy({ mode: config.dns.mtaSts, maxAgeSeconds: config.dns.mtaStsMaxAge / 1000, hosts: [config.hostname] }) : undefined),
    certificates: {
      authenticator,
      lookup: createCertificateLookup({ directory: app.directory, source: openAddressBook(app) }),
      rates: createLookupRates(config.console.lookupsPerHour),
      askers: createLookupRates(config.console.requestsPerMinute, 60),
    },
    mounted: [
      { path: "/api/v1", router: api.router },
      { path: "/scim/v2", router: api.scim },
      { path: "/console", router: await createConsole(app, { authenticator, signIns, apiDocument: api.document, client: setup.settings, ports }) },
      { path: quarantinePath, router: quarantineRoutes(recipientsRelease(app, outbox)) },
      { path: "/", router: clientSetupRoutes(setup) },
    ],
  })
  const plain = config.listen.http === 0 ? undefined : await startPlainServer({ host: config.listen.host, port: config.listen.http, setup, ...(config.tls.acme.directory !== "" && { challenge: (token) => readChallenge(acmeFiles(acmeFolder(config)).challenges, token) }) })
  return {
    ports: { https: server.port, ...(plain && { http: plain.port }) },
    async stop() {
      await plain?.close()
      await server.close()
      await app.close()
    },
  }
}

/** This process knows itself best. */
const merge = (own: HealthReport, others: readonly HealthReport[]): HealthReport[] => [...others.filter((other) => other.role !== own.role), own]
