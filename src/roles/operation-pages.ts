import type { Account } from "../accounts/directory.ts"
import type { ForwardingRules } from "../accounts/forwarding.ts"
import type { App } from "../app.ts"
import { explainMessage } from "./explain-message.ts"
import type { SignatureQuestion } from "./message-signature.ts"
import { verifyAudit } from "./verify-audit.ts"
import { openRevocation, type Revocation } from "./revocation.ts"
import type { Clock } from "../base/clock.ts"
import { createRuns } from "../base/runs.ts"
import type { CertificatePorts } from "../console/pages/certificates/certificates.ts"
import type { OperationPorts } from "../console/pages/operation.ts"
import type { QueueEngine } from "../console/pages/queue/queue.ts"
import type { Result } from "../base/result.ts"
import { replayDecisions } from "../intake/replay-decisions.ts"
import type { SignatureFacts } from "../pki/signature-facts.ts"
import type { Outbox } from "../delivery/outbox.ts"
import { openOwnDmarc, openOwnTls } from "../reports/read-own-report.ts"
import { messagePreview } from "../store/message-preview.ts"
import { shownHeader } from "../store/shown-header.ts"
import { createAuditChain } from "../store/sql/audit-chain.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import { createCertificateDesk } from "../store/sql/certificate-desk.ts"
import { createDecisionStore } from "../store/sql/decisions.ts"
import { createHeldStore } from "../store/sql/held.ts"
import { createHeldDesk } from "../store/sql/held-desk.ts"
import { createLockoutDesk } from "../store/sql/lockouts.ts"
import { createMonthlyReportStore } from "../store/sql/monthly-report.ts"
import { createOutboundStore } from "../store/sql/outbound.ts"
import { createOwnReportStore } from "../store/sql/own-reports.ts"
import { createPauseStore } from "../store/sql/pauses.ts"
import { createPolicyStore } from "../store/sql/policies.ts"
import { createQueueStore } from "../store/sql/queue.ts"
import { createReceivedDmarcStore } from "../store/sql/received-dmarc-reports.ts"
import { createReceivedTlsStore } from "../store/sql/received-tls-reports.ts"
import { createSessionDesk } from "../store/sql/session-desk.ts"
import { createTraceStore } from "../store/sql/trace.ts"

/** About 2,000 records; larger reports are for the command line, which makes nobody wait. */
const shownReportBytes = 1024 * 1024

/** What the console's pages of operation stand on. */
export interface OperationParts extends Pick<App, "database" | "feed" | "directory" | "sealer" | "contents"> {
  readonly statusOf: CertificatePorts["statusOf"]
  /** Fails with why a signature cannot be verified now. */
  readonly findSignature: (question: SignatureQuestion) => Promise<Result<SignatureFacts, string>>
  /** Hex of the key that heads of the audit are signed with. */
  readonly auditKey: () => Promise<string>
  /** `audit.keep` (ms). */
  readonly auditKeepMs: number
  /** After which a session of the console has ended. */
  readonly consoleIdleMs: number
  readonly consoleLifeMs: number
  readonly forwarding: ForwardingRules
  readonly onError: (error: unknown) => void
  readonly outbox: Pick<Outbox, "wake">
  readonly engine: QueueEngine
  readonly clock: Clock
}

export function operationPorts({ database, directory, sealer, contents, feed, outbox, engine, clock, statusOf, findSignature, forwarding, auditKey, auditKeepMs, consoleIdleMs, consoleLifeMs, onError }: OperationParts): OperationPorts {
  const audit = createAuditStore(database)
  const chain = createAuditChain({ database })
  const own = createOwnReportStore(database)
  /** The audit keeps a person's number, or the name of a token or of whoever worked on the command line. */
  const nameOf = (by: string): string => directory.current().principal(by)?.name ?? by
  const wake: Outbox["wake"] = (deliveries) => outbox.wake(deliveries)
  const account = (address: string): Account | undefined => {
    const target = directory.current().resolve(address)
    return target.kind === "account" ? target.account : undefined
  }
  const accountAddress = (address: string): string | undefined => account(address)?.address
  const accountOf = (address: string): number | undefined => account(address)?.id
  return {
    queue: { queue: createQueueStore({ database }), pauses: createPauseStore({ database }), traces: createTraceStore({ database, sealer }), nameOf, clock, wake, accountAddress, engine },
    held: { held: createHeldDesk({ database }), approvals: createHeldStore({ database }), directory, clock, header: (content) => shownHeader(contents, content), preview: (content) => messagePreview(contents, content), audit, nameOf, wake },
    certificates: { registry: createCertificateDesk({ database, clock }), directory, statusOf, announce: (version) => feed.publish([{ kind: "directory", version }]), nameOf, clock },
    policies: {
      policies: createPolicyStore(database), directory, nameOf, clock, announce: (version) => feed.publish([{ kind: "policy", version }]), replays: createRuns({ clock, onError }),
      replay: (policy, period, { signal, progress }) => replayDecisions({ decisions: createDecisionStore({ database, clock }), sealer, policy, period, signal, onProgress: progress }),
      explain: (policy, question) => explainMessage(policy, question, { directory: directory.current(), at: clock.now(), findSignature, forwarding }),
    },
    audit: { audit, chain, nameOf, clock, accountOf, verifications: createRuns({ clock, onError }), verify: async (control) => verifyAudit(chain, { keys: new Set([await auditKey()]), keepMs: auditKeepMs, now: clock.now() }, control) },
    connections: { sessions: createSessionDesk({ database, idleMs: consoleIdleMs, absoluteMs: consoleLifeMs, clock }), lockouts: createLockoutDesk(database), outbound: createOutboundStore({ database }) },
    reports: {
      monthly: createMonthlyReportStore(database), tls: createReceivedTlsStore(database), dmarc: createReceivedDmarcStore(database), own,
      openOwnTls: (number) => openOwnTls(own, number, shownReportBytes), openOwnDmarc: (number) => openOwnDmarc(own, number, shownReportBytes), clock,
    },
  }
}

/** Asked of the issuers only when somebody looks; until then the role keeps nothing of it in memory. */
export function certificateStatuses(app: App): CertificatePorts["statusOf"] {
  const { clock, log } = app.context
  let opened: Promise<Revocation> | undefined
  return async (certificate) => {
    try {
      opened ??= openRevocation(app)
      return await (await opened).statuses.of({ certificate, pool: [], at: clock.now() })
    } catch (error) {
      opened = undefined
      log.warn({ err: error }, "console: a certificate could not be checked")
      return undefined
    }
  }
}
