import type { App } from "../app.ts"
import type { Clock } from "../base/clock.ts"
import type { OperationPorts } from "../console/pages/operation.ts"
import type { Outbox } from "../delivery/outbox.ts"
import { messagePreview } from "../store/message-preview.ts"
import { shownHeader } from "../store/shown-header.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import { createHeldDesk } from "../store/sql/held-desk.ts"
import { createPauseStore } from "../store/sql/pauses.ts"
import { createQueueStore } from "../store/sql/queue.ts"
import { createTraceStore } from "../store/sql/trace.ts"

/** What the console's pages of operation stand on. */
export interface OperationParts extends Pick<App, "database" | "directory" | "sealer" | "contents"> {
  readonly outbox: Pick<Outbox, "wake">
  readonly clock: Clock
}

export function operationPorts({ database, directory, sealer, contents, outbox, clock }: OperationParts): OperationPorts {
  const audit = createAuditStore(database)
  /** The audit keeps a person's number, or the name of a token or of whoever worked on the command line. */
  const nameOf = (by: string): string => directory.current().principal(by)?.name ?? by
  const wake: Outbox["wake"] = (deliveries) => outbox.wake(deliveries)
  const accountAddress = (address: string): string | undefined => {
    const target = directory.current().resolve(address)
    return target.kind === "account" ? target.account.address : undefined
  }
  return {
    queue: { queue: createQueueStore({ database }), pauses: createPauseStore({ database }), traces: createTraceStore({ database, sealer }), nameOf, clock, wake, accountAddress },
    held: { held: createHeldDesk({ database }), header: (content) => shownHeader(contents, content), preview: (content) => messagePreview(contents, content), audit, nameOf, wake },
  }
}
