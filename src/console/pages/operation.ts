import type { Area } from "../web/page.ts"
import { auditArea, type AuditPorts } from "./audit/audit.ts"
import { certificateArea, type CertificatePorts } from "./certificates/certificates.ts"
import { connectionArea, type ConnectionPorts } from "./connections/connections.ts"
import { heldArea, type HeldPorts } from "./held/held.ts"
import { policyArea, type PolicyPorts } from "./policies/policies.ts"
import { queueArea, type QueuePorts } from "./queue/queue.ts"

/** The areas of those who keep the system running; roles/operation-pages.ts provides what they need. */
export interface OperationPorts {
  readonly queue: QueuePorts
  readonly held: HeldPorts
  readonly certificates: CertificatePorts
  readonly policies: PolicyPorts
  readonly audit: AuditPorts
  readonly connections: ConnectionPorts
}

export const operationAreas = (ports: OperationPorts): readonly Area[] => [queueArea(ports.queue), heldArea(ports.held), certificateArea(ports.certificates), policyArea(ports.policies), auditArea(ports.audit), connectionArea(ports.connections)]
