import type { App } from "../app.ts"
import type { ConsolePorts } from "../console/pages/areas.ts"
import type { Outbox } from "../delivery/outbox.ts"
import { createPauseStore } from "../store/sql/pauses.ts"
import { createQueueStore } from "../store/sql/queue.ts"
import { createTraceStore } from "../store/sql/trace.ts"

/** What the console's pages of operation stand on. */
export type OperationPorts = Pick<ConsolePorts, "queue">

export function operationPorts(app: App, outbox: Outbox): OperationPorts {
  const { database, directory, sealer, context: { clock } } = app
  /** The audit keeps a person's number, or the name of a token or of whoever worked on the command line. */
  const nameOf = (by: string): string => directory.current().principal(by)?.name ?? by
  const wake: Outbox["wake"] = (deliveries) => outbox.wake(deliveries)
  const accountAddress = (address: string): string | undefined => {
    const target = directory.current().resolve(address)
    return target.kind === "account" ? target.account.address : undefined
  }
  return {
    queue: { queue: createQueueStore({ database }), pauses: createPauseStore({ database }), traces: createTraceStore({ database, sealer }), nameOf, clock, wake, accountAddress },
  }
}
