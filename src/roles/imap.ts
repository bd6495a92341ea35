import { createApp, createLogins, createSignIns, openPresence } from "../app.ts"
import { startImapServer } from "../imap/server.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import { isUnavailable } from "../store/sql/database.ts"
import { createMailStore } from "../store/sql/mail-store.ts"
import { createImapLog } from "../telemetry/mail-log.ts"
import { openCertificateLogins } from "./client-certificates.ts"
import type { StartRole } from "./role.ts"
import { openListenerTls } from "./tls.ts"

/** The role `imap`: mailboxes for mail clients. */
export const startImapRole: StartRole = async (context) => {
  const app = await createApp(context, ["directory", "mail"])
  const { config, clock, log, metrics } = context
  const { database, feed, contents, sealer, directory } = app
  const mailStore = createMailStore({ database, feed, contents, sealer, cacheBytes: config.store.detailsCache, log })
  app.onClose(() => mailStore.close())
  const signIns = createSignIns(app)
  const certificateLogins = await openCertificateLogins(app, signIns)
  const presence = openPresence(app)
  const server = await startImapServer({
    config,
    tls: await openListenerTls(app, "imap"),
    sharePorts: context.sharePorts,
    services: {
      mailStore, contentStore: contents, directory, authenticator: createLogins(app, signIns), ...(certificateLogins && { certificateLogins }), audit: createAuditStore(database), presence, clock, log: createImapLog(log), isUnavailable,
    },
  })
  metrics.gauge("imap_connections", "Open IMAP connections.", () => server.connections())
  return {
    ports: server.ports,
    async stop() {
      await server.close()
      await app.close()
    },
  }
}
