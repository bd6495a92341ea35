import { type App, createApp } from "../../src/app.ts"
import { systemClock } from "../../src/base/clock.ts"
import { openLog } from "../../src/base/log.ts"
import type { Config } from "../../src/config/schema.ts"
import { findDatabaseUrl } from "../../src/store/sql/connect.ts"
import { createHealth } from "../../src/telemetry/health.ts"
import { createMetrics } from "../../src/telemetry/metrics.ts"
import { newTicketSecret } from "../../src/tls/ticket-keys.ts"

/** What the role `smtp` of a running system stands on, in this process: for what cannot be measured through the network. */
export async function openRoleApp(config: Config): Promise<App> {
  const databaseUrl = findDatabaseUrl(config)
  if (databaseUrl === undefined) throw new Error("the system does not run")
  const name = "smtp of the bench"
  return createApp({ config, sharePorts: false, databaseUrl, ticketSecret: newTicketSecret(systemClock.now()), onReload: () => undefined, clock: systemClock, log: openLog({ level: "error", name }).log, health: createHealth(name, systemClock), metrics: createMetrics("smtp"), others: () => [] })
}
