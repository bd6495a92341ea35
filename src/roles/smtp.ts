import { createApp, createDeliveries, createDoor, createLogins } from "../app.ts"
import { startSmtpServer } from "../smtp/server.ts"
import { createSmtpLog } from "../telemetry/mail-log.ts"
import { createSuppressionStore } from "../store/sql/suppressions.ts"
import { createSuppressionView } from "../store/suppression-view.ts"
import { openPolicyParts } from "./judging.ts"
import { openOutboundWatch } from "./outbound.ts"
import type { StartRole } from "./role.ts"

/** The role `smtp`: mail from other servers, and submission by mail clients. */
export const startSmtpRole: StartRole = async (context) => {
  const app = await createApp(context)
  const { config, clock, log } = context
  const door = await createDoor(app, { here: createDeliveries(app), policy: await openPolicyParts(app), outbound: openOutboundWatch(app) })
  const server = await startSmtpServer({
    config,
    tls: app.files.tls,
    sharePorts: context.sharePorts,
    services: { ...door, contentStore: app.contents, directory: app.directory, authenticator: createLogins(app), suppressions: createSuppressionView({ suppressions: createSuppressionStore(app), clock }), clock, log: createSmtpLog(log) },
  })
  return {
    ports: server.ports,
    async stop() {
      await server.close()
      await app.close()
    },
  }
}
