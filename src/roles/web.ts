import { createApp } from "../app.ts"
import { startConsole } from "../console/server.ts"
import type { HealthReport } from "../telemetry/health.ts"
import { watchRoles } from "./watch.ts"
import type { StartRole } from "./role.ts"

/** The role `web`: the console over HTTPS. */
export const startWebRole: StartRole = async (context) => {
  const app = await createApp(context)
  const { config, health, clock } = context
  const watch = watchRoles(config.console.watch)
  const server = await startConsole({
    host: config.listen.host,
    port: config.listen.https,
    tls: app.files.tls,
    help: { hostname: config.hostname, imaps: config.listen.imaps, imap: config.listen.imap, submissions: config.listen.submissions, submission: config.listen.submission },
    health: async () => merge(await health.report(), [...context.others(), ...(await watch())]),
    clock,
  })
  return {
    ports: { https: server.port },
    async stop() {
      await server.close()
      await app.close()
    },
  }
}

/** This process knows itself best. */
const merge = (own: HealthReport, others: readonly HealthReport[]): HealthReport[] => [...others.filter((other) => other.role !== own.role), own]
