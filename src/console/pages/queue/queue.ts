import type { Clock } from "../../../base/clock.ts"
import type { PauseStore } from "../../../store/pause-store.ts"
import type { QueueStore } from "../../../store/queue-store.ts"
import type { TraceStore } from "../../../store/trace-store.ts"
import { engineText, pauseText, queueText, traceText } from "../../text/queue.ts"
import type { Area } from "../../web/page.ts"
import { deliveryPages } from "./delivery.ts"
import { enginePages } from "./engine.ts"
import { pausePages } from "./pauses.ts"
import { queueListPages } from "./list.ts"
import { steerPages } from "./steer.ts"
import { tracePages } from "./trace.ts"

/** What waits to be delivered, what became of what was; and people's hand on both. */
export interface QueuePorts {
  readonly queue: QueueStore
  readonly pauses: PauseStore
  readonly traces: TraceStore
  /** The address of the account that an address or alias means. */
  readonly accountAddress: (address: string) => string | undefined
  /** The name behind what the audit keeps of who decided. */
  readonly nameOf: (by: string) => string
  /** Tells the workers what is due now; must not throw. */
  readonly wake: (deliveries: { readonly local: readonly number[]; readonly remote: readonly number[] }) => void
  readonly engine: QueueEngine
  readonly clock: Clock
}

/** What says when each delivery is tried. */
export interface QueueEngine {
  readonly kind: "redis" | "postgres"
  /** Why it cannot be reached now; undefined: it can. */
  problem(): Promise<string | undefined>
}

export const queueArea = (ports: QueuePorts): Area => ({
  group: "mail",
  menu: [
    { path: "/queue", label: queueText.title, who: "queue:read" },
    { path: "/queue/destinations", label: pauseText.title, who: "queue:read" },
    { path: "/queues", label: engineText.title, who: "queue:read" },
    { path: "/trace", label: traceText.title, who: "trace:read" },
  ],
  pages: [...queueListPages(ports), ...pausePages(ports), ...steerPages(ports), ...deliveryPages(ports), ...tracePages(ports), ...enginePages(ports)],
})
