/**
 * SMTP's three doors: from other servers (MX), from mail clients with STARTTLS (RFC 6409) and with TLS from the first byte (RFC 8314).
 * Invariants: no password is taken in clear; nothing is relayed for strangers; 250 after DATA means committed.
 * Must not know: SQL, queues, what a mailbox is.
 */
import type { AddressInfo } from "node:net"
import { TLSSocket } from "node:tls"
import type { SMTPServerOptions } from "smtp-server"
import type { DirectorySource } from "../accounts/directory.ts"
import type { CertificateLogins } from "../accounts/certificate-login.ts"
import type { Authenticator } from "../accounts/login.ts"
import type { QuotaView } from "../accounts/quota.ts"
import type { Clock } from "../base/clock.ts"
import type { Config } from "../config/schema.ts"
import type { Intake } from "../intake/intake.ts"
import type { SubmissionRates } from "../intake/submission-rates.ts"
import type { Srs } from "../mail/srs.ts"
import type { ContentStore } from "../store/content-store.ts"
import type { FreeSpace } from "../store/free-space.ts"
import type { Presence } from "../store/presence.ts"
import type { SuppressionStore } from "../store/suppression-store.ts"
import type { SubmittedNotifications } from "../notifications/submitted.ts"
import { askForCertificate, type ListenerTls } from "../tls/listener-tls.ts"
import { peerCertificates } from "../tls/peer-certificates.ts"
import { createOnAuth } from "./auth.ts"
import { createExternalSignIn } from "./auth-external.ts"
import { GatedServer } from "./connection.ts"
import { createConnectionGate } from "../base/connection-gate.ts"
import { createOnData } from "./data.ts"
import type { Greylist } from "./greylist.ts"
import { createOnMailFrom } from "./mail-from.ts"
import { createOnRcptTo } from "./rcpt-to.ts"
import type { SmtpSession } from "./session.ts"
import type { SmtpLog } from "./smtp-log.ts"

export interface SmtpServices {
  readonly intake: Intake
  readonly contentStore: ContentStore
  readonly directory: DirectorySource
  readonly authenticator: Authenticator
  /** Absent where client certificates sign nobody in: then nobody is asked for one. */
  readonly certificateLogins?: CertificateLogins
  readonly quota: QuotaView
  readonly freeSpace: FreeSpace
  readonly rates: SubmissionRates
  readonly srs?: Pick<Srs, "reverse">
  readonly suppressions?: Pick<SuppressionStore, "inForce">
  /** Absent: nobody is shown who is connected. */
  readonly presence?: Presence
  readonly clock: Clock
  readonly log: SmtpLog
  /** Absent: unknown senders are let in at once. */
  readonly greylist?: Greylist
  /** Absent: nobody submits notifications. */
  readonly notifications?: SubmittedNotifications
}

export interface SmtpServerParts {
  readonly config: { readonly hostname: string; readonly listen: Pick<Config["listen"], "host" | "smtp" | "submission" | "submissions">; readonly smtp: SmtpConfig }
  readonly tls: ListenerTls
  readonly services: SmtpServices
  /** Other processes listen on the same ports. */
  readonly sharePorts?: boolean
}

/** The part of the configuration that is about SMTP. */
export type SmtpConfig = Pick<Config["smtp"], "maxMessageBytes" | "maxRecipients" | "maxConnections" | "maxConnectionsPerAddress" | "maxErrors" | "idleTimeout" | "xclientProxies">

export interface SmtpServer {
  readonly ports: { readonly smtp: number; readonly submission: number; readonly submissions: number }
  /** Stops accepting, lets transactions under way end for a few seconds, closes the rest with 421. */
  close(): Promise<void>
}

type Door = { readonly role: "mx" | "submission"; readonly implicitTls: boolean; readonly port: number }

