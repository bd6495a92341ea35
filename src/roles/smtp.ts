import { createApp, createDeliveries, createDoor, createLogins, createSignIns, openPresence } from "../app.ts"
import { startSmtpServer } from "../smtp/server.ts"
import { createSmtpLog } from "../telemetry/mail-log.ts"
import { createSuppressionStore } from "../store/sql/suppressions.ts"
import { createSuppressionView } from "../store/suppression-view.ts"
import { openAdministrators } from "./administrators.ts"
import { openCertificateLogins } from "./client-certificates.ts"
import { openGreylist } from "./inbound.ts"
import { openPolicyParts } from "./judging.ts"
import { openSubmittedNotifications } from "./notifications.ts"
import { openOutboundWatch } from "./outbound.ts"
import type { StartRole } from "./role.ts"
import { openListenerTls } from "./tls.ts"

/** The role `smtp`: mail from other servers, and submission by mail clients. */
export const startSmtpRole: StartRole = async (context) => {
  const app = await createApp(context)
  const { config, clock, log } = context
  const administrators = await openAdministrators(app)
  const door = await createDoor(app, { here: createDeliveries(app), policy: await openPolicyParts(app, administrators), outbound: openOutboundWatch(app, administrators) })
  const signIns = createSignIns(app)
  const certificateLogins = await openCertificateLogins(app, signIns)
  const greylist = openGreylist(app)
  const server = await startSmtpServer({
    config,
    tls: await openListenerTls(app, "smtp"),
    sharePorts: context.sharePorts,
    services: { ...door, presence: openPresence(app), ...(certificateLogins && { certificateLogins }), contentStore: app.contents, directory: app.directory, authenticator: createLogins(app, signIns), suppressions: createSuppressionView({ suppressions: createSuppressionStore(app), clock }), clock, log: createSmtpLog(log), notifications: openSubmittedNotifications(app, door.freeSpace), ...(greylist && { greylist }) },
  })
  return {
    ports: server.ports,
    async stop() {
      await server.close()
      await app.close()
    },
  }
}