/** Within the ten seconds that SIGTERM leaves. */
const closeTimeoutMs = 5_000
/** Old sendmail jokes, and commands that only LMTP or trusted relays have. */
const neverOffered = ["WIZ", "SHELL", "KILL", "XFORWARD", "LHLO"]

export async function startSmtpServer({ config, tls, services, sharePorts = false }: SmtpServerParts): Promise<SmtpServer> {
  const { listen, smtp } = config
  const gate = createConnectionGate({ maxConnections: smtp.maxConnections, maxConnectionsPerAddress: smtp.maxConnectionsPerAddress, proxies: smtp.xclientProxies })
  const open = async ({ role, implicitTls, port }: Door): Promise<GatedServer> => {
    const external = role === "submission" && services.certificateLogins ? createExternalSignIn({ ...services, certificateLogins: services.certificateLogins }) : undefined
    const parts = { ...services, role, hostname: config.hostname, maxMessageBytes: smtp.maxMessageBytes }
    const options: SMTPServerOptions = {
      name: config.hostname,
      banner: "Cong Thu",
      secure: implicitTls,
      size: smtp.maxMessageBytes,
      maxRecipients: smtp.maxRecipients,
      socketTimeout: smtp.idleTimeout,
      closeTimeout: closeTimeoutMs,
      disableReverseLookup: true,
      logger: false,
      hideDSN: false,
      hideREQUIRETLS: false,
      hideENHANCEDSTATUSCODES: false,
      useXClient: smtp.xclientProxies.length > 0 ? [...smtp.xclientProxies] : false,
      authOptional: role === "mx",
      authMethods: ["PLAIN", "LOGIN"],
      authRequiredMessage: "Authentication required",
      disabledCommands: [...neverOffered, ...(role === "mx" ? ["AUTH"] : []), ...(implicitTls ? ["STARTTLS"] : [])],
      ...(external && askForCertificate),
      onSecure: rememberTls(external && services.certificateLogins),
      onAuth: createOnAuth(services),
      onMailFrom: createOnMailFrom(parts),
      onRcptTo: createOnRcptTo(parts),
      onData: createOnData(parts),
      ...(role === "submission" && { onClose: ({ id }) => services.presence?.leave(id) }),
    }
    const server = new GatedServer({ gate, maxErrors: smtp.maxErrors, tls, external, smtp: options })
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen({ port, host: listen.host, backlog: 1024, reusePort: sharePorts }, () => {
        server.off("error", reject)
        resolve()
      })
    })
    server.on("error", (error: Error) => services.log.connectionError({ error }))
    return server
  }
  const doors: readonly Door[] = [
    { role: "mx", implicitTls: false, port: listen.smtp },
    { role: "submission", implicitTls: false, port: listen.submission },
    { role: "submission", implicitTls: true, port: listen.submissions },
  ]
  const servers: GatedServer[] = []
  try {
    for (const door of doors) servers.push(await open(door))
  } catch (error) {
    await Promise.all(servers.map((server) => server.shutDown()))
    throw error
  }
  const [mx, submission, submissions] = servers.map(portOf)
  return {
    ports: { smtp: mx ?? 0, submission: submission ?? 0, submissions: submissions ?? 0 },
    close: async () => void (await Promise.all(servers.map((server) => server.shutDown()))),
  }
}

const rememberTls = (certificateLogins: CertificateLogins | undefined): NonNullable<SMTPServerOptions["onSecure"]> => (socket, session: SmtpSession, callback) => {
  if (socket instanceof TLSSocket) {
    session.tlsSummary = `${socket.getProtocol() ?? "TLS"} ${socket.getCipher().standardName}`
    if (certificateLogins) {
      session.clientCertificates = peerCertificates(socket)
      session.offersExternal = certificateLogins.mayOffer(session.clientCertificates)
    }
  }
  callback(null)
}

const portOf = (server: GatedServer): number => {
  const address: AddressInfo | string | null = server.server.address()
  return address !== null && typeof address === "object" ? address.port : 0
}
